"""The data of a URL that the views of a fetch show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from asynclab.widgets.waterfall import Phases

UrlState: TypeAlias = Literal["queued", "running", "retrying", "ok", "failed", "cancelled"]
"""The state of a URL."""

MARKS: dict[UrlState, tuple[str, str]] = {
    "queued": ("…", "past"),
    "running": ("►", "waiting"),
    "retrying": ("↻", "ready"),
    "ok": ("✓", "done"),
    "failed": ("✗", "failed"),
    "cancelled": ("⊘", "cancelled"),
}
"""The glyph of each state, and the part of a line that gives its colour."""


@dataclass(frozen=True, slots=True)
class UrlRow:
    """A URL at a moment; all text is clean and on one line, all times are in lab seconds."""

    number: int
    """Its position in the list, from 1."""
    url: str
    """Without a password."""
    state: UrlState
    word: str
    """What it does or how it ended, in a few cells: "waiting", "200", "429 in 3.2 s", "no such host"."""
    received: int = 0
    """Bytes received so far."""
    fraction: float | None = None
    """How much of the whole that is, from 0 to 1; None if the whole is unknown."""
    rate: float | None = None
    """Bytes per second."""
    seconds: float | None = None
    """Since its first attempt began, or until it ended."""
    left: float | None = None
    """Seconds before this attempt times out."""
    tries: int = 0
    """Attempts begun so far."""
    phases: Phases = ()


@dataclass(frozen=True, slots=True)
class UrlDetail:
    """Everything shown about one URL; all text is clean."""

    row: UrlRow
    sentence: str = ""
    """The outcome in words."""
    facts: tuple[str, ...] = ()
    """Such as "200 OK", "text/html", "192.0.2.10", "TLS 1.3"."""
    hops: tuple[tuple[str, str], ...] = ()
    """Redirects on the way: the status and the time, and the URL."""
    notes: tuple[str, ...] = ()
    """Anything unusual, one sentence each."""
    title: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    preview: tuple[str, ...] = ()
    """The first lines of the body, as text or as hexadecimal digits."""
    cut: str = ""
    """Says which part of the body isn't in the preview; empty if all of it is."""
