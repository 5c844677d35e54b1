"""The parts of a line that a theme may colour, and their default looks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_COLOURED = ("text", "running", "ready", "waiting", "done", "failed", "cancelled", "past", "accent", "rest", "keyword")

COLOURS: Mapping[str, str] = MappingProxyType({part: f"$state-{part}" for part in _COLOURED})
"""The theme variable of each part that has a colour of its own."""

LOOKS: Mapping[str, str] = MappingProxyType(
    {
        "strong": "text-style: bold;",
        **{part: f"color: {variable};" for part, variable in COLOURS.items()},
        "cell": "color: $state-cell-text; background: $state-cell;",
        "row": "background: $state-row;",
        "row-blurred": "background: $state-row 60%;",
        "flag": "color: $state-step-text; background: $state-accent; text-style: bold;",
        "step": "color: $state-step-text; background: $state-running;",
    }
)
"""The parts of a line that have a component class, which is the part after `line--`.

Textual works out the style of each, in each view, whenever the focus moves: so there are few.
"""

SAME_AS: Mapping[str, str] = MappingProxyType(
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

COMPONENTS = frozenset(f"line--{part}" for part in LOOKS)
"""The component classes of all views."""

CSS = "".join(f"LineView > .line--{part} {{ {look} }}\n" for part, look in LOOKS.items())
"""Their CSS rules."""
