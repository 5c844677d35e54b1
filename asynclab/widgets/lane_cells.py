"""With which glyphs and colours a lane is drawn: a cell is one byte, so that a line is painted by slices of bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from asynclab.model.lanes.lane import MARK_KINDS, READY, RUNNING, WAITING, MarkKind
from asynclab.widgets.lines import Line, Span, width_of

MARKS: Mapping[MarkKind, Span] = MappingProxyType(
    {
        "failed": ("✗", "failed"),
        "cancelled": ("⊘", "cancelled"),
        "done": ("✓", "done"),
        "warned": ("!", "failed"),
        "blocked": ("!", "failed"),
        "expired": ("⧖", "cancelled"),
        "late": ("⧗", "failed"),
        "cancel": ("⊗", "cancelled"),
        "put": ("→", ""),
        "got": ("←", ""),
        "printed": ("»", ""),
        "raised": ("○", ""),
        "lowered": ("○", ""),
        "changed": ("○", ""),
        "task_done": ("·", ""),
        "timeout": ("⊢", ""),
        "met": ("⊣", ""),
    }
)
"""The glyph of each mark that is drawn, one cell wide, and its colour where it doesn't stand on a step."""

KINDS: Mapping[int, Span] = MappingProxyType(
    {
        0: (" ", ""),
        WAITING: ("─", "waiting"),
        READY: ("▒", "ready"),
        RUNNING: ("█", "running"),
    }
)
"""The glyph of each kind of interval: they differ in height and grain, so that they do without colour."""

LATER_KINDS: Mapping[int, Span] = MappingProxyType(
    {
        0: (" ", "past"),
        WAITING: ("┄", "rest"),
        READY: ("░", "past"),
        RUNNING: ("▄", "past"),
    }
)
"""The same after the moment that is looked at: thinner, so that it shows without colour where the past ends."""

EXPLAINED: tuple[tuple[MarkKind, str], ...] = (
    ("put", "put"),
    ("got", "got"),
    ("printed", "print"),
    ("changed", "lock, event"),
    ("expired", "expired"),
    ("cancel", "cancel()"),
    ("late", "missed"),
)
"""The marks whose meaning is told where there is room; those of an end are the glyphs of the states."""

LEGEND_ROOM = 6
"""The cells that a frame needs around its subtitle."""

FIRST_MARK = 4
"""The cell of the first of `MARK_KINDS`; the others follow."""

LINE, DOWN, UP = 29, 30, 31
"""The cells of an arrow from the task that woke another: its shaft, and its head in the lane of the task woken."""

ON_STEP, LATER, UNDER_CURSOR = 32, 64, 128
"""What may be added to a cell: it lies on a step, lies after the moment that is looked at, or is in its column."""

LATER_OF = bytes(cell | LATER for cell in range(256))
"""A table for bytes.translate that puts cells after the moment that is looked at."""

_RUNS = re.compile(rb"((.)\2*)", re.DOTALL)
_ARROWS: Mapping[int, Span] = MappingProxyType({LINE: ("│", "accent"), DOWN: ("▼", "accent"), UP: ("▲", "accent")})


def mark_cell(kind: int) -> int:
    """The cell of a mark, by its index in `MARK_KINDS`."""
    return FIRST_MARK + kind


@lru_cache(maxsize=1024)
def spans(cells: bytes) -> Line:
    """Cells as they are drawn, neighbours of a kind together."""
    return tuple([_drawn(run) for run, _ in _RUNS.findall(cells)])


def legend(width: int) -> Line:
    """What the glyphs mean, as far as that fits."""
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
    """Several cells of a kind."""
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
