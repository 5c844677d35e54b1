"""Caches the painted lines of a view, and the segments of their spans."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from asynclab.widgets.spans import Line, Span

SPANS_REMEMBERED = 4_000
"""How many painted spans are cached."""


class Drawn(NamedTuple):
    """A line as it was painted."""

    line: Line
    ground: str
    """The part that determines the background, or "" for none."""
    width: int
    """The width of the line in cells. Measuring it for each frame would take as long as composing the line."""


class Segments(dict[Span, Segment]):
    """A cache of Rich segments by span. Most spans are painted again and again, in different lines."""

    def __init__(self, style_of: Callable[[str], Style]) -> None:
        """Make an empty cache. `style_of` returns the style of a part."""
        super().__init__()
        self._style_of = cache(style_of)

    def __missing__(self, span: Span) -> Segment:
        """Create and cache the segment of a span."""
        if len(self) >= SPANS_REMEMBERED:
            self.clear()
        text, part = span
        segment = self[span] = Segment(text, self._style_of(part))
        return segment
