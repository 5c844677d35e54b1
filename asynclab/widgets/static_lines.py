"""Shows lines that are composed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from asynclab.widgets.line_view import LineView
from asynclab.widgets.lines import Line


class StaticLines(LineView):
    """Shows the lines it is given; long ones are cut."""

    _lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; repaints only those that changed."""
        shown = tuple(lines)
        if shown != self._lines:
            self._lines = shown
            self.repaint()

    def line_count(self) -> int:
        """The number of lines."""
        return len(self._lines)

    def compose_line(self, index: int, width: int) -> Line:
        """One of the lines."""
        return self._lines[index]
