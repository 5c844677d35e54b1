"""Simulates the answers of servers for the engine, with virtual time: nothing is sent, and each run is the same."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Failure, Row
from asynclab.fetch.totals import Totals
from tests.fast_loop import run_fast

BUSY = Failure("rate_limited", "Rate limited: 429", passes=True, status=429)
BROKEN = Failure("incomplete", "Connection lost", passes=True)
NOT_FOUND = Failure("http_error", "The server answered 404", status=404)
NO_FILES = Failure("refused", "Can't connect: too many open files", passes=True, is_crowded=True)


class Played:
    """A fetch of invented URLs; the URL "a1" is on host a."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        names: Iterable[str],
        *,
        seconds: float = 1.0,
        bytes_each: int = 0,
        failures: dict[str, Sequence[Failure]] | None = None,
        keep_rows: bool = True,
        **options: Any,
    ) -> None:
        """Prepare a fetch of the URLs `names`; `failures` are those of the first attempts at each URL.

        Each attempt takes some seconds and brings some bytes.
        """
        monkeypatch.setattr("asynclab.fetch.engine.Requests", lambda *_: self)
        self.started: list[tuple[float, str]] = []
        """The time of each attempt."""
        self.ended: list[str] = []
        """The rows that have ended, in order."""
        self.most_open = 0
        """The most rows that were queued or in flight at one time."""
        self.seconds = seconds
        self._bytes = bytes_each
        self._failures = {name: list(left) for name, left in (failures or {}).items()}
        urls = (f"http://{name[0]}/{name}" for name in names)
        self.fetch = Fetch(
            urls,
            Options(**options),
            chance=lambda: 0.0,
            on_end=lambda row: self.note_end(row),
            keep_rows=keep_rows,
        )

    def run(self) -> Totals:
        """Fetch to the end; each run has its own loop."""
        return run_fast(self.fetch.run())

    def run_beside(self, *actions: Any) -> Totals:
        """Fetch, and call functions in the meantime: `actions` are pairs of seconds and a function."""

        async def both() -> Totals:
            for at, action in actions:
                asyncio.get_running_loop().call_at(at, action)
            return await self.fetch.run()

        return run_fast(both())

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.started]

    @property
    def outcomes(self) -> list[str | None]:
        return [row.outcome for row in self.fetch.rows]

    async def attempt(self, row: Row) -> Failure | None:
        """Simulate one attempt, and note in the row what a real attempt notes."""
        name, now = row.url.rpartition("/")[2], asyncio.get_running_loop().time()
        self.started.append((round(now, 3), name))
        row.attempts += 1
        row.attempt_at = now
        row.started_at = now if row.started_at is None else row.started_at
        counts = self.fetch.counts
        self.most_open = max(self.most_open, counts["queued"] + counts["running"] + counts["retrying"])
        await asyncio.sleep(self.seconds)
        row.wire += self._bytes
        left = self._failures.get(name)
        return left.pop(0) if left else None

    def note_end(self, row: Row) -> None:
        self.ended.append(row.url.rpartition("/")[2])
