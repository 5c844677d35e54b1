"""Which parts of a line a theme may colour, and how each looks unless a theme says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LOOKS: Mapping[str, str] = MappingProxyType(
    {
        "text": "color: $state-text;",
        "strong": "text-style: bold;",
        "running": "color: $state-running;",
        "ready": "color: $state-ready;",
        "waiting": "color: $state-waiting;",
        "done": "color: $state-done;",
        "failed": "color: $state-failed;",
        "cancelled": "color: $state-cancelled;",
        "past": "color: $state-past;",
        "accent": "color: $state-accent;",
        "heading": "color: $state-past; text-style: bold;",
        "rest": "color: $state-rest;",
        "cell": "color: $state-cell-text; background: $state-cell;",
        "tab": "background: $state-row; text-style: bold;",
        "row": "background: $state-row;",
        "row-blurred": "background: $state-row 60%;",
        "mark": "color: $state-accent;",
        "mark-blurred": "color: $state-past;",
        "keyword": "color: $state-keyword;",
        "string": "color: $state-running;",
        "number": "color: $state-ready;",
        "name": "color: $state-waiting;",
        "comment": "color: $state-past; text-style: italic;",
    }
)
"""The parts of a line. The component class of each is its name after `line--`."""

COMPONENTS = frozenset(f"line--{part}" for part in LOOKS)
"""The component classes of every view."""

CSS = "".join(f"LineView > .line--{part} {{ {look} }}\n" for part, look in LOOKS.items())
"""The rules for them."""
