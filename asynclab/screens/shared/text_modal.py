"""A text in a frame over another screen, to be read and closed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from asynclab.widgets.lines import Line
from asynclab.widgets.static_lines import StaticLines

Result = TypeVar("Result")

TEXT = "text"
"""The CSS class of the widget with the text."""


class ReadingScreen(ModalScreen[Result]):
    """A screen for reading one widget, the one of the class `TEXT`."""

    DEFAULT_CSS = """
    ReadingScreen {
        align: center middle;
        & > .text {
            width: 90%;
            height: auto;
            max-height: 90%;
            border: round $state-accent;
            border-title-color: $state-accent;
            border-subtitle-color: $state-past;
            background: $background;
            padding: 0 1;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll('scroll_down')", "down", show=False),
        Binding("k,up", "scroll('scroll_up')", "up", show=False),
        Binding("g,home", "scroll('scroll_home')", "first line", show=False),
        Binding("G,end", "scroll('scroll_end')", "last line", show=False),
        Binding("space,pagedown", "scroll('scroll_page_down')", "page down", show=False),
        Binding("b,pageup", "scroll('scroll_page_up')", "page up", show=False),
    ]

    def action_scroll(self, method: str) -> None:
        """Scroll the text."""
        getattr(self.query_one(f".{TEXT}"), method)(animate=False)


class TextList(ReadingScreen[None]):
    """A list of lines; scrolls if it is long."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "close", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)

    def compose(self) -> ComposeResult:
        """The lines."""
        view = StaticLines(classes=TEXT)
        view.set_title(self._title)
        view.set_subtitle((("esc closes", "past"),))
        yield view

    def on_mount(self) -> None:
        """Show them."""
        view = self.query_one(StaticLines)
        view.styles.height = min(len(self._lines) + 2, self.size.height * 9 // 10)
        view.show(self._lines)
