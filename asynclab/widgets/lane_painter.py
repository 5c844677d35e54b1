"""Paints lanes, one row of cells per task: intervals and marks, arrows from wakers, and the moment being viewed.

A cell is one byte, so a row is painted by slices of bytes, and only then turned into text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from asynclab.model.lanes import Lane, Timeline
from asynclab.model.lanes.lane import MARK_KINDS, READY, RUNNING, WAITING, MarkKind
from asynclab.model.task_tree import TaskRows
from asynclab.model.timeline.columns import BRIEF, index_of_wake, marks, paint_kinds
from asynclab.widgets.event_marks import MARKS
from asynclab.widgets.spans import Line, Span, width_of
from asynclab.widgets.time_window import Window

KINDS: Mapping[int, Span] = MappingProxyType(
    {0: (" ", ""), WAITING: ("─", "waiting"), READY: ("▒", "ready"), RUNNING: ("█", "running"), BRIEF: ("▎", "running")}
)
"""The glyph of each kind of interval. They differ in height and texture, so that they are clear without colour."""

LATER_KINDS: Mapping[int, Span] = MappingProxyType(
    {0: (" ", "past"), WAITING: ("┄", "rest"), READY: ("░", "past"), RUNNING: ("▄", "past"), BRIEF: ("▖", "past")}
)
"""The glyphs after the moment being viewed. They are thinner, so that the moment is clear without colour."""

EXPLAINED: tuple[tuple[MarkKind, str], ...] = (
    ("put", "put"),
    ("got", "got"),
    ("printed", "print"),
    ("changed", "lock, event"),
    ("expired", "expired"),
    ("cancel", "cancel()"),
    ("late", "missed"),
)
"""The marks that the legend explains, if there is room."""

LEGEND_ROOM = 6
"""The cells that a frame needs around its subtitle."""

FIRST_MARK = 5
"""The byte for the first of `MARK_KINDS`; the others follow it."""

LINE, DOWN, UP = 29, 30, 31
"""The bytes for an arrow from a waker: its shaft, and its head in the lane of the task that was woken."""

ON_STEP, LATER, UNDER_CURSOR = 32, 64, 128
"""Flags of a cell: on a step, after the moment being viewed, in the column of that moment."""

LATER_OF = bytes(cell | LATER for cell in range(256))
"""A table for bytes.translate that flags cells as after the moment being viewed."""

_RUNS = re.compile(rb"((.)\2*)", re.DOTALL)
_ARROWS: Mapping[int, Span] = MappingProxyType({LINE: ("│", "accent"), DOWN: ("▼", "accent"), UP: ("▲", "accent")})


def mark_cell(kind: int) -> int:
    """The byte for a mark, by its index in `MARK_KINDS`."""
    return FIRST_MARK + kind


@lru_cache(maxsize=1024)
def spans(cells: bytes) -> Line:
    """A row of cells as spans. Equal adjacent cells are one span."""
    return tuple([_drawn(run) for run, _ in _RUNS.findall(cells)])


def legend(width: int) -> Line:
    """The meaning of the glyphs, as many as fit."""
    kept: list[Span] = []
    for state in (RUNNING, READY, WAITING):
        glyph, word = KINDS[state]
        kept += [(glyph, word), (f" {word}  ", "past")]
    room = width - width_of(kept) - LEGEND_ROOM
    for kind, word in EXPLAINED:
        glyph, part = MARKS[kind]
        room -= len(word) + 4
        if room < 0:
            break
        kept += [(glyph, part), (f" {word}  ", "past")]
    return (*kept[:-1], (kept[-1][0].rstrip(), kept[-1][1]))


@lru_cache(maxsize=4096)
def _drawn(run: bytes) -> Span:
    """A span for equal adjacent cells."""
    glyph, part = _span(run[0])
    return glyph * len(run), part


def _span(cell: int) -> Span:
    glyph, part = _glyph(cell & 31)
    if cell & LATER:
        glyph, part = LATER_KINDS.get(cell & 31, (glyph, "past"))
    elif cell & ON_STEP:
        part = "step"
    if cell & UNDER_CURSOR:
        part = f"cell {part}" if part else "cell"
    return glyph, part


def _glyph(cell: int) -> Span:
    if cell in _ARROWS:
        return _ARROWS[cell]
    return KINDS[cell] if cell < FIRST_MARK else MARKS[MARK_KINDS[cell - FIRST_MARK]]


LANES_REMEMBERED = 1_000
"""How many painted lanes are cached, which is more than can be in sight."""


class _Painted(NamedTuple):
    """A painted lane in the cache."""

    place: tuple[int, int, int]
    """The scale, the first column and the width."""
    gone: tuple[int, int]
    """How many of the lane's intervals and marks had been dropped."""
    revision: int
    until: int
    """The cell up to which the present interval was painted."""
    settled: int
    """Later events don't change the cells before this one."""
    cells: bytes


