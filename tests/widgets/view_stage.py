"""An app with one view, and functions that read what the view has drawn."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from textual import on
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.strip import Strip

from asynclab.widgets.colours import THEMES, state_variables
from asynclab.widgets.fetch.fetch_table import UrlSelected
from asynclab.widgets.line_view import LineView
from asynclab.widgets.messages import FindingOpened, MomentChosen, TaskOpened, TaskSelected
from asynclab.widgets.run_list import RunChosen, RunHighlighted
from asynclab.widgets.spans import Line
from asynclab.widgets.title_bar import TabChosen

View = TypeVar("View", bound=LineView)

FRAME = 2
"""The cells of a view's border, both sides together."""

SCROLLBAR = 1
"""The cells that are kept free for a scrollbar."""


class Stage(App[None]):
    """An app with one view that fills the screen; keeps the view's messages."""

    CSS = "Screen > LineView { height: 1fr; max-height: 100%; }"

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view
        self.said: list[Message] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "asynclab"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return state_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.view

    @on(TaskSelected)
    @on(TaskOpened)
    @on(MomentChosen)
    @on(FindingOpened)
    @on(RunHighlighted)
    @on(RunChosen)
    @on(TabChosen)
    @on(UrlSelected)
    def remember(self, message: Message) -> None:
        self.said.append(message)


@asynccontextmanager
async def on_stage(
    view: View, width: int = 80, height: int = 12, *, shows: tuple[Any, ...] = ()
) -> AsyncIterator[tuple[View, Pilot[None]]]:
    """Open an app with the view, in a terminal of this size; `shows` is passed to the view."""
    async with Stage(view).run_test(size=(width, height)) as pilot:
        await pilot.pause()
        if shows:
            cast("Any", view).show(*shows)
        yield view, pilot


def said(pilot: Pilot[None]) -> list[Message]:
    """The messages of the view so far."""
    assert isinstance(pilot.app, Stage)
    return pilot.app.said


def painted(view: LineView) -> list[str]:
    """The view's lines on the screen, without trailing spaces."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def subtitle(view: LineView) -> str:
    """The text in the bottom border of the view."""
    return screen_lines(view.app)[view.region.bottom - 1].strip("╰─╯ ")


def screen_strips(app: App[Any]) -> list[Strip]:
    """All lines on the screen with their colours, which Textual keeps private."""
    return app.screen._compositor.render_strips()


def screen_lines(app: App[Any]) -> list[str]:
    """All lines on the screen."""
    return [strip.text for strip in screen_strips(app)]


def part_at(line: Line, text: str) -> str:
    """The part of a line that contains a text."""
    return next(part for span, part in line if text in span)


class Refreshes:
    """Records which regions of a view are redrawn, and how often the screen's layout is redone."""

    def __init__(self, view: LineView) -> None:
        self.regions: list[tuple[Region, ...]] = []
        self.layouts = 0
        original = view.refresh

        def refresh(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> LineView:
            self.regions.append(regions)
            self.layouts += layout
            return original(*regions, repaint=repaint, layout=layout, recompose=recompose)

        view.refresh = refresh  # type: ignore[method-assign]

    @property
    def lines(self) -> Sequence[int]:
        """The screen lines of the redrawn regions, in order, without the border."""
        return sorted({region.y for regions in self.regions for region in regions if region.x >= 0})
