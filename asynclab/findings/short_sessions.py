"""Finds HTTP clients that are made anew for each request."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.findings.phrases import at_line
from asynclab.findings.rule import Finding, Rule
from asynclab.model.state import LabState
from asynclab.model.text import one_line

MANY = 20
"""How many clients make it a habit: a few may each have their reason."""

_SINGLE = 0.9
"""The share of them that open no second connection."""


def find_short_sessions(state: LabState) -> Iterator[Finding]:
    """Lines of code that connect to a host with one client after another. Each may have sent several requests."""
    for (library, place, host), use in state.client_uses.items():
        clients = len(use.connections)
        if clients >= MANY and sum(count == 1 for count in use.connections.values()) >= _SINGLE * clients:
            text = (
                f"{clients:,} clients of {one_line(library)} have each opened a connection to {one_line(host)} of "
                f"their own{at_line(place)}: no connection is used again by the next one"
            )
            yield Finding("session-per-request", text, use.at, (use.version,), None, place, "likely")


RULES = (
    Rule(
        "session-per-request",
        "An HTTP client is made for each request (seen of aiohttp's ClientSession).",
        "Each request pays for a new connection, and for its encryption; ports and files may run out.",
        "Make one client at the start of the program, use it for all requests, and close it at the end.",
        "session",
        find_short_sessions,
    ),
)
