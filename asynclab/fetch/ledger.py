"""Keeps the rows of a fetch, from their creation to their end, and their totals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import count

from asynclab.fetch.address import host_key, redacted, sent_text
from asynclab.fetch.rows import NO_PAGE, STATES, Failure, FetchOutcome, PhaseTimes, Row, RowState
from asynclab.fetch.totals import Tally, Totals
from asynclab.fetch.urls import FoundUrl


class Ledger:
    """The rows of a fetch. They may be read at any time."""

    def __init__(
        self,
        urls: Iterable[str | FoundUrl],
        clock: Callable[[], float] | None,
        *,
        keep_rows: bool,
    ) -> None:
        """Make and keep all rows now, or make each row when needed; `clock` returns seconds for them."""
        self._unread: Iterator[Row] = map(new_row, count(1), urls)
        self.rows: Sequence[Row] = list(self._unread) if keep_rows else ()
        """All rows, if they are kept; otherwise empty."""
        self.version = 0
        """Grows with each change of a row, but not with a running request's progress; the row gets this version."""
        self.clock = clock
        self.now: Callable[[], float] = clock or (lambda: 0.0)
        """The current time on the clock of the rows; 0 before the first run."""
        self.keeps_real_time: Callable[[], bool] = lambda: True
        """Whether this clock has run in real time since the run began."""
        self._size = len(self.rows) if keep_rows else len(urls) if isinstance(urls, Sized) else 0
        """The number of URLs; if unknown, of those read so far."""
        self._counts: dict[RowState, int] = dict.fromkeys(STATES, 0) | {"queued": self._size}
        self._open = {row.number: row for row in self.rows}
        self._begun: dict[int, Row] = {}
        """The rows that have been started and have not ended."""
        self._tally = Tally()
        self.kept: frozenset[int] = frozenset()
        """The numbers of the rows whose bodies are kept completely."""

    @property
    def counts(self) -> Mapping[RowState, int]:
        """How many rows are in each state."""
        return self._counts

    @property
    def in_flight(self) -> Collection[Row]:
        """The rows that have been started and have not ended."""
        return self._begun.values()

    def totals(self, now: float | None = None) -> Totals:
        """The totals of all rows at a time of their clock; by default now."""
        now = self.now() if now is None else now
        is_real = self.keeps_real_time()
        return self._tally.totals(dict(self._counts), self._size, self.in_flight, now, is_real_time=is_real)

    def touch(self, row: Row) -> None:
        """Note that a row has changed."""
        self.version += 1
        row.version = self.version

    def keep(self, numbers: Iterable[int]) -> None:
        """From now on keep the complete bodies of these rows only."""
        self.kept = frozenset(numbers)
        for row in self.rows:
            if row.body is not None and row.number not in self.kept:
                row.body = None
                self.touch(row)

    def _take_in(self, row: Row) -> None:
        self._open[row.number] = row
        if row.number > self._size:
            self._size = row.number
            self._counts["queued"] += 1

    def _end(self, row: Row, failure: Failure | None) -> None:
        """End a row that has not ended; `failure` says why it isn't ok."""
        now = self.now()
        outcome = conclude(row, failure, now, in_real_time=self.keeps_real_time())
        del self._open[row.number]
        self._begun.pop(row.number, None)
        self._tally.add(row, now)
        self._set_state(row, state_of(outcome))

    def _reopen(self, row: Row) -> None:
        """Reset a row that has ended."""
        self._tally.wire -= row.wire
        reset(row, failures=True)
        self._open[row.number] = row
        self._set_state(row, "queued")

    def _set_state(self, row: Row, state: RowState) -> None:
        self._counts[row.state] -= 1
        self._counts[state] += 1
        row.state = state
        if state == "running":
            self._begun[row.number] = row
        self.touch(row)


CANCELLED = Failure("cancelled", "Cancelled")
OUT_OF_TIME = Failure("deadline", "Not done before the overall deadline")
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
    """Delete the results of the last attempt; with `failures`, also the earlier attempts and the time they took."""
    row.phases = PhaseTimes()
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


def conclude(row: Row, failure: Failure | None, now: float, *, in_real_time: bool) -> FetchOutcome:
    """Store how a row ended at a time of its clock, which may not be real time; return the outcome."""
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


def state_of(outcome: FetchOutcome) -> RowState:
    """The state of a row that has ended."""
    if outcome in ("ok", "cancelled"):
        return outcome
    return "failed"
