"""Adds up all rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from asynclab.fetch.rows import RowState

WINDOW = 2.0
"""Seconds over which the present rate is measured."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What all rows amount to at a moment."""

    counts: Mapping[RowState, int]
    rows: int
    wire: int
    """Bytes of bodies received, retries included."""
    rate: float
    """Bytes per second, of late."""
    took: float
    """Seconds since the run began, or that it took."""
    one_by_one: float
    """Seconds that the same would have taken one after another."""
    is_real_time: bool = True
    """Whether these are real seconds; else a clock's that was held or changed, which say nothing of speed."""

    def __repr__(self) -> str:
        """In short, as a lab shows what its main task has returned."""
        return f"<{self.ended} of {self.rows} ended, {self.counts['ok']} ok>"

    @property
    def ended(self) -> int:
        """Rows with which nothing more will happen."""
        return self.counts["ok"] + self.counts["failed"] + self.counts["cancelled"]

    @property
    def in_flight(self) -> int:
        """Rows with a request under way."""
        return self.counts["running"]


class Rate:
    """Bytes per second over the last moments, from what was read now and then."""

    def __init__(self) -> None:
        self.bytes = 0
        """What was received in the last run that has ended."""
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now: float, count: int) -> float:
        """Bytes per second.

        Args:
            now: The present moment in seconds.
            count: Bytes received up to now.
        """
        seen = self._seen
        if seen and (count < seen[-1][1] or now < seen[-1][0]):
            seen.clear()
        if not seen or now > seen[-1][0]:
            seen.append((now, count))
        while len(seen) > 2 and seen[1][0] <= now - WINDOW:
            seen.popleft()
        seconds = now - seen[0][0]
        return (count - seen[0][1]) / seconds if seconds > 0 else 0.0
