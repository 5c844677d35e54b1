"""A list of lines to be read, and closed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from asynclab.screens.reading import TEXT, ReadingScreen
from asynclab.widgets.lines import Line
from asynclab.widgets.lines_view import LinesView


class TextList(ReadingScreen[None]):
    """Lines in a frame; scrolls where there are many."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "close", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)

    def compose(self) -> ComposeResult:
        """The lines."""
        view = LinesView(classes=TEXT)
        view.set_title(self._title)
        view.set_subtitle((("esc closes", "past"),))
        yield view

    def on_mount(self) -> None:
        """Show them."""
        view = self.query_one(LinesView)
        view.styles.height = min(len(self._lines) + 2, self.size.height * 9 // 10)
        view.show(self._lines)
