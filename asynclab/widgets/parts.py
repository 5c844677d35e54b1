"""The parts of a line that have looks of their own, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style
from textual.color import Color

_COLOURED = ("text", "running", "ready", "waiting", "done", "failed", "cancelled", "past", "accent", "rest", "keyword")

COLOURS: Mapping[str, str] = MappingProxyType({part: f"$state-{part}" for part in _COLOURED})
"""The theme variable of each part that has a colour of its own."""

_GROUNDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cell": ("state-cell-text", "state-cell"),
        "row": ("", "state-row"),
        "row-blurred": ("", "state-row"),
        "flag": ("state-step-text", "state-accent"),
        "step": ("state-step-text", "state-running"),
    }
)
"""The theme variables of text and background of each part that has a background."""

_BOLD = frozenset({"strong", "flag"})

_SAME_AS: Mapping[str, str] = MappingProxyType(
    {
        "heading": "strong past",
        "tab": "row strong",
        "mark": "accent",
        "mark-blurred": "past",
        "string": "running",
        "number": "ready",
        "name": "waiting",
        "comment": "past",
    }
)
"""Parts with the looks of another part."""


def style_of(parts: str, variables: Mapping[str, str]) -> Style:
    """The style of some parts, separated by spaces, in a theme with these variables; later parts count more."""
    style = Style.null()
    for part in parts.split():
        same = _SAME_AS.get(part, part)
        style += _look(part, variables) if same == part else style_of(same, variables)
    return style


def _look(part: str, variables: Mapping[str, str]) -> Style:
    """The style of one part.

    Not by component classes: Textual works out the style of each, in each view, whenever the focus moves.
    """
    text, ground = _GROUNDS.get(part, (COLOURS.get(part, "").removeprefix("$"), ""))
    colour, background = (Color.parse(variables[name]).rich_color if name else None for name in (text, ground))
    return Style(color=colour, bgcolor=background, bold=part in _BOLD or None)
