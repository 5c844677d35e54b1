"""Holds a request to fetch: the text with URLs, and the options."""

from __future__ import annotations

from dataclasses import dataclass, field

from asynclab.fetch.options import Options


@dataclass(frozen=True, slots=True)
class Request:
    """A text with URLs in it, and how they are to be fetched."""

    text: str = ""
    """Any text; if empty, nothing is fetched yet."""
    taken_as: str = ""
    """The format of the text; empty to detect it."""
    options: Options = field(default_factory=Options)
