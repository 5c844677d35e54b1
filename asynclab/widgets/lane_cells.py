"""The glyphs and colours of lanes. A cell is one byte, so that a line is painted by slices of bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from asynclab.model.lanes.lane import MARK_KINDS, READY, RUNNING, WAITING, MarkKind
from asynclab.model.timeline.columns import BRIEF
from asynclab.widgets.event_marks import MARKS
from asynclab.widgets.lines import Line, Span, width_of

KINDS: Mapping[int, Span] = MappingProxyType(
    {0: (" ", ""), WAITING: ("─", "waiting"), READY: ("▒", "ready"), RUNNING: ("█", "running"), BRIEF: ("▎", "running")}
)
"""The glyph of each kind of column. They differ in height and grain, so that they are clear without colour."""

LATER_KINDS: Mapping[int, Span] = MappingProxyType(
    {0: (" ", "past"), WAITING: ("┄", "rest"), READY: ("░", "past"), RUNNING: ("▄", "past"), BRIEF: ("▖", "past")}
)
"""The same after the moment being viewed: thinner, so that the moment is clear without colour."""

EXPLAINED: tuple[tuple[MarkKind, str], ...] = (
    ("put", "put"),
    ("got", "got"),
    ("printed", "print"),
    ("changed", "lock, event"),
    ("expired", "expired"),
    ("cancel", "cancel()"),
    ("late", "missed"),
)
"""The marks in the legend, if there is room; a task's end has the glyph of its state."""

LEGEND_ROOM = 6
"""The cells that a frame needs around its subtitle."""

FIRST_MARK = 5
"""The cell of the first of `MARK_KINDS`; the rest follow it."""

LINE, DOWN, UP = 29, 30, 31
"""The cells of an arrow from a waker: its shaft, and its head in the lane of the task that was woken."""

ON_STEP, LATER, UNDER_CURSOR = 32, 64, 128
"""Flags of a cell: it is on a step, after the moment being viewed, or in that moment's column."""

LATER_OF = bytes(cell | LATER for cell in range(256))
"""A table for bytes.translate that flags cells as after the moment being viewed."""

_RUNS = re.compile(rb"((.)\2*)", re.DOTALL)
_ARROWS: Mapping[int, Span] = MappingProxyType({LINE: ("│", "accent"), DOWN: ("▼", "accent"), UP: ("▲", "accent")})


def mark_cell(kind: int) -> int:
    """The cell of a mark, by its index in `MARK_KINDS`."""
    return FIRST_MARK + kind


@lru_cache(maxsize=1024)
def spans(cells: bytes) -> Line:
    """Cells as spans; neighbours of one kind are one span."""
    return tuple([_drawn(run) for run, _ in _RUNS.findall(cells)])


def legend(width: int) -> Line:
    """The meaning of as many glyphs as fit."""
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
    """Several cells of one kind."""
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
