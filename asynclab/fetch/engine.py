"""Fetches many URLs concurrently. A running fetch can be observed, cancelled and retried.

All tasks are in one task group. `run` starts a task for each host. A host's task starts a task for each of its URLs, as
soon as the limits allow. A URL's task makes the request, and retries it after a temporary failure.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from itertools import islice

from asynclab.fetch.attempt import Requests
from asynclab.fetch.http_session import most_requests, open_session
from asynclab.fetch.idle_connections import Connections
from asynclab.fetch.ledger import CANCELLED, OUT_OF_TIME, Ledger, reset
from asynclab.fetch.limits import Host, Limits, Slot
from asynclab.fetch.options import Options
from asynclab.fetch.outcomes import backoff
from asynclab.fetch.rows import Failure, Row
from asynclab.fetch.totals import Totals
from asynclab.fetch.urls import FoundUrl

READ_AHEAD = 5_000
"""How many rows are open at once if rows aren't kept. With fewer, a slow host's rows could fill all of them."""

FEW_FILES = "fewer requests at once than allowed: the system limits how many files a program may have open (ulimit -n)"


def task_name(number: int) -> str:
    """The name of the task that fetches the row with a number."""
    return f"fetch {number}"


class Fetch(Ledger):
    """Fetches a list of URLs.

    A lab, or `asyncio.run`, runs `run`. All other methods and attributes may be used from the same thread at any time.
    """

    def __init__(
        self,
        urls: Iterable[str | FoundUrl],
        options: Options | None = None,
        *,
        clock: Callable[[], float] | None = None,
        chance: Callable[[], float] = random.random,
        on_end: Callable[[Row], None] | None = None,
        keep_rows: bool = True,
    ) -> None:
        """Prepare to fetch; no request is made before `run`.

        Args:
            clock: Returns the time of the rows in seconds, such as `lambda: lab.now`; None for the loop's clock.
            chance: Returns a random number from 0 to 1, for the waits between attempts.
            on_end: Called with each row that has ended.
            keep_rows: Whether to make all rows now and keep them. Otherwise URLs are read only as earlier rows end, and
                a row is dropped when it ends, so memory doesn't grow with the list.
        """
        super().__init__(urls, clock, keep_rows=keep_rows)
        self.options = options or Options()
        self._chance = chance
        self._on_end = on_end
        self._queue: asyncio.Queue[Host | None] | None = None
        """Hosts that need a task, and None after the last row; the attribute is None while no run accepts rows."""
        self._deadline: asyncio.Timeout | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        """The tasks that fetch rows, by the numbers of the rows."""

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The row's number for the name of each task, if rows are kept."""
        return {task_name(row.number): row.number for row in self.rows}

    @property
    def is_running(self) -> bool:
        """Whether `run` is under way."""
        return self._queue is not None

    async def run(self) -> Totals:
        """Fetch all queued rows, and wait until they have ended; if cancelled, cancel all open rows."""
        self.now = self.clock or asyncio.get_running_loop().time
        self._tally.begin(self.now())
        self._queue = asyncio.Queue()
        self._limits = Limits(most_requests(self.options), self.options.per_host, self.options.rate)
        self._deadline = asyncio.timeout(self.options.deadline)
        try:
            connections = Connections()
            session = open_session(self.options, connections)
            async with session, self._deadline, asyncio.TaskGroup() as tasks:
                self._requests = Requests(session, connections, self.options, self)
                self._submit_all()
                await self._serve_all(self._queue, tasks)
        except (asyncio.CancelledError, TimeoutError):
            self.cancel_all()
            if not self._deadline.expired():
                raise
        finally:
            self._queue = self._deadline = None
            self._tally.end(self.now())
        return self.totals()

    def cancel(self, row: Row) -> None:
        """Cancel a row, unless it has ended."""
        task = self._tasks.get(row.number)
        if row.has_ended:
            return
        if task is None:
            self._end(row, self._why_stopped)
        else:
            task.cancel()
            row.is_stopping = True
            self.touch(row)

    def cancel_all(self) -> None:
        """Cancel all rows that have not ended."""
        unread, self._unread = self._unread, iter(())
        for row in list(self._open.values()):
            self.cancel(row)
        for row in unread:
            self._take_in(row)
            self._end(row, self._why_stopped)

    def retry(self, rows: Iterable[Row] | None = None) -> int:
        """Fetch ended rows again, now or in the next `run`; None for all that are not ok. Returns how many they are."""
        rows = [row for row in self.rows if row.state != "ok"] if rows is None else rows
        wanted = [row for row in rows if row.has_ended]
        for row in wanted:
            self._reopen(row)
            self._submit(row)
        return len(wanted)

    async def _serve_all(self, queue: asyncio.Queue[Host | None], tasks: asyncio.TaskGroup) -> None:
        """Start a task for each host in the queue, until all rows have ended."""
        serving: set[asyncio.Task[None]] = set()
        while self._open:
            host = await queue.get()
            if host is not None:
                task = tasks.create_task(self._serve(host, tasks), name=f"host {host.name or '(none)'}")
                serving.add(task)
                task.add_done_callback(serving.discard)
                task.add_done_callback(partial(self._host_ended, host))
        self._queue = None
        for task in serving:
            task.cancel()

    async def _serve(self, host: Host, tasks: asyncio.TaskGroup) -> None:
        """Start a task for each row of a host, as soon as the limits allow."""
        while host.waiting:
            slot = await self._limits.slot(host)
            row = host.next_row()
            if row is None:
                slot.release()
                break
            self._start(row, slot, tasks)
            if self._limits.has_other_hosts:
                await asyncio.sleep(0)  # hosts take turns
        host.is_served = False

    def _start(self, row: Row, slot: Slot, tasks: asyncio.TaskGroup) -> None:
        self._set_running(row)
        task = self._tasks[row.number] = tasks.create_task(self._fetch(row, slot), name=task_name(row.number))
        task.add_done_callback(partial(self._task_ended, row, slot))

    async def _fetch(self, row: Row, slot: Slot) -> None:
        """Fetch a row's URL; retry while its failure is temporary."""
        while True:
            failure = await self._requests.attempt(row)
            pause = self._heed(slot.host, failure)
            if failure is None or not self._may_retry(row, failure, slot):
                break
            slot.release()
            await self._wait(row, failure, max(pause, backoff(row.attempts, self._chance())))
            await slot.acquire()
            self._begin_again(row)
        self._end(row, failure)

    def _may_retry(self, row: Row, failure: Failure, slot: Slot) -> bool:
        """Whether to try again. If the system allows no more open files, also allow one request fewer from now on."""
        if failure.is_crowded and slot.give_up():
            row.attempts -= 1  # no request reached a server
            return True
        return failure.passes and row.attempts <= self.options.retries

    def _heed(self, host: Host, failure: Failure | None) -> float:
        """Slow down an overloaded host, or speed up one that answered; return how many seconds to wait for it."""
        if failure is None:
            host.speed_up()
            return 0.0
        if failure.outcome == "rate_limited":
            return self._limits.slow_down(host, failure.retry_after)
        return failure.retry_after or 0.0

    async def _wait(self, row: Row, failure: Failure, seconds: float) -> None:
        row.failures += (failure,)
        row.sentence = failure.sentence
        row.retry_at = self.now() + seconds
        self._set_state(row, "retrying")
        await asyncio.sleep(seconds)
        row.phases.enter("queued", self.now())

    def _begin_again(self, row: Row) -> None:
        waited = row.phases
        reset(row, failures=False)
        row.phases = waited.only_queued(self.now())
        self._set_running(row)

    def _set_running(self, row: Row) -> None:
        if self._limits.at_once < self.options.concurrency:
            row.notes += (FEW_FILES,)
        self._set_state(row, "running")

    def _task_ended(self, row: Row, slot: Slot, task: asyncio.Task[None]) -> None:
        """Clean up after a task. One that is cancelled before its first step has not done this itself."""
        slot.release()
        if self._tasks.get(row.number) is task:
            self._end(row, self._why_stopped)

    def _host_ended(self, host: Host, task: asyncio.Task[None]) -> None:
        """Cancel the rows of a host whose task was cancelled: nothing else would start them."""
        if task.cancelled():
            host.is_served = False
            while (row := host.next_row()) is not None:
                self.cancel(row)

    @property
    def _why_stopped(self) -> Failure:
        return OUT_OF_TIME if self._deadline is not None and self._deadline.expired() else CANCELLED

    def _submit_all(self) -> None:
        for row in self._open.values():
            self._submit(row)
        for row in islice(self._unread, max(0, READ_AHEAD - len(self._open))):
            self._take_in(row)
            self._submit(row)

    def _submit(self, row: Row) -> None:
        """Add a row to its host's line, and make sure that the host has a task."""
        if self._queue is not None:
            row.phases.enter("queued", self.now())
            host = self._limits.host(row.host)
            host.waiting.append(row)
            if not host.is_served:
                host.is_served = True
                self._queue.put_nowait(host)

    def _end(self, row: Row, failure: Failure | None) -> None:
        super()._end(row, failure)
        self._tasks.pop(row.number, None)
        for unread in islice(self._unread, 1):
            self._take_in(unread)
            self._submit(unread)
        if self._queue is not None and not self._open:
            self._queue.put_nowait(None)
        if self._on_end is not None:
            self._on_end(row)
