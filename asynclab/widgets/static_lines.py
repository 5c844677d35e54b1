"""A view of lines that were composed before."""

from __future__ import annotations

from collections.abc import Sequence

from asynclab.widgets.line_view import LineView
from asynclab.widgets.spans import Line


class StaticLines(LineView):
    """Shows given lines. Long lines are cut."""

    entries: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines, and repaint only those that changed."""
        shown = tuple(lines)
        if shown != self.entries:
            self.entries = shown
            self.repaint()

    def compose_line(self, index: int, width: int) -> Line:
        return self.entries[index]
