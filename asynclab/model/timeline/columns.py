"""Divides lab time, and the lanes in it, into columns: the work grows with the columns, not with the intervals."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor

from asynclab.model.lanes.lane import DRAWN, READY, RUNNING, WAITING, Lane

_DIGITS = (1, 2, 5)
_FINEST = -6
"""The power of ten of the narrowest columns: a microsecond."""

_SLACK = 5e-10
"""How many seconds before its column a moment may lie, so that 0.3 s is in column 3 of columns of 0.1 s.

The same at each scale, so that wide columns begin exactly where narrow ones do.
"""

STEPS = 28
"""How many scales there are: up to 1,000 s a column."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Columns of one width; column n begins n widths after lab time 0, however far one has scrolled."""

    step: int
    """Which of the scales it is, from 0, the finest, up to `STEPS` - 1."""
    seconds: float = field(init=False, compare=False)
    """The lab seconds of a column."""

    def __post_init__(self) -> None:
        """Work out the width once: it is asked for thousands of times a frame."""
        seconds = self.digit * 10.0**self.power if self.power >= 0 else self.digit / 10.0**-self.power
        object.__setattr__(self, "seconds", seconds)

    @property
    def digit(self) -> int:
        """1, 2 or 5."""
        return _DIGITS[self.step % 3]

    @property
    def power(self) -> int:
        """The power of ten by which the digit is multiplied."""
        return self.step // 3 + _FINEST

    def column(self, at: float) -> int:
        """In which column a moment lies."""
        return floor((at + _SLACK) / self.seconds)

    def begin(self, column: int) -> float:
        """The moment at which a column begins."""
        return column * self.seconds - _SLACK

    def round_time(self, column: int) -> float:
        """The round lab time at which a column begins, for display."""
        return column * self.seconds

    def zoomed(self, by: int) -> Scale:
        """A scale some steps finer, or coarser for numbers below 0; the last one if there are no more."""
        return Scale(max(0, min(STEPS - 1, self.step - by)))


def fitting(seconds: float, columns: int, finest: int = 0) -> Scale:
    """The finest scale, not finer than step `finest`, at which `columns` hold `seconds` from lab time 0 on."""
    for step in range(finest, STEPS - 1):
        scale = Scale(step)
        if scale.column(seconds) < columns:
            return scale
    return Scale(STEPS - 1)


FEW = 64
"""The most marks, or intervals, in a column that are looked at one by one."""

BRIEF = 4
"""The kind of a column in which the task ran, but for less than half of it."""


def paint_kinds(cells: bytearray, lane: Lane, scale: Scale, first: int, now: float, start: int = 0) -> None:
    """Set the kind of each column: running or brief if any step lies in it, else ready if it ever was, else waiting.

    `cells` has one for each column from `first` on; those before `start` are painted already. What still lasts
    ends at `now`, in lab seconds.
    """
    begins, kinds, count = lane.begins, lane.kinds, len(lane.begins)
    if not count:
        return
    end = min(len(cells), scale.column(now if lane.ended is None else lane.ended) - first + 1)
    column = max(start, scale.column(begins[0]) - first)
    left = scale.begin(first + column)
    after = bisect_left(begins, left)
    while column < end:
        at = after - 1 if after and (after == count or begins[after] > left) else after
        right = scale.begin(first + column + 1)
        after = bisect_left(begins, right, at)
        if after - at > 1:
            kind = loudest(kinds, at, after)
            cells[column] = BRIEF if kind == RUNNING and _is_brief(lane, at, after, left, right, now) else kind
            column, left = column + 1, right
            continue
        stop = scale.column(begins[at + 1]) - first if at + 1 < count else end
        stop = max(column + 1, min(stop, end))
        cells[column:stop] = bytes((kinds[at],)) * (stop - column)
        column, left = stop, scale.begin(first + stop)
        after = bisect_left(begins, left, at)


def marks(lane: Lane, scale: Scale, first: int, last_column: int) -> Iterator[tuple[int, int]]:
    """The columns with marks, except the end's, each with its most important mark: an index into `MARK_KINDS`."""
    times, kinds = lane.mark_times, lane.mark_kinds
    at = bisect_left(times, scale.begin(first))
    count = len(times) if lane.ended_moment is None else bisect_left(lane.mark_moments, lane.ended_moment)
    last = bisect_left(times, scale.begin(last_column + 1), at, max(at, count))
    while at < last:
        column = scale.column(times[at])
        after = max(at + 1, bisect_left(times, scale.begin(column + 1), at, last))
        kind = min(kinds[at:after]) if after - at <= FEW else _first_found(kinds, at, after)
        if kind < DRAWN:
            yield max(first, min(last_column, column)), kind
        at = after


def landing(lane: Lane, scale: Scale, column: int) -> float:
    """The moment at which the interval or mark drawn in a column begins, but not before the column does."""
    begin = scale.round_time(column)
    if not lane.begins:
        return begin
    at, after = _intervals_in(lane, scale, column)
    drawn = lane.kinds.find(loudest(lane.kinds, at, after), at, after)
    return max(begin, lane.begins[drawn]) if scale.column(lane.begins[drawn]) <= column else begin


def index_of_wake(lane: Lane, scale: Scale, column: int) -> int | None:
    """The index of the first interval in a column in which the task became ready."""
    first = bisect_left(lane.begins, scale.begin(column))
    last = bisect_left(lane.begins, scale.begin(column + 1), first)
    index = lane.kinds.find(READY, first, last)
    return index if index >= 0 else None


def loudest(kinds: bytearray, first: int, last: int) -> int:
    """The kind that is drawn for some intervals in a row; one of any three is a step, so the search is short."""
    for kind in (RUNNING, READY):
        if kinds.find(kind, first, last) >= 0:
            return kind
    return WAITING


def _is_brief(lane: Lane, at: int, after: int, left: float, right: float, now: float) -> bool:
    """Whether the steps among a column's intervals take less than half of it; very many are not looked at."""
    begins, kinds, count = lane.begins, lane.kinds, len(lane.begins)
    rest = (right - left) / 2 if after - at <= FEW else 0.0
    step = kinds.find(RUNNING, at, after)
    while rest > 0 and step >= 0:
        end = begins[step + 1] if step + 1 < count else now if lane.ended is None else lane.ended
        rest -= min(end, right) - max(begins[step], left)
        step = kinds.find(RUNNING, step + 1, after)
    return rest > 0


def _intervals_in(lane: Lane, scale: Scale, column: int) -> tuple[int, int]:
    """The index of the first interval that lies in a column, and that after the last one; at least one lies between."""
    begins = lane.begins
    left = scale.begin(column)
    at = bisect_left(begins, left)
    if at and (at == len(begins) or begins[at] > left):
        at -= 1
    return at, max(at + 1, bisect_left(begins, scale.begin(column + 1), at))


def _first_found(kinds: bytes | bytearray, first: int, last: int) -> int:
    """The least kind that is drawn in a part of a row, or `DRAWN`. To search for each in turn is faster than `min`."""
    return next(kind for kind in range(DRAWN + 1) if kind == DRAWN or kinds.find(kind, first, last) >= 0)
