"""Keeps the rows of a fetch, and their totals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import count

from asynclab.fetch.row_ends import conclude, new_row, reset, state_of
from asynclab.fetch.rows import STATES, Failure, Row, RowState
from asynclab.fetch.totals import Tally, Totals
from asynclab.fetch.urls import FoundUrl


class Ledger:
    """The rows of a fetch; they may be read at any time."""

    def __init__(
        self,
        urls: Iterable[str | FoundUrl],
        clock: Callable[[], float] | None,
        *,
        keep_rows: bool,
    ) -> None:
        """Make and keep all rows now, or make each when it is its turn; `clock` returns seconds for them."""
        self._unread: Iterator[Row] = map(new_row, count(1), urls)
        self.rows: Sequence[Row] = list(self._unread) if keep_rows else ()
        """All rows, where they are kept."""
        self.version = 0
        """Grows with every change of a row that is not in flight; the row then has this version."""
        self.clock = clock
        self.now: Callable[[], float] = clock or (lambda: 0.0)
        """The present moment on the clock of the rows; 0 before the first run."""
        self.keeps_real_time: Callable[[], bool] = lambda: True
        """Whether that clock has told real seconds since the run began."""
        self._size = len(self.rows) if keep_rows else len(urls) if isinstance(urls, Sized) else 0
        """How many URLs there are, if known."""
        self._counts: dict[RowState, int] = dict.fromkeys(STATES, 0) | {"queued": self._size}
        self._open = {row.number: row for row in self.rows}
        self._begun: dict[int, Row] = {}
        """Those that have been started."""
        self._tally = Tally()
        self.kept: frozenset[int] = frozenset()
        """The numbers of the rows whose whole bodies are kept."""

    @property
    def counts(self) -> Mapping[RowState, int]:
        """How many rows are in each state."""
        return self._counts

    @property
    def in_flight(self) -> Collection[Row]:
        """The rows that have been started and have not ended."""
        return self._begun.values()

    def totals(self, now: float | None = None) -> Totals:
        """The totals of all rows at a moment of their clock, by default now."""
        now = self.now() if now is None else now
        is_real = self.keeps_real_time()
        return self._tally.totals(dict(self._counts), self._size, self.in_flight, now, is_real_time=is_real)

    def touch(self, row: Row) -> None:
        """Note that a row has changed."""
        self.version += 1
        row.version = self.version

    def keep(self, numbers: Iterable[int]) -> None:
        """From now on keep the whole bodies of these rows, and of no others."""
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
        """End a row that has not ended; `failure` says why it is not ok."""
        now = self.now()
        outcome = conclude(row, failure, now, in_real_time=self.keeps_real_time())
        del self._open[row.number]
        self._begun.pop(row.number, None)
        self._tally.add(row, now)
        self._set_state(row, state_of(outcome))

    def _reopen(self, row: Row) -> None:
        """Forget how a row ended."""
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
