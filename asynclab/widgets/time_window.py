"""Defines the part of lab time that the timeline shows, and the ruler with round times above the lanes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from math import floor, log10
from operator import itemgetter

from asynclab.model.timeline.columns import Scale, fitting
from asynclab.widgets.spans import Line

LIVE_FINEST = 9
"""The finest scale while a run continues: one millisecond per column. A finer scale would change in each frame."""

MARGIN = 2
"""Columns to the right of the whole run: one for the mark of an end, and one blank."""


class Window:
    """The columns in sight. The window follows the run and shows all of it, until the user zooms or scrolls."""

    def __init__(self) -> None:
        self.scale = Scale(LIVE_FINEST)
        self.first = 0
        self.width = 1
        self.is_following = True

    @property
    def last(self) -> int:
        """The last column in sight."""
        return self.first + self.width - 1

    def fit(self, end: float, *, goes_on: bool) -> None:
        """If the window follows the run, show it up to lab time `end`. If the run `goes_on`, use no fine scales."""
        if self.is_following:
            self.scale = fitting(end, max(1, self.width - MARGIN), LIVE_FINEST if goes_on else 0)
            self.first = 0

    def zoom(self, by: int, around: float) -> None:
        """Zoom in, or out if `by` is negative. The lab time `around` stays in place."""
        column = min(self.last, max(self.first, self.scale.column(around)))
        at = around if self.scale.column(around) == column else self.scale.round_time(column)
        place = column - self.first
        zoomed = self.scale.zoomed(by)
        if zoomed != self.scale:
            self.is_following = False
            self.scale = zoomed
            self.first = max(0, zoomed.column(at) - place)

    def scroll(self, by: int, end: float) -> None:
        """Move by some columns, but keep a part of the run in sight."""
        to = max(0, min(self.scale.column(end), self.first + by))
        if to != self.first:
            self.is_following = False
            self.first = to

    def reveal(self, at: float) -> None:
        """Scroll to a lab time that is out of sight. A quarter of the columns stays between it and the edge."""
        column, beyond = self.scale.column(at), self.width // 4
        if column < self.first:
            self.first = max(0, column - beyond)
        elif column > self.last:
            self.first = column - self.width + 1 + beyond


LABEL_COLUMNS = {1: 20, 2: 25, 5: 20}
"""The columns between two labels, by the digit of the scale. They make labels round: multiples of 20, 50 or 100."""

TICK_COLUMNS = 5
"""The columns between two ticks."""

TICK = "·"
BLOCKED = "!"
"""Marks the periods in which the loop was blocked."""
HERE, ABOVE, BEFORE, BEYOND = "▲", "▼", "◂", "▸"
"""Point at the moment being viewed: from below or above the lanes, or to the left or right if it is out of sight."""

_UNITS = (("s", 0), ("ms", 3), ("µs", 6))
"""The units of time, each with the power of ten by which a second is divided."""


def ruler(
    scale: Scale,
    first: int,
    width: int,
    blocked: Iterable[tuple[float, float]] = (),
    moment: float | None = None,
) -> Line:
    """The ruler: round times at their columns, ticks between them, and marks where the loop was blocked.

    `blocked` has the start and end of each block. `moment` is labelled too, in place of round times; None for none.
    """
    cells, labelled = [" "] * width, set[int]()
    for column in range(-(-first // TICK_COLUMNS) * TICK_COLUMNS, first + width, TICK_COLUMNS):
        cells[column - first] = TICK
    start, pointing = (0, "") if moment is None else _pointing(ABOVE, scale, first, width, moment)
    pointed = range(start - 1, start + len(pointing) + 1) if pointing else range(0)
    every = LABEL_COLUMNS[scale.digit]
    for column in range(-(-first // every) * every, first + width, every):
        label = f"{_label(scale, column, first + width)} "
        at = column - first
        if at + len(label) <= width + 1 and not (at < pointed.stop and pointed.start < at + len(label)):
            cells[at : at + len(label)] = label[: width - at]
            labelled.update(range(at, at + len(label)))
    parts = ["past"] * width
    for begin, end in blocked:
        for column in range(max(0, scale.column(begin) - first), min(width, scale.column(end) - first + 1)):
            parts[column] = "failed"
            cells[column] = cells[column] if column in labelled else BLOCKED
    for at, cell in zip(pointed, f" {pointing} ", strict=True) if pointing else ():
        if 0 <= at < width:
            cells[at], parts[at] = cell, "strong accent"
    marked = groupby(zip(cells, parts, strict=True), key=itemgetter(1))
    return tuple(("".join(cell for cell, _ in run), part) for part, run in marked)


def width_text(scale: Scale) -> str:
    """The length of time of a column: "20 ms", "1 s"."""
    unit, shift = _UNITS[min(2, max(0, -(scale.power // 3)))]
    return f"{scale.digit * 10 ** (scale.power + shift)} {unit}"


def pointer(scale: Scale, first: int, width: int, moment: float) -> Line:
    """A line that points at the column of a moment and names it, or gives its direction if it is out of sight."""
    at, text = _pointing(HERE, scale, first, width, moment)
    return ((" " * at, ""), (text, "strong accent"))


def _pointing(here: str, scale: Scale, first: int, width: int, moment: float) -> tuple[int, str]:
    """The start cell and the text of the label that points at a moment."""
    column = scale.column(moment) - first
    text = moment_text(moment, scale)
    if column < 0:
        return 0, f"{BEFORE} {text}"
    if column < width and column + 2 + len(text) <= width:
        return column, f"{here} {text}"
    end, told = (width, f"{text} {BEYOND}") if column >= width else (column + 1, f"{text} {here}")
    return max(0, end - len(told)), told


def moment_text(moment: float, scale: Scale) -> str:
    """A lab time with as many decimals as the scale needs: "1.24 s"."""
    decimals = max(2, min(6, 1 - floor(log10(scale.seconds))))
    return f"{moment:.{decimals}f} s"


def _label(scale: Scale, column: int, end: int) -> str:
    """The label of a column: the time at which it begins, in the unit of the last column in sight."""
    last = end * scale.seconds
    unit, shift = _UNITS[0 if last > 1 else 1 if last > 0.001 else 2]
    decimals = max(0, -(scale.power + (2 if scale.digit == 5 else 1) + shift))
    return f"{scale.round_time(column) * 10**shift:.{decimals}f} {unit}"
