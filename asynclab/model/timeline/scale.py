"""Divides lab time into columns at fixed places, whose width is 1, 2 or 5 times a power of ten."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

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
    """The finest scale, from the step `finest` on, at which some seconds from lab time 0 fit into some columns."""
    for step in range(finest, STEPS - 1):
        scale = Scale(step)
        if scale.column(seconds) < columns:
            return scale
    return Scale(STEPS - 1)
