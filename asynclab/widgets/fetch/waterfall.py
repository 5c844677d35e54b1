"""Draws the phases of a fetch as one bar, a waterfall. Each phase has its own height and colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from asynclab.fetch.rows import Phase
from asynclab.widgets.spans import Line, Span, joined, width_of

Phases: TypeAlias = Sequence[tuple[Phase, float]]
"""The phases in order, and the seconds that each took."""

MARKS: dict[Phase, Span] = {
    "queued": ("▁", "past"),
    "dns": ("▂", "keyword"),
    "tcp": ("▃", "waiting"),
    "tls": ("▄", "accent"),
    "wait": ("▅", "ready"),
    "download": ("▇", "running"),
}
"""The glyph and colour of each phase, in order. The heights increase, so that phases are clear without colour."""

CUT = "«"
"""Marks a bar whose time in the queue was longer than the bar shows."""

SCALE_WIDTH = 6
"""The width of a scale, such as "0.05 s", in cells."""

_STEPS = (1.0, 2.0, 5.0)


def nice_scale(seconds: float) -> float:
    """The scale for a longest bar of `seconds`: 1, 2, 5, 10, 20, 50 … times 0.01, so that it rarely changes."""
    unit = 0.01
    while True:
        for step in _STEPS:
            if seconds <= unit * step:
                return unit * step
        unit *= 10


def scale_text(scale: float) -> str:
    """The seconds of a scale as text: "0.05 s", "20 s"."""
    return f"{scale:g} s"


def waterfall(phases: Phases, scale: float, width: int) -> Line:
    """The phases as a bar. A width of `width` cells stands for `scale` seconds.

    The time in the queue gets at most a quarter of the width, because the later phases are more interesting.
    """
    spans: list[Span] = []
    begin = end = 0.0
    for name, seconds in phases:
        mark, part = MARKS[name]
        shown = min(seconds, scale / 4) if name == "queued" else seconds
        begin, end = end, end + shown
        cells = _cell(end, scale, width) - _cell(begin, scale, width)
        if shown < seconds and cells:
            spans.append((CUT, part))
            cells -= 1
        spans.append((mark * cells, part))
    line = tuple(span for span in spans if span[0])
    if not line and width > 0 and phases:
        name = max(phases, key=lambda phase: phase[1])[0]
        return (MARKS[name],)
    return line


def staircase(phases: Phases, width: int) -> list[Line]:
    """A line for each phase: its bar, which begins where the bar above ends, and its time."""
    room = max(1, width - NAME_WIDTH - FIGURE_WIDTH)
    total = sum(seconds for _, seconds in phases) or 1.0
    lines: list[Line] = []
    end = 0.0
    for name, seconds in phases:
        mark, part = MARKS[name]
        begin, end = end, end + seconds
        start = min(room - 1, _cell(begin, total, room))
        cells = max(1, _cell(end, total, room) - start)
        lines.append(
            ((f"{name:<{NAME_WIDTH}}", "past"), (" " * start, ""), (mark * cells, part), (f" {seconds:.3f} s", ""))
        )
    return lines


NAME_WIDTH = 10
"""The width of a phase's name in a staircase, in cells."""

FIGURE_WIDTH = 11
"""The width of a phase's time, in cells."""


def legend(width: int, scale: float | None) -> Line:
    """The phases with their marks, and the scale. If room is short, the first phases are left out."""
    told = "" if scale is None else scale_text(scale)
    names = list(MARKS)
    for shown in (*(_named(names[first:]) for first in range(len(names) - 1)), (("phases", "past"),), ()):
        room = width - width_of(shown)
        if room > SCALE_WIDTH:  # so that the names don't change when a scale is shown later
            break
    return (*shown, (f"{told:>{max(0, room)}}", "past"))


def _named(names: Iterable[Phase]) -> Line:
    """The marks and names of phases, in their colours."""
    marks = (MARKS[name] for name in names)
    return joined((((f"{mark}{name}", part),) for name, (mark, part) in zip(names, marks, strict=True)), " ")


def _cell(seconds: float, scale: float, width: int) -> int:
    """The cell of a time."""
    return min(width, round(seconds / scale * width))
