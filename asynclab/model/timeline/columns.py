"""Divides a lane into columns: the work grows with the columns, not with the intervals in them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from asynclab.model.lanes.lane import MARK_KINDS, READY, RUNNING, WAITING, Lane
from asynclab.model.timeline.column_index import ColumnIndex
from asynclab.model.timeline.scale import Scale

FEW = 64
"""So many marks in a column are looked at one by one; and a lane with no more intervals is not indexed."""

DENSE = 0.25
"""With more intervals or marks to a column than this it is less work to go from column to column."""


class LaneColumns:
    """Cuts a lane into columns: from interval to interval where these are few, else column by column."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._intervals = ColumnIndex()
        self._marks = ColumnIndex()

    def look(self) -> None:
        """Index some of the lane's new intervals and marks; called at each frame while the lane is in sight."""
        lane = self.lane
        if len(lane.begins) > FEW:
            self._intervals.grow(lane.begins, lane.intervals_gone)
            self._marks.grow(lane.mark_times, lane.marks_gone)

    def paint_kinds(self, cells: bytearray, scale: Scale, first: int, now: float, start: int = 0) -> None:
        """Set the kind of each column: running if any step lies in it, else ready if it ever was, else waiting.

        Args:
            cells: As many zeros as there are columns, for none; right already before `start`.
            scale: How wide columns are.
            first: The column that the first cell is for.
            now: Where the interval that lasts still ends for now, in lab seconds.
            start: The cell to begin with.
        """
        lane = self.lane
        if not lane.begins:
            return
        end = min(len(cells), scale.column(now if lane.ended is None else lane.ended) - first + 1)
        count = end - start
        if count > 0 and _are_dense(lane.begins, scale, first + start, count):
            edges = self._intervals.before(lane.begins, lane.intervals_gone, scale, first + start, count + 1)
            cells[start:end] = _kinds_of_columns(lane.kinds, edges)
        else:
            _paint_intervals(cells, lane, scale, first, start, end)

    def marks(self, scale: Scale, first: int, last_column: int) -> Iterator[tuple[int, int]]:
        """The columns that have marks, without that for the end, and which matters most: index into `MARK_KINDS`.

        Args:
            scale: How wide columns are.
            first: The column to begin with.
            last_column: The column to end with.
        """
        lane, count = self.lane, last_column - first + 1
        if count <= 0 or not _are_dense(lane.mark_times, scale, first, count):
            return _marks_one_by_one(lane, scale, first, last_column)
        edges = self._marks.before(lane.mark_times, lane.marks_gone, scale, first, count + 1)
        return _marks_of_columns(lane, edges, first)


def _are_dense(times: Sequence[float], scale: Scale, first: int, count: int) -> bool:
    begin, end = scale.begin(first), scale.begin(first + count)
    return len(times) > DENSE * count and bisect_left(times, end) - bisect_left(times, begin) > DENSE * count


def _kinds_of_columns(kinds: bytearray, edges: Sequence[int]) -> bytes:
    """What lies between each two edges, which say how many intervals begin before a column."""
    under_way = [kinds[edge - 1] if edge else 0 for edge in edges]
    cells = bytearray(
        RUNNING if after - at > 1 else begun if begun > before else before
        for (at, after), (before, begun) in zip(pairwise(edges), pairwise(under_way), strict=True)
    )
    # Of any three intervals in a row one is a step; but none was under way before the first of all.
    column = bisect_right(edges, 0) - 1
    if 0 <= column < len(cells):
        cells[column] = loudest(kinds, 0, edges[column + 1])
    return bytes(cells)


def _paint_intervals(cells: bytearray, lane: Lane, scale: Scale, first: int, start: int, end: int) -> None:
    begins, kinds, count = lane.begins, lane.kinds, len(lane.begins)
    column = max(start, scale.column(begins[0]) - first)
    left = scale.begin(first + column)
    after = bisect_left(begins, left)
    while column < end:
        at = after - 1 if after and (after == count or begins[after] > left) else after
        right = scale.begin(first + column + 1)
        after = bisect_left(begins, right, at)
        if after - at > 1:
            cells[column] = loudest(kinds, at, after)
            column, left = column + 1, right
            continue
        stop = scale.column(begins[at + 1]) - first if at + 1 < count else end
        stop = max(column + 1, min(stop, end))
        cells[column:stop] = bytes((kinds[at],)) * (stop - column)
        column, left = stop, scale.begin(first + stop)
        after = bisect_left(begins, left, at)


def _marks_of_columns(lane: Lane, edges: Sequence[int], first: int) -> Iterator[tuple[int, int]]:
    kinds = bytes(lane.mark_kinds if lane.ended is None else lane.mark_kinds[:-1])
    for column, (at, after) in enumerate(pairwise(edges), first):
        if at < after and at < len(kinds):
            yield column, min(kinds[at:after]) if after - at <= FEW else _first_found(kinds, at, after)


def _marks_one_by_one(lane: Lane, scale: Scale, first: int, last_column: int) -> Iterator[tuple[int, int]]:
    times, kinds = lane.mark_times, lane.mark_kinds
    at = bisect_left(times, scale.begin(first))
    marks = len(times) - (lane.ended is not None)
    last = bisect_left(times, scale.begin(last_column + 1), at, max(at, marks))
    while at < last:
        column = scale.column(times[at])
        after = max(at + 1, bisect_left(times, scale.begin(column + 1), at, last))
        kind = min(kinds[at:after]) if after - at <= FEW else _first_found(kinds, at, after)
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
    """The kind that is drawn for some intervals in a row; one of any three is a step, so that little is looked at."""
    for kind in (RUNNING, READY):
        if kinds.find(kind, first, last) >= 0:
            return kind
    return WAITING


def _intervals_in(lane: Lane, scale: Scale, column: int) -> tuple[int, int]:
    """The index of the first interval that lies in a column, and that after the last one; at least one lies between."""
    begins = lane.begins
    left = scale.begin(column)
    at = bisect_left(begins, left)
    if at and (at == len(begins) or begins[at] > left):
        at -= 1
    return at, max(at + 1, bisect_left(begins, scale.begin(column + 1), at))


def _first_found(kinds: bytes | bytearray, first: int, last: int) -> int:
    """The least kind in a part of a row. Searching for each kind in turn is faster than `min` of a copy."""
    for kind in range(len(MARK_KINDS)):
        if kinds.find(kind, first, last) >= 0:
            return kind
    return kinds[first]
