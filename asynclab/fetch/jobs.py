"""Keeps what a fetch needs of the rows under way, and begins and ends a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass

from asynclab.fetch.address import host_key, redacted, sent_text
from asynclab.fetch.attempt import Requests
from asynclab.fetch.crew import Crew
from asynclab.fetch.rows import Failure, Outcome, Row, RowState
from asynclab.fetch.slots import Slots, Ticket
from asynclab.fetch.urls import FoundUrl

CANCELLED = Failure("cancelled", "Cancelled")
OUT_OF_TIME = Failure("deadline", "Not done before the deadline for everything")
OTHER_TIME = "lab time: the clock was paused, stepped or changed"

TASK_NAME = "fetch "
"""What the name of a row's task begins with, before the row's number."""


@dataclass(slots=True, eq=False)
class Job:
    """A row that is queued or under way."""

    row: Row
    ticket: Ticket | None = None
    """Its place in the queue, until it is begun."""
    task: asyncio.Task[None] | None = None
    has_slot: bool = False
    stopped_by: Failure = CANCELLED
    """What to say where its task is cancelled."""


@dataclass(slots=True, eq=False)
class Run:
    """What belongs to one run of a fetch."""

    crew: Crew
    slots: Slots
    requests: Requests
    all_ended: asyncio.Event
    context: Context
    """What code inside the run sees: its lab."""
    begin: Callable[[Job], None]
    """What is done with a row that has got a slot."""
    is_ending: bool = False
    """Whether it takes no more rows."""


def new_row(number: int, url: str | FoundUrl) -> Row:
    """A row for a URL, which may turn out to be none."""
    target, count, fragments = (url.url, url.count, url.fragments) if isinstance(url, FoundUrl) else (url, 1, ())
    try:
        sent = sent_text(target)
    except ValueError:
        sent = ""
    return Row(number, redacted(target), target, sent, host_key(sent) if sent else "", count, fragments)


def conclude(row: Row, failure: Failure | None, now: float, *, in_real_time: bool) -> Outcome:
    """Note how a row ended.

    Args:
        row: Which.
        failure: Why it is not ok; None where it is.
        now: The moment on the clock of the rows.
        in_real_time: Whether that clock tells real seconds.

    Returns:
        Its outcome.
    """
    row.phases.enter(None, now)
    row.retry_at = row.expires_at = None
    row.is_stopping = False
    row.ended_at = now
    row.outcome = outcome = "ok" if failure is None else failure.outcome
    row.sentence = failure.sentence if failure is not None else praise(row)
    if row.attempts and not in_real_time:
        row.notes += (OTHER_TIME,)
    return outcome


def state_of(outcome: Outcome) -> RowState:
    """The state of a row that has ended."""
    if outcome in ("ok", "cancelled"):
        return outcome
    return "failed"


def praise(row: Row) -> str:
    """What is said of a row that is ok."""
    if row.hops:
        return f"Fetched after {len(row.hops)} redirect{'s' if len(row.hops) > 1 else ''}"
    return "Fetched"
