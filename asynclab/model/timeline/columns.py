"""Divides lab time and lanes into columns of a timeline.

The cost depends on the number of columns, not on the number of intervals in them.
"""

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
"""Rounding: a time counts to a column if it is at most this many seconds before it. So 0.3 s is in column 3 at 0.1 s.

It is the same at each scale, so that wide columns begin exactly where narrow columns do.
"""

STEPS = 28
"""The number of scales; the coarsest has 1,000 s per column."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of the timeline: the width of a column. Column n begins n widths after lab time 0."""

    step: int
    """The number of the scale, from 0, the finest, to `STEPS` - 1."""
    seconds: float = field(init=False, compare=False)
    """The width of a column in lab seconds."""

    def __post_init__(self) -> None:
        """Compute the width once, because it is read thousands of times per frame."""
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
        """The column of a lab time."""
        return floor((at + _SLACK) / self.seconds)

    def begin(self, column: int) -> float:
        """The lab time at which a column begins."""
        return column * self.seconds - _SLACK

    def round_time(self, column: int) -> float:
        """The round lab time at which a column begins, for display."""
        return column * self.seconds

    def zoomed(self, by: int) -> Scale:
        """The scale `by` steps finer, or coarser if `by` is negative, but not beyond the last scale."""
        return Scale(max(0, min(STEPS - 1, self.step - by)))


def fitting(seconds: float, columns: int, finest: int = 0) -> Scale:
    """The finest scale from step `finest` on at which `seconds` of lab time fit into `columns`."""
    for step in range(finest, STEPS - 1):
        scale = Scale(step)
        if scale.column(seconds) < columns:
            return scale
    return Scale(STEPS - 1)


FEW = 64
"""The most marks or intervals in a column that are examined one by one."""

BRIEF = 4
"""The kind of a column in which the task ran for less than half of the time."""


def paint_kinds(cells: bytearray, lane: Lane, scale: Scale, first: int, now: float, start: int = 0) -> None:
    """Set the kind of each column: running or brief if a step is in it, or ready if the task ever was, or waiting.

    `cells` has one byte for each column from `first` on. The bytes before index `start` are set already. The present
    interval is drawn up to `now`, in lab seconds.
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
    """The columns with marks other than the end's, each with its most important mark: an index into `MARK_KINDS`."""
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
    """The lab time at which the interval drawn in a column begins, but not before the column."""
    begin = scale.round_time(column)
    if not lane.begins:
        return begin
    at, after = _intervals_in(lane, scale, column)
    drawn = lane.kinds.find(loudest(lane.kinds, at, after), at, after)
    return max(begin, lane.begins[drawn]) if scale.column(lane.begins[drawn]) <= column else begin


def index_of_wake(lane: Lane, scale: Scale, column: int) -> int | None:
    """The index of the first interval of kind `READY` that begins in a column; None if there is none."""
    first = bisect_left(lane.begins, scale.begin(column))
    last = bisect_left(lane.begins, scale.begin(column + 1), first)
    index = lane.kinds.find(READY, first, last)
    return index if index >= 0 else None


def loudest(kinds: bytearray, first: int, last: int) -> int:
    """The kind to draw for consecutive intervals. The search is short, because one of any three intervals is a step."""
    for kind in (RUNNING, READY):
        if kinds.find(kind, first, last) >= 0:
            return kind
    return WAITING


def _is_brief(lane: Lane, at: int, after: int, left: float, right: float, now: float) -> bool:
    """Whether the steps in a column take less than half of it. If it has very many intervals, they are not examined."""
    begins, kinds, count = lane.begins, lane.kinds, len(lane.begins)
    rest = (right - left) / 2 if after - at <= FEW else 0.0
    step = kinds.find(RUNNING, at, after)
    while rest > 0 and step >= 0:
        end = begins[step + 1] if step + 1 < count else now if lane.ended is None else lane.ended
        rest -= min(end, right) - max(begins[step], left)
        step = kinds.find(RUNNING, step + 1, after)
    return rest > 0


def _intervals_in(lane: Lane, scale: Scale, column: int) -> tuple[int, int]:
    """The indexes of the first interval in a column, and of the first one after it. The range is never empty."""
    begins = lane.begins
    left = scale.begin(column)
    at = bisect_left(begins, left)
    if at and (at == len(begins) or begins[at] > left):
        at -= 1
    return at, max(at + 1, bisect_left(begins, scale.begin(column + 1), at))


def _first_found(kinds: bytes | bytearray, first: int, last: int) -> int:
    """The least drawn kind in a part of `kinds`, or `DRAWN`. Searching for each kind in turn is faster than `min`."""
    return next(kind for kind in range(DRAWN + 1) if kind == DRAWN or kinds.find(kind, first, last) >= 0)
