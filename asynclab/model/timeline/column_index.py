"""Keeps how many of a lane's intervals or marks come before each column."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import repeat

from asynclab.model.timeline.scale import Scale

AT_ONCE = 100
"""So many moments are taken in with a call, or a sixteenth of those that lack: a long past is, frame by frame."""

COLUMNS_A_MOMENT, COLUMNS_AT_LEAST = 4, 256
"""How many columns an index has at the most: some for each of its moments, so that it never takes more than they do."""


class ColumnIndex:
    """An index of sorted moments by columns of one width, its grain; it grows with them, and its grain with it.

    At a coarser scale each column begins where one of the grain's does: what comes before it is found by taking every
    so-manieth entry.
    """

    def __init__(self) -> None:
        self._grain = Scale(0)
        self._first = 0
        """The column of the first entry."""
        self._before = array("q")
        """For each column how many moments come before it, of all that ever were."""
        self.known = 0
        """How many have been taken in of all that ever were."""
        self._gone = 0

    def __len__(self) -> int:
        """How many columns it has."""
        return len(self._before)

    def grow(self, times: Sequence[float], gone: int) -> None:
        """Take in what is new, as much as is done at once.

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
        """See to it that there are no more columns up to a moment than there may be."""
        if self._grain.column(end) - self._first >= most:
            self._forget()
        while self._grain.column(end) - self._first >= most:
            self._coarsen()

    def _forget(self) -> None:
        """Let the columns go before which there is nothing any more."""
        empty = max(0, bisect_right(self._before, self._gone) - 1)
        del self._before[:empty]
        self._first += empty

    def _coarsen(self) -> None:
        """Go over to the next grain of which the coarser scales are multiples: 2 is left out, as 5 is none of it."""
        times, levels = (5, 2) if self._grain.digit == 1 else (2, 1)
        kept = self._before[-self._first % times :: times]
        if self._first % times:
            kept = self._before[:1] + kept
        self._before = kept
        self._first //= times
        self._grain = self._grain.zoomed(-levels)
