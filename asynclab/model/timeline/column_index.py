"""Keeps how many of a lane's intervals or marks come before each column."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import repeat

from asynclab.model.timeline.scale import Scale

AT_ONCE = 100
"""Moments added in one call, or a sixteenth of the missing ones if that is more: a long past takes several."""

COLUMNS_A_MOMENT, COLUMNS_AT_LEAST = 4, 256
"""The most columns of an index: a few for each moment, so that it never takes more memory than the moments."""


class ColumnIndex:
    """An index of sorted moments by columns of one width, its grain; it grows with them, and its grain with it.

    At a coarser scale every column begins where one of the grain's columns does, so its entry is every n-th entry here.
    """

    def __init__(self) -> None:
        self._grain = Scale(0)
        self._first = 0
        """The column of the first entry."""
        self._before = array("q")
        """For each column, how many moments there ever were before it."""
        self.known = 0
        """How many moments were ever added."""
        self._gone = 0

    def __len__(self) -> int:
        """How many columns it has."""
        return len(self._before)

    def grow(self, times: Sequence[float], gone: int) -> None:
        """Add new moments, as many as one call may.

        Args:
            times: The moments, in order; since the last call some may have come, and the oldest may have gone.
            gone: How many have gone since the first call.
        """
        start, end = max(self.known, gone), gone + len(times)
        self._gone = gone
        if start == end:
            return
        end = min(end, start + max(AT_ONCE, (end - start) // 16))
        if not self._before:
            self._first = self._grain.column(times[start - gone])
        self._make_room(times[end - gone - 1], COLUMNS_AT_LEAST + COLUMNS_A_MOMENT * (end - gone))
        column, last = self._grain.column, self._first + len(self._before) - 1
        for index in range(start, end):
            missing = column(times[index - gone]) - last
            if missing > 0:
                self._before.extend(repeat(index, missing))
                last += missing
        self.known = end

    def before(self, times: Sequence[float], gone: int, scale: Scale, first: int, count: int) -> list[int]:
        """How many moments come before each of some columns.

        Args:
            times: The moments.
            gone: How many have gone.
            scale: How wide the columns are.
            first: The first of them.
            count: How many columns.
        """
        if scale.step < self._grain.step or self.known < gone + len(times):
            return [bisect_left(times, scale.begin(column)) for column in range(first, first + count)]
        ratio = round(scale.seconds / self._grain.seconds)
        at = first * ratio - self._first
        earlier = min(count, max(0, -(at // ratio)))
        inside = self._before[max(0, at + earlier * ratio) : max(0, at + count * ratio) : ratio]
        emptied = bisect_right(inside, gone)
        found = [0] * (earlier + emptied) + [entry - gone for entry in inside[emptied:]]
        return found + [len(times)] * (count - len(found))

    def _make_room(self, end: float, most: int) -> None:
        """Keep the number of columns up to a moment below a limit."""
        if self._grain.column(end) - self._first >= most:
            self._forget()
        while self._grain.column(end) - self._first >= most:
            self._coarsen()

    def _forget(self) -> None:
        """Drop the columns before the first moment that is kept."""
        empty = max(0, bisect_right(self._before, self._gone) - 1)
        del self._before[:empty]
        self._first += empty

    def _coarsen(self) -> None:
        """Switch to a coarser grain that all coarser scales are multiples of: skip 2, since 5 is no multiple of it."""
        times, levels = (5, 2) if self._grain.digit == 1 else (2, 1)
        kept = self._before[-self._first % times :: times]
        if self._first % times:
            kept = self._before[:1] + kept
        self._before = kept
        self._first //= times
        self._grain = self._grain.zoomed(-levels)
