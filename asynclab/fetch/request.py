"""Holds what somebody asks to be fetched."""

from __future__ import annotations

from dataclasses import dataclass, field

from asynclab.fetch.options import Options


@dataclass(frozen=True, slots=True)
class Request:
    """A text with URLs in it, and how they are to be fetched."""

    text: str = ""
    """Any text; where it is empty, nothing is to be fetched yet."""
    taken_as: str = ""
    """The format that the text is read as; empty to tell it by the text."""
    options: Options = field(default_factory=Options)
