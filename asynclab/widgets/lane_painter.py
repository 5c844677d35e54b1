"""Paints lanes into cells: their intervals and marks, who woke the selected task, and what is past or to come."""

from __future__ import annotations

from typing import NamedTuple

from asynclab.model.rows import TaskRows
from asynclab.model.timeline import RUNNING, WAITING, Lane, Timeline
from asynclab.model.timeline.columns import index_of_wake, marks_in_columns, paint_kinds
from asynclab.model.timeline.lane import MARK_KINDS
from asynclab.model.timeline.timeline import wake_of
from asynclab.widgets.lane_cells import DOWN, LATER_OF, LINE, ON_STEP, UNDER_CURSOR, UP, mark_cell
from asynclab.widgets.window import Window

LANES_REMEMBERED = 1_000
"""How many lanes are remembered as they were painted; many more than are ever in sight."""


class _Arrow(NamedTuple):
    """Somebody woke the selected task."""

    column: int
    """Counted from the first in sight."""
    waker: int
    """The row of the one."""
    woken: int
    """The row of the other."""


class _Painted(NamedTuple):
    """A lane as it was painted."""

    place: tuple[int, int, int, int]
    """The scale, the first column and the width, and how often something of the lane was dropped."""
    revision: int
    until: int
    """The cell up to which the interval that lasts still was drawn."""
    settled: int
    """What comes later changes no cell before this one."""
    cells: bytes


class LanePainter:
    """Paints the lanes of a window, and remembers those that did not change."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._timeline: Timeline | None = None
        self._now = 0.0
        self._moment: float | None = None
        self._arrows: list[_Arrow] = []
        self._painted: dict[int, _Painted] = {}

    def start_over(self) -> None:
        """Forget what was painted."""
        self._painted.clear()
        self._arrows = []

    def prepare(self, timeline: Timeline, now: float, moment: float | None) -> None:
        """Say what is to be painted next.

        Args:
            timeline: The run.
            now: Lab seconds; where what lasts still ends for now.
            moment: The lab time that is looked at; None for now.
        """
        self._timeline, self._now, self._moment = timeline, now, moment

    def draw_arrows(self, task: int | None, rows: TaskRows) -> None:
        """Draw from now on who woke a task, as far as that is in sight and not after the moment that is looked at."""
        window = self._window
        woken = rows.position(task)
        lane = None if task is None or self._timeline is None else self._timeline.lanes.get(task)
        self._arrows = []
        if lane is None or woken is None:
            return
        until = self._now if self._moment is None else self._moment
        last = min(window.width, window.scale.column(until) - window.first + 1)
        for column in range(last):
            index = index_of_wake(lane, window.scale, window.first + column)
            wake = None if index is None else wake_of(lane, index)
            waker = None if wake is None else rows.position(wake.waker)
            if waker is not None:
                self._arrows.append(_Arrow(column, waker, woken))

    def paint(self, task: int, row: int, width: int) -> bytes:
        """The cells of one lane.

        Args:
            task: Whose.
            row: At which row it stands.
            width: How many cells.
        """
        lane = None if self._timeline is None else self._timeline.lanes.get(task)
        cells = bytearray(bytes(width) if lane is None else self._remembered(lane, width))
        for arrow in self._arrows:
            self._overlay(cells, arrow, row)
        if self._moment is not None:
            column = self._window.scale.column(self._moment) - self._window.first
            later = max(0, column + 1)
            cells[later:] = cells[later:].translate(LATER_OF)
            if 0 <= column < width:
                cells[column] |= UNDER_CURSOR
        return bytes(cells)

    def _overlay(self, cells: bytearray, arrow: _Arrow, row: int) -> None:
        column = arrow.column
        if column >= len(cells):
            return
        if row == arrow.woken:
            head = DOWN if arrow.waker < row else UP
            cells[column] = head | (ON_STEP if cells[column] == RUNNING or cells[column] & ON_STEP else 0)
        elif cells[column] in (0, WAITING) and min(arrow.waker, arrow.woken) < row < max(arrow.waker, arrow.woken):
            cells[column] = LINE

    def _remembered(self, lane: Lane, width: int) -> bytes:
        """A lane's cells; where it only went on since it was painted, only what is new is painted."""
        window = self._window
        place = (window.scale.step, window.first, width, lane.drops)
        until = max(-1, min(width, window.scale.column(self._now) - window.first)) if lane.ended is None else width
        known = self._painted.get(lane.task)
        if known is not None and known.place == place and (known.revision, known.until) == (lane.revision, until):
            return known.cells
        if len(self._painted) > LANES_REMEMBERED:
            self._painted.clear()
        cells, start = bytearray(width), 0
        if known is not None and known.place == place:
            start = known.settled
            cells[:start] = known.cells[:start]
        self._paint_from(start, cells, lane)
        settled = window.scale.column(lane.begins[-1]) - window.first if lane.begins else 0
        painted = _Painted(place, lane.revision, until, max(0, min(width, settled)), bytes(cells))
        self._painted[lane.task] = painted
        return painted.cells

    def _paint_from(self, start: int, cells: bytearray, lane: Lane) -> None:
        scale, first, width = self._window.scale, self._window.first, len(cells)
        paint_kinds(cells, lane, scale, first, self._now, start)
        for column, kind in marks_in_columns(lane, scale, first + start, first + width - 1):
            cell = column - first
            cells[cell] = mark_cell(kind) | (ON_STEP if cells[cell] == RUNNING else 0)
        if lane.ended is not None and lane.outcome is not None:
            # Behind the last step, so that both can be seen.
            cell = scale.column(lane.ended) - first + 1
            if 0 <= cell <= width and width:
                cells[min(cell, width - 1)] = mark_cell(MARK_KINDS.index(lane.outcome))
