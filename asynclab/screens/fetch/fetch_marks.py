"""Explains the marks of the Fetch screen."""

from __future__ import annotations

from asynclab.fetch.rows import Phase, RowState
from asynclab.fetch.words import GLYPHS
from asynclab.screens.shared.help_page import LOOP_MARK, Mark
from asynclab.widgets.url_words import PARTS
from asynclab.widgets.waterfall import CUT
from asynclab.widgets.waterfall import MARKS as PHASES

URLS: dict[RowState, tuple[str, str]] = {
    "queued": ("queued", "waiting for a free slot"),
    "running": ("under way", "connecting, waiting for the answer, or downloading it"),
    "retrying": ("retrying", "waiting before its next attempt"),
    "ok": ("ok", "status below 400, complete body"),
    "failed": ("failed", "anything else; d shows why"),
    "cancelled": ("cancelled", "stopped before it ended"),
}
"""The name of each state of a URL, and what it means."""

PHASE_MEANINGS: dict[Phase, str] = {
    "queued": "in a bar: waited for a slot",
    "dns": "looked up the address of the host",
    "tcp": "connected",
    "tls": "set up encryption",
    "wait": "waited for the answer to begin",
    "download": "received the answer",
}
"""What each part of a bar means."""

FETCH_MARKS: tuple[Mark, ...] = (
    *(Mark(f"{GLYPHS[state]} {name}", PARTS[state], meaning) for state, (name, meaning) in URLS.items()),
    *(Mark(f"{PHASES[name][0]} {name}", PHASES[name][1], meaning) for name, meaning in PHASE_MEANINGS.items()),
    Mark(f"{CUT}{PHASES['queued'][0]}", "past", "waited for a slot longer than is drawn"),
    Mark("━━╸──", "waiting", "bytes received, as a share where the server says how many"),
    Mark("► 1×", "waiting", "in the frame of the list: lab time runs at this speed"),
    LOOP_MARK,
)
"""In the order of the help."""
