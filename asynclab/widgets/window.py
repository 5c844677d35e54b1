"""The part of lab time that a timeline shows: the width of its columns, and the first one."""

from __future__ import annotations

from asynclab.model.timeline.scale import Scale, fitting

LIVE_FINEST = 9
"""The finest scale for a run under way, one millisecond a column; a finer one would change with every frame."""

MARGIN = 2
"""Blank columns to the right of the whole run: one for the mark of an end, one as a margin."""


class Window:
    """The columns in sight. It follows the run, showing all of it, until it is moved."""

    def __init__(self) -> None:
        self.scale = Scale(LIVE_FINEST)
        self.first = 0
        self.width = 1
        self.is_following = True

    @property
    def last(self) -> int:
        """The last column in sight."""
        return self.first + self.width - 1

    def fit(self, end: float, *, goes_on: bool) -> None:
        """Show the whole run up to a lab time, if it follows; until the run ends, with room to grow."""
        if self.is_following:
            self.scale = fitting(end, max(1, self.width - MARGIN), LIVE_FINEST if goes_on else 0)
            self.first = 0

    def zoom(self, by: int, around: float) -> None:
        """Zoom in, or out for numbers below 0; the given moment stays in place."""
        column = min(self.last, max(self.first, self.scale.column(around)))
        at = around if self.scale.column(around) == column else self.scale.round_time(column)
        place = column - self.first
        zoomed = self.scale.zoomed(by)
        if zoomed != self.scale:
            self.is_following = False
            self.scale = zoomed
            self.first = max(0, zoomed.column(at) - place)

    def scroll(self, by: int, end: float) -> None:
        """Move by some columns, but keep part of the run in sight."""
        to = max(0, min(self.scale.column(end), self.first + by))
        if to != self.first:
            self.is_following = False
            self.first = to

    def reveal(self, at: float) -> None:
        """Bring a moment into sight, with a quarter of the columns after it."""
        column, beyond = self.scale.column(at), self.width // 4
        if column < self.first:
            self.first = max(0, column - beyond)
        elif column > self.last:
            self.first = column - self.width + 1 + beyond
