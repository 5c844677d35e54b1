"""Makes rows, empties them for another attempt, and says how they end."""

from __future__ import annotations

from asynclab.fetch.address import host_key, redacted, sent_text
from asynclab.fetch.rows import NO_PAGE, Failure, Outcome, Phases, Row, RowState
from asynclab.fetch.urls import FoundUrl

CANCELLED = Failure("cancelled", "Cancelled")
OUT_OF_TIME = Failure("deadline", "Not done before the deadline for everything")
OTHER_TIME = "lab time: the clock was paused, stepped or changed"


def new_row(number: int, url: str | FoundUrl) -> Row:
    """A row for a URL, which may be invalid."""
    target, count, fragments = (url.url, url.count, url.fragments) if isinstance(url, FoundUrl) else (url, 1, ())
    try:
        sent = sent_text(target)
    except ValueError:
        sent = ""
    return Row(number, redacted(target), target, sent, host_key(sent) if sent else "", count, fragments)


def reset(row: Row, *, failures: bool) -> None:
    """Forget what the last attempt brought; with `failures`, also the attempts before it, and the time they took."""
    row.phases = Phases()
    row.outcome = row.status = row.tls = row.expected = row.body = row.saved = row.retry_at = row.ended_at = None
    row.sentence = row.effective_url = row.reason = row.http_version = row.address = ""
    row.content_type = ""
    row.raw_headers = row.looked_for = row.missing = ()
    row.hops, row.notes = (), ()
    row.wire = row.decoded = 0
    row.page = NO_PAGE
    if failures:
        row.attempts = 0
        row.failures = ()
        row.started_at = row.attempt_at = None


def conclude(row: Row, failure: Failure | None, now: float, *, in_real_time: bool) -> Outcome:
    """Note how a row ended at a moment of its clock, which may not be real time; return the outcome."""
    if row.phases.current is not None:
        row.phases.enter(None, now)
    row.retry_at = row.expires_at = None
    row.is_stopping = False
    row.ended_at = now
    row.outcome = outcome = "ok" if failure is None else failure.outcome
    after = f" after {len(row.hops)} redirect{'s' if len(row.hops) > 1 else ''}" if row.hops else ""
    row.sentence = failure.sentence if failure is not None else f"Fetched{after}"
    if row.attempts and not in_real_time:
        row.notes += (OTHER_TIME,)
    return outcome


def state_of(outcome: Outcome) -> RowState:
    """The state of a row that has ended."""
    if outcome in ("ok", "cancelled"):
        return outcome
    return "failed"
