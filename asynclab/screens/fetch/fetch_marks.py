"""What the marks of the Fetch screen mean."""

from __future__ import annotations

from asynclab.screens.shared.help_page import LOOP_MARK, Mark
from asynclab.widgets.fetch_row import MARKS, UrlState
from asynclab.widgets.waterfall import CUT
from asynclab.widgets.waterfall import MARKS as PHASES

URLS: dict[UrlState, tuple[str, str]] = {
    "queued": ("queued", "waits for its turn: so many at once, so many to a host"),
    "running": ("under way", "connects, waits for the answer, or downloads it"),
    "retrying": ("retrying", "waits before its next attempt"),
    "ok": ("ok", "an answer below 400, all of it"),
    "failed": ("failed", "anything else; d says why"),
    "cancelled": ("cancelled", "stopped before its end"),
}
"""What a URL in each state is called, and what that means."""

PHASE_MEANINGS = {
    "queued": "of a bar: waited for its turn",
    "dns": "looked up the address of the host",
    "tcp": "connected",
    "tls": "agreed on how to encrypt",
    "wait": "waited for the answer to begin",
    "download": "received the answer",
}
"""What each phase of a bar means."""

FETCH_MARKS: tuple[Mark, ...] = (
    *(Mark(f"{MARKS[state][0]} {name}", MARKS[state][1], meaning) for state, (name, meaning) in URLS.items()),
    *(Mark(f"{PHASES[name][0]} {name}", PHASES[name][1], meaning) for name, meaning in PHASE_MEANINGS.items()),
    Mark(f"{CUT}{PHASES['queued'][0]}", "past", "waited for longer than is drawn"),
    Mark("━━╸──", "waiting", "the bytes received, of all where the server says how many"),
    Mark("► 1×", "waiting", "in the frame of the list: lab time runs, at this speed"),
    LOOP_MARK,
)
"""In the order of the help."""
