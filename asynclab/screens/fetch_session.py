"""The list that is fetched now: its engine, its lab, and the way from one run to the next."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from asynclab.fetch.engine import Fetch
from asynclab.screens.runs import SPEEDS, LabFactory
from asynclab.trace import Lab

if TYPE_CHECKING:
    from asynclab.fetch.options import Options
    from asynclab.fetch.rows import Row
    from asynclab.fetch.urls import FoundUrl
    from asynclab.model.state import LabState


class FetchSession:
    """One list at a time in one lab at a time: the one before is cancelled, and its clean-up awaited, first."""

    def __init__(self, make_lab: LabFactory = Lab) -> None:
        self.fetch: Fetch | None = None
        """What fetches, or fetched; None before the first start."""
        self.targets: tuple[str, ...] = ()
        """The URLs that were to be fetched last."""
        self.lab: Lab | None = None
        """The lab that it runs in, or ran in last."""
        self.speed = 1.0
        """Lab seconds per real second."""
        self.runs = 0
        """How many runs were begun."""
        self._make_lab = make_lab
        self._wanted: tuple[Fetch, bool] | None = None
        self._asked = asyncio.Event()
        self._driver: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether something is being fetched."""
        return self.lab is not None and self.lab.is_running

    @property
    def is_active(self) -> bool:
        """Whether it runs, is about to, or is cleaning up."""
        return self._driver is not None and not self._driver.done()

    @property
    def now(self) -> float:
        """Seconds of the lab; 0 before the first start."""
        return 0.0 if self.lab is None else self.lab.now

    @property
    def state(self) -> LabState | None:
        """What the lab's tasks do; asked for at each frame, so that events are folded few at a time."""
        return None if self.lab is None else self.lab.state

    def start(
        self, urls: Sequence[FoundUrl], options: Options, *, keep: Iterable[int] = (), paused: bool = False
    ) -> None:
        """Fetch a list, in place of the one before; returns at once.

        Args:
            urls: What to fetch.
            options: How.
            keep: The numbers of the URLs whose whole bodies are kept.
            paused: Whether to hold it before its first step.
        """
        fetch = Fetch(urls, options)
        fetch.keep(keep)
        self.targets = tuple([url.url for url in urls])
        self._begin(fetch, paused=paused)

    def retry(self, rows: Iterable[Row]) -> None:
        """Fetch rows again that have ended; while others are still fetched, among these."""
        if self.fetch is None:
            return
        is_under_way = self.fetch.is_running
        if self.fetch.retry(rows) and not is_under_way:
            self._begin(self.fetch)

    def cancel(self) -> None:
        """Ask everything to stop; it cleans up."""
        self._wanted = None
        if self.lab is not None and self.lab.is_running:
            self.lab.cancel()

    def change_speed(self, steps: int) -> None:
        """Go some steps along `SPEEDS`, now and for later runs."""
        place = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, place + steps))]
        if self.lab is not None and self.lab.is_running:
            self.lab.set_speed(self.speed)

    def run_instantly(self) -> None:
        """Skip all waiting, but for the network."""
        if self.lab is not None and self.lab.is_running:
            self.lab.run_instantly()

    def keep(self, number: int | None) -> None:
        """Keep the whole body of this URL and of no other, where it is still to be downloaded."""
        if self.fetch is not None and number is not None and self.fetch.kept != {number}:
            self.fetch.keep([number])

    async def close(self) -> None:
        """Cancel everything and wait until it has cleaned up, as long as a lab allows."""
        self.cancel()
        self._asked.set()
        if self._driver is not None:
            await asyncio.wait([self._driver])

    def _begin(self, fetch: Fetch, *, paused: bool = False) -> None:
        self._wanted = (fetch, paused)
        self._asked.set()
        if not self.is_active:
            # In no lab's context and no widget's: it outlives whoever asked.
            self._driver = asyncio.create_task(self._drive(), name="run fetch", context=contextvars.Context())

    async def _drive(self) -> None:
        while self._wanted is not None:
            (fetch, paused), self._wanted = self._wanted, None
            self._asked.clear()
            await self._run(fetch, paused)

    async def _run(self, fetch: Fetch, paused: bool) -> None:
        lab = self._make_lab("fetch", speed=self.speed, instant=False)
        fetch.clock = lambda: lab.now
        lab.start(fetch.run)
        if paused:
            lab.pause()
        self.fetch, self.lab = fetch, lab
        self.runs += 1
        ending = asyncio.ensure_future(lab.wait())
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait((ending, asked), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ending, asked):
                task.cancel()
            await lab.close()
