"""What the views of a fetch are shown of each URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from asynclab.widgets.waterfall import Phases

UrlState: TypeAlias = Literal["queued", "running", "retrying", "ok", "failed", "cancelled"]
"""How a URL stands."""

MARKS: dict[UrlState, tuple[str, str]] = {
    "queued": ("…", "past"),
    "running": ("►", "waiting"),
    "retrying": ("↻", "ready"),
    "ok": ("✓", "done"),
    "failed": ("✗", "failed"),
    "cancelled": ("⊘", "cancelled"),
}
"""The glyph of each state, and the part of a line whose colour it has."""


@dataclass(frozen=True, slots=True)
class UrlRow:
    """A URL at a moment; all text is clean and on one line, all times are in lab seconds."""

    number: int
    """From 1, in the order of the list."""
    url: str
    """Without a password."""
    state: UrlState
    word: str
    """What it does or how it ended, in a few cells: "waiting", "200", "429 in 3.2 s", "no such host"."""
    received: int = 0
    """Bytes that came up to now."""
    fraction: float | None = None
    """How much of all that is, from 0 to 1; None where nobody knows."""
    rate: float | None = None
    """Bytes per second."""
    seconds: float | None = None
    """Since its first attempt began, or until it ended."""
    left: float | None = None
    """Seconds before this attempt times out."""
    tries: int = 0
    """Attempts that were begun."""
    phases: Phases = ()


@dataclass(frozen=True, slots=True)
class UrlDetail:
    """All that is shown of one URL; all text is clean."""

    row: UrlRow
    sentence: str = ""
    """The outcome in words."""
    facts: tuple[str, ...] = ()
    """Such as "200 OK", "text/html", "192.0.2.10", "TLS 1.3"."""
    hops: tuple[tuple[str, str], ...] = ()
    """Redirects on the way: the status and the time, and the URL."""
    notes: tuple[str, ...] = ()
    """What is unusual, a sentence each."""
    title: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    preview: tuple[str, ...] = ()
    """The first lines of the body, as text or as hexadecimal digits."""
    cut: str = ""
    """What of the body is not in the preview; empty where all of it is."""
