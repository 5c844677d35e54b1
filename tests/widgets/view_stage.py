"""A bare app around one view, and ways to read what it painted."""

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
"""The cells that a view's frame takes, both sides together."""

SCROLLBAR = 1
"""The cells that are kept free for a scrollbar."""


class Stage(App[None]):
    """One view that fills the screen, and what it said."""

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
    """The view in an app of a terminal's size, and a hand on its keys; `shows` is what it is told to show."""
    async with Stage(view).run_test(size=(width, height)) as pilot:
        await pilot.pause()
        if shows:
            cast("Any", view).show(*shows)
        yield view, pilot


def said(pilot: Pilot[None]) -> list[Message]:
    """What the view has told its screen so far."""
    assert isinstance(pilot.app, Stage)
    return pilot.app.said


def painted(view: LineView) -> list[str]:
    """The lines that are on the screen, without the spaces at their ends."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def subtitle(view: LineView) -> str:
    """What stands in the frame at the bottom, as it is on the screen."""
    return screen_lines(view.app)[view.region.bottom - 1].strip("╰─╯ ")


def screen_strips(app: App[Any]) -> list[Strip]:
    """All lines that are on the screen, with their colours; Textual shows them to nobody."""
    return app.screen._compositor.render_strips()


def screen_lines(app: App[Any]) -> list[str]:
    """All lines that are on the screen."""
    return [strip.text for strip in screen_strips(app)]


def part_at(line: Line, text: str) -> str:
    """The part of a line that a text belongs to."""
    return next(part for span, part in line if text in span)


class Refreshes:
    """Which parts of a view were asked to be painted again, and how often the screen to be laid out again."""

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
        """The screen lines of the regions, in order, without what is in the frame."""
        return sorted({region.y for regions in self.regions for region in regions if region.x >= 0})
