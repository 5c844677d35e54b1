"""Caches lines as they are on the screen, and the segments of their spans."""

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
    """A line as it is on the screen."""

    line: Line
    ground: str
    """The part that gives the background, or "" for none."""
    width: int
    """The cells of the line; measuring them for each frame would cost as much as composing the line."""


class Segments(dict[Span, Segment]):
    """A cache of segments: most spans are painted again and again, though the lines around them change."""

    def __init__(self, style_of: Callable[[str], Style]) -> None:
        """Begin with nothing; `style_of` gives the style of a part."""
        super().__init__()
        self._style_of = cache(style_of)

    def __missing__(self, span: Span) -> Segment:
        """Make the segment of a span that isn't cached."""
        if len(self) >= SPANS_REMEMBERED:
            self.clear()
        text, part = span
        segment = self[span] = Segment(text, self._style_of(part))
        return segment
