"""A few lines that are composed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from asynclab.widgets.line_view import LineView
from asynclab.widgets.lines import Line


class StaticLines(LineView):
    """Shows the lines it is given; each is cut where it is too long."""

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these; repaints only those that look different."""
        shown = tuple(lines)
        if shown != self._lines:
            self._lines = shown
            self.repaint()

    def line_count(self) -> int:
        """How many there are."""
        return len(self._lines)

    def compose_line(self, index: int, width: int) -> Line:
        """One of them."""
        return self._lines[index]
