"""Adds up all rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from asynclab.fetch.rows import Row, RowState

WINDOW = 2.0
"""Seconds over which the current rate is measured."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of all rows at one time."""

    counts: Mapping[RowState, int]
    rows: int
    wire: int
    """Bytes of bodies that the rows have received."""
    rate: float
    """Bytes per second over the last `WINDOW` seconds."""
    took: float
    """Seconds since the run began; after its end, the seconds that it took."""
    one_by_one: float
    """Seconds that the finished rows would have taken one after another."""
    is_real_time: bool = True
    """Whether these are real seconds. Seconds of a paused or changed clock say nothing about speed."""
    together: float = 0.0
    """Seconds that the finished rows took concurrently; 0 if none is ok, since failures say nothing about speed."""

    def __repr__(self) -> str:
        """The short form that a lab shows as the result of its main task."""
        return f"<{self.ended} of {self.rows} ended, {self.counts['ok']} ok>"

    @property
    def ended(self) -> int:
        """Rows that have ended."""
        return self.counts["ok"] + self.counts["failed"] + self.counts["cancelled"]

    @property
    def in_flight(self) -> int:
        """Rows with a request under way."""
        return self.counts["running"]


class Tally:
    """Adds up rows as they end: the bytes of all rows, and the seconds of rows that finished in this run."""

    def __init__(self) -> None:
        self.wire = 0
        """Bytes of the rows that have ended."""
        self._rate = Rate()
        self._begun_at: float | None = None
        self._ended_at: float | None = None
        self._finished_at = 0.0
        self._one_by_one = 0.0
        self._fetched = 0

    def begin(self, now: float) -> None:
        """Begin a run."""
        self._begun_at, self._ended_at = now, None
        self._finished_at, self._one_by_one, self._fetched = now, 0.0, 0

    def end(self, now: float) -> None:
        """Note the lab time at which the fetch ended."""
        self._ended_at = now

    def add(self, row: Row, now: float) -> None:
        """Count a row that has ended."""
        self.wire += row.wire
        self._fetched += row.outcome == "ok"
        if row.outcome not in ("cancelled", "deadline"):
            self._finished_at = now
            self._one_by_one += row.elapsed(now)

    def totals(
        self, counts: Mapping[RowState, int], rows: int, in_flight: Collection[Row], now: float, *, is_real_time: bool
    ) -> Totals:
        """The totals at one time, from the rows that have ended and those that are `in_flight`."""
        wire = self.wire + sum(row.wire for row in in_flight)
        begun_at = now if self._begun_at is None else self._begun_at
        took = (now if self._ended_at is None else self._ended_at) - begun_at
        rate = self._rate.at(now, wire)
        together = max(0.0, self._finished_at - begun_at) if self._fetched else 0.0
        return Totals(counts, rows, wire, rate, took, self._one_by_one, is_real_time, together)


class Rate:
    """Measures bytes per second over the last `WINDOW` seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now: float, count: int) -> float:
        """Bytes per second, given that `count` bytes have been received at time `now` in seconds."""
        seen = self._seen
        if seen and (count < seen[-1][1] or now < seen[-1][0]):
            seen.clear()
        if not seen or now > seen[-1][0]:
            seen.append((now, count))
        while len(seen) > 2 and seen[1][0] <= now - WINDOW:
            seen.popleft()
        seconds = now - seen[0][0]
        return (count - seen[0][1]) / seconds if seconds > 0 else 0.0