class LanePainter:
    """Paints the lanes in a window, and caches them."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._timeline = Timeline()
        self._now = 0.0
        self._moment: float | None = None
        self._arrows: list[tuple[int, int]] = []
        """The arrows from tasks that woke the selected task: the column in the window, and the row of the waker."""
        self._woken = 0
        """The row of the selected task, to which the arrows point."""
        self._painted: dict[int, _Painted] = {}

    def start_over(self) -> None:
        """Clear the cache."""
        self._painted.clear()
        self._arrows = []

    def prepare(self, timeline: Timeline, now: float, moment: float | None) -> None:
        """Prepare to paint a run up to lab time `now`. `moment` is the lab time being viewed; None for the present."""
        self._timeline, self._now, self._moment = timeline, now, moment

    def draw_arrows(self, task: int | None, rows: TaskRows) -> None:
        """Choose the arrows to draw from the wakers of a task: those in the window, up to the moment being viewed."""
        window = self._window
        woken = rows.position(task)
        lane = self._timeline.lanes.get(task or 0)
        self._arrows = []
        if lane is None or woken is None:
            return
        self._woken = woken
        until = self._now if self._moment is None else self._moment
        last = min(window.width, window.scale.column(until) - window.first + 1)
        for column in range(last):
            index = index_of_wake(lane, window.scale, window.first + column)
            waker = None if index is None else rows.position(lane.woken_by(index))
            if waker is not None:
                self._arrows.append((column, waker))

    def paint(self, task: int, row: int, width: int) -> bytes:
        """The cells of a task's lane, which has the number `row` in the list of tasks."""
        lane = self._timeline.lanes.get(task)
        cells = bytearray(bytes(width) if lane is None else self._remembered(lane, width))
        if self._arrows:
            self._overlay(cells, row)
        if self._moment is not None:
            column = self._window.scale.column(self._moment) - self._window.first
            later = max(0, column + 1)
            cells[later:] = cells[later:].translate(LATER_OF)
            if 0 <= column < width:
                cells[column] |= UNDER_CURSOR
        return bytes(cells)

    def _overlay(self, cells: bytearray, row: int) -> None:
        """Draw arrows in a lane: heads in the lane of the woken task, shafts in the lanes between it and the waker."""
        arrows = [arrow for arrow in self._arrows if arrow[0] < len(cells)]
        if row == self._woken:
            for column, waker in arrows:
                on_step = cells[column] == RUNNING or cells[column] & ON_STEP
                cells[column] = (DOWN if waker < row else UP) | (ON_STEP if on_step else 0)
            return
        is_above = row < self._woken
        for column in [column for column, waker in arrows if (waker < row if is_above else waker > row)]:
            if cells[column] in (0, WAITING):
                cells[column] = LINE

    def _remembered(self, lane: Lane, width: int) -> bytes:
        """A lane's cells. If the lane is cached and has only grown since, only the new cells are painted."""
        window = self._window
        place, gone = (window.scale.step, window.first, width), (lane.intervals_gone, lane.marks_gone)
        until = max(-1, min(width, window.scale.column(self._now) - window.first)) if lane.ended is None else width
        known = self._painted.get(lane.task)
        if known is not None and known.place != place:
            known = None
        # A running step may become longer than a brief one, and then its first cell changes too.
        if known is not None and lane.kind != RUNNING and (known.revision, known.until) == (lane.revision, until):
            return known.cells
        cells, start = bytearray(width), 0
        if known is not None:
            changed = 0 if known.gone == gone else self._first_unchanged(lane, width)
            if changed < known.settled:
                beginning, start = bytearray(changed), known.settled
                self._paint_columns(0, beginning, lane)
                cells[:start] = beginning + known.cells[changed:start]
        self._paint_columns(start, cells, lane)
        self._paint_end(cells, lane)
        settled = window.scale.column(lane.begins[-1]) - window.first if lane.begins else 0
        painted = _Painted(place, gone, lane.revision, until, max(0, min(width, settled)), bytes(cells))
        if len(self._painted) >= LANES_REMEMBERED:
            self._painted.clear()
        self._painted[lane.task] = painted
        return painted.cells

    def _first_unchanged(self, lane: Lane, width: int) -> int:
        """The first cell that dropped intervals and marks don't change."""
        if not lane.begins or not lane.mark_times:
            return width
        oldest = max(lane.begins[0], lane.mark_times[0])
        return max(0, min(width, self._window.scale.column(oldest) - self._window.first + 1))

    def _paint_columns(self, start: int, cells: bytearray, lane: Lane) -> None:
        scale, first = self._window.scale, self._window.first
        paint_kinds(cells, lane, scale, first, self._now, start)
        for column, kind in marks(lane, scale, first + start, first + len(cells) - 1):
            cell = column - first
            cells[cell] = FIRST_MARK + kind + (ON_STEP if cells[cell] == RUNNING else 0)

    def _paint_end(self, cells: bytearray, lane: Lane) -> None:
        """Paint the mark of the task's end in the cell after its last step, so that both are visible."""
        if lane.ended is None or lane.outcome is None:
            return
        cell = self._window.scale.column(lane.ended) - self._window.first + 1
        if 0 <= cell <= len(cells) and cells:
            cells[min(cell, len(cells) - 1)] = mark_cell(MARK_KINDS.index(lane.outcome))
