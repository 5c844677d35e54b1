"""Rows of a fetch for the tests of their views."""

from typing import Any

from asynclab.fetch.rows import Phase, PhaseTimes, Row

NOW = 4.9
"""Lab seconds."""

SPENT: dict[Phase, float] = {"queued": 0.1, "dns": 0.1, "tcp": 0.1, "tls": 0.1, "wait": 0.2, "download": 0.4}

PHASES = tuple(SPENT.items())


def phases(spent: dict[Phase, float]) -> PhaseTimes:
    """Phases that took these seconds."""
    made, at = PhaseTimes(), 0.0
    for phase, seconds in spent.items():
        made.enter(phase, at)
        at += seconds
    made.enter(None, at)
    return made


def url(number: int, **facts: Any) -> Row:
    """The row of a URL that was fetched in 0.9 seconds, with some attributes changed."""
    address = facts.pop("url", "https://docs.example.org/guide")
    row = Row(number, address, address, state="ok", outcome="ok", status=200, wire=48_200, decoded=48_200, attempts=1)
    row.started_at, row.ended_at = 4.0, 4.9
    row.phases = phases(SPENT)
    for name, value in facts.items():
        setattr(row, name, value)
    return row


def under_way(number: int, since: float, **facts: Any) -> Row:
    """The row of a URL whose fetch began `since` seconds ago."""
    begun: dict[str, Any] = {"state": "running", "outcome": None, "ended_at": None, "status": None, "wire": 0}
    return url(number, **(begun | {"started_at": NOW - since, "phases": PhaseTimes()} | facts))


def failed(number: int, outcome: str, **facts: Any) -> Row:
    """The row of a URL that failed before anything was received."""
    return url(number, **({"state": "failed", "outcome": outcome, "status": None, "wire": 0, "decoded": 0} | facts))
