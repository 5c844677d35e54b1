"""A line as it is on the screen, and what its spans are painted with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from asynclab.widgets.lines import Line, Span

SPANS_REMEMBERED = 4_000
"""How many spans are remembered as they were painted."""


class Drawn(NamedTuple):
    """A line as it is on the screen."""

    line: Line
    ground: str
    """The part that gives its background, or "" for none."""
    width: int
    """How many cells the line takes; measuring it anew for each frame would cost as much as composing it."""


class Segments(dict[Span, Segment]):
    """What spans are painted with: most are painted again and again, in lines that differ only as a whole."""

    def __init__(self, style_of: Callable[[str], Style]) -> None:
        """Begin.

        Args:
            style_of: Gives the style of a part.
        """
        super().__init__()
        self._style_of = cache(style_of)

    def __missing__(self, span: Span) -> Segment:
        """Make the segment of a span that was not painted before."""
        if len(self) >= SPANS_REMEMBERED:
            self.clear()
        text, part = span
        segment = self[span] = Segment(text, self._style_of(part))
        return segment
