"""A list of lines to be read, and closed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from asynclab.widgets.lines import Line
from asynclab.widgets.lines_view import LinesView


class TextList(ModalScreen[None]):
    """Lines in a frame; scrolls where there are many."""

    DEFAULT_CSS = """
    TextList {
        align: center middle;
        & > LinesView {
            width: 90%;
            height: auto;
            max-height: 90%;
            border: round $state-accent;
            background: $background;
            padding: 0 1;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "close", show=False),
        Binding("j,down", "scroll('scroll_down')", "down", show=False),
        Binding("k,up", "scroll('scroll_up')", "up", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)

    def compose(self) -> ComposeResult:
        """The lines."""
        view = LinesView()
        view.set_title(self._title)
        view.set_subtitle((("esc closes", "past"),))
        yield view

    def on_mount(self) -> None:
        """Show them."""
        view = self.query_one(LinesView)
        view.styles.height = min(len(self._lines) + 2, self.size.height * 9 // 10)
        view.show(self._lines)

    def action_scroll(self, method: str) -> None:
        """Scroll."""
        getattr(self.query_one(LinesView), method)(animate=False)
