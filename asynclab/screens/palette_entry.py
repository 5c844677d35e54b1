"""A line of the command palette, as a screen offers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the palette."""

    text: str
    help: str
    run: Callable[[], Awaitable[Any] | Any]
