"""Fetches many URLs concurrently, and can be watched, cancelled and asked again while it does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextvars import Context, copy_context

from asynclab.fetch.attempt import Requests, reset
from asynclab.fetch.crew import Crew
from asynclab.fetch.http_session import open_session
from asynclab.fetch.idle import hand_over
from asynclab.fetch.jobs import CANCELLED, OUT_OF_TIME, TASK_NAME, Job, Run, conclude, new_row, state_of
from asynclab.fetch.options import Options
from asynclab.fetch.retry import backoff
from asynclab.fetch.rows import STATES, Failure, Row, RowState
from asynclab.fetch.slots import Slots
from asynclab.fetch.totals import Rate, Totals
from asynclab.fetch.urls import FoundUrl


class Fetch:
    """A list of URLs being fetched.

    `run` is what a lab, or `asyncio.run`, runs. The rest may be read and called from the same thread at any time.
    """

    def __init__(
        self,
        urls: Iterable[str | FoundUrl],
        options: Options | None = None,
        *,
        clock: Callable[[], float] | None = None,
        chance: Callable[[], float] = random.random,
        on_end: Callable[[Row], None] | None = None,
    ) -> None:
        """Prepare to fetch; nothing happens before `run`.

        Args:
            urls: What to fetch.
            options: How.
            clock: Tells the seconds in which rows count, such as `lambda: lab.now`; the loop's own where it is None.
            chance: Tells a random number from 0 to 1, for the waits between attempts.
            on_end: Called with each row that has ended.
        """
        self.options = options or Options()
        self.rows: Sequence[Row] = [new_row(number, url) for number, url in enumerate(urls, start=1)]
        self.version = 0
        """Grows with every change of any row; the row then has this version."""
        self.clock = clock
        self.keeps_real_time: Callable[[], bool] = lambda: True
        """Whether that clock has told real seconds ever since the run began."""
        self._chance = chance
        self._on_end = on_end
        self._counts: dict[RowState, int] = dict.fromkeys(STATES, 0) | {"queued": len(self.rows)}
        self._jobs: dict[int, Job] = {}
        self._kept: frozenset[int] = frozenset()
        self._run: Run | None = None
        self._rate = Rate()
        self._begun_at: float | None = None
        self._ended_at: float | None = None
        self._alone = 0.0
        """Seconds that the rows that have ended took, one after another."""

    @property
    def is_running(self) -> bool:
        """Whether `run` is under way."""
        return self._run is not None

    @property
    def counts(self) -> Mapping[RowState, int]:
        """How many rows are in each state."""
        return self._counts

    @property
    def in_flight(self) -> Collection[Row]:
        """The rows that have been begun and have not ended."""
        return [job.row for job in self._jobs.values() if job.task is not None]

    def now(self) -> float:
        """The present moment on the clock of the rows; 0 before the first run."""
        return self.clock() if self.clock is not None else 0.0

    def totals(self, now: float | None = None) -> Totals:
        """What all rows amount to.

        Args:
            now: The present moment on the clock of the rows.
        """
        now = self.now() if now is None else now
        wire = self._run.requests.wire if self._run is not None else self._rate.bytes
        end = now if self._ended_at is None else self._ended_at
        took = 0.0 if self._begun_at is None else end - self._begun_at
        alone = self._alone + sum(row.elapsed(now) for row in self.in_flight)
        rate, is_real = self._rate.at(now, wire), self.keeps_real_time()
        return Totals(dict(self._counts), len(self.rows), wire, rate, took, alone, is_real)

    @property
    def kept(self) -> frozenset[int]:
        """The numbers of the rows whose whole bodies are kept."""
        return self._kept

    def keep(self, numbers: Iterable[int]) -> None:
        """Keep the whole bodies of these rows, when they are downloaded from now on, and of no others."""
        self._kept = frozenset(numbers)
        for row in self.rows:
            if row.body is not None and row.number not in self._kept:
                row.body = None
                self._touch(row)

    def cancel(self, row: Row) -> None:
        """Stop one row; nothing happens where it has ended."""
        self._in_context(self._stop, [row], CANCELLED)

    def cancel_all(self) -> None:
        """Stop all that has not ended."""
        self._in_context(self._stop, list(self.rows), CANCELLED)

    def retry(self, rows: Iterable[Row] | None = None) -> int:
        """Fetch rows that have ended once more: now, or in the next `run` where none is under way.

        Args:
            rows: Which; all that are not ok where it is None.

        Returns:
            How many.
        """
        wanted = [row for row in (self.rows if rows is None else rows) if row.has_ended]
        if rows is None:
            wanted = [row for row in wanted if row.state != "ok"]
        self._in_context(self._again, wanted)
        return len(wanted)

    async def run(self) -> Totals:
        """Fetch all rows that are queued, and wait until all have ended.

        A cancellation cancels what has not ended.
        """
        loop = asyncio.get_running_loop()
        self.clock = self.clock or loop.time
        queued = [row for row in self.rows if row.state == "queued"]
        self._begun_at, self._ended_at, self._alone = self.clock(), None, 0.0
        try:
            async with (
                open_session(self.options) as session,
                Crew() as crew,
            ):
                inside, outside = copy_context(), Context()
                slots = Slots(
                    self.options.concurrency,
                    self.options.per_host,
                    self.options.rate,
                    lambda is_idle: hand_over(session.connector, outside if is_idle else inside),
                )
                requests = Requests(
                    session, self.options, self.clock, self._touch, lambda row: row.number in self._kept
                )
                self._run = Run(crew, slots, requests, asyncio.Event(), copy_context(), self._begin)
                for row in queued:
                    self._submit(row)
                await self._wait_for_all(self._run)
        finally:
            self._ended_at = self.clock()
            if self._run is not None:
                self._run.slots.close()
                self._rate.bytes = self._run.requests.wire
                self._run = None
        return self.totals()

    async def _wait_for_all(self, run: Run) -> None:
        try:
            async with asyncio.timeout(self.options.deadline):
                while self._jobs:
                    run.all_ended.clear()
                    await run.all_ended.wait()
        except TimeoutError:
            self._stop(list(self.rows), OUT_OF_TIME)
        except asyncio.CancelledError:
            self._stop(list(self.rows), CANCELLED)
            raise
        finally:
            run.is_ending = True

    def _in_context(self, action: Callable[..., None], *args: object) -> None:
        """Act as code inside the run, whoever asks: tasks begun now belong to its lab, and time is the lab's."""
        if self._run is None:
            action(*args)
        else:
            self._run.context.copy().run(action, *args)

    def _submit(self, row: Row) -> None:
        assert self._run is not None
        job = self._jobs[row.number] = Job(row)
        row.phases.enter("queued", self.now())
        job.ticket = self._run.slots.submit(row.host, self._run.begin, job)

    def _begin(self, job: Job) -> None:
        """Make a task for a row that has got a slot."""
        assert self._run is not None
        if self._run.is_ending:
            return
        job.has_slot = True
        self._set_state(job.row, "running")
        name = f"{TASK_NAME}{job.row.number}"
        job.task = self._run.crew.begin(self._fetch(job), name, lambda: self._task_ended(job))

    async def _fetch(self, job: Job) -> None:
        assert self._run is not None
        row, requests = job.row, self._run.requests
        while (failure := await requests.attempt(row)) is not None and self._may_retry(row, failure):
            await self._wait_for_retry(job, failure)
        if failure is None:
            self._run.slots.went_well(row.host)
        elif failure.outcome == "rate_limited":
            self._run.slots.slow_down(row.host, failure.retry_after)
        self._end(row, failure)

    def _may_retry(self, row: Row, failure: Failure) -> bool:
        return failure.passes and row.attempts <= self.options.retries

    async def _wait_for_retry(self, job: Job, failure: Failure) -> None:
        """Leave the slot to others for a while, and get one again."""
        assert self._run is not None
        row, slots = job.row, self._run.slots
        wait = max(backoff(row.attempts, self._chance()), failure.retry_after or 0.0)
        if failure.outcome == "rate_limited":
            wait = max(wait, slots.slow_down(row.host, failure.retry_after))
        row.failures += (failure,)
        row.sentence = failure.sentence
        row.retry_at = self.now() + wait
        self._set_state(row, "retrying")
        job.has_slot = False
        slots.release(row.host)
        await asyncio.sleep(wait)
        row.phases.enter("queued", self.now())
        await slots.acquire(row.host)
        job.has_slot = True
        waited = row.phases
        reset(row, failures=False)
        row.phases = waited.only_queued(self.now())
        self._set_state(row, "running")

    def _task_ended(self, job: Job) -> None:
        """Give back the slot; a task that was cancelled, perhaps before its first step, ends its row here."""
        assert self._run is not None
        if not job.row.has_ended:
            self._end(job.row, job.stopped_by)
        self._jobs.pop(job.row.number, None)
        if job.has_slot:
            self._run.slots.release(job.row.host)
        self._look_whether_all_ended()

    def _stop(self, rows: Sequence[Row], failure: Failure) -> None:
        for row in rows:
            job = self._jobs.get(row.number)
            if row.has_ended:
                continue
            if job is not None and job.task is not None:
                job.stopped_by = failure
                job.task.cancel()
                row.is_stopping = True
                self._touch(row)
                continue
            if job is not None and job.ticket is not None:
                job.ticket.withdrawn = True
            self._jobs.pop(row.number, None)
            self._end(row, failure)
        self._look_whether_all_ended()

    def _again(self, rows: Sequence[Row]) -> None:
        for row in rows:
            reset(row, failures=True)
            self._set_state(row, "queued")
            if self._run is not None and not self._run.is_ending:
                self._submit(row)

    def _look_whether_all_ended(self) -> None:
        if self._run is not None and not self._jobs:
            self._run.all_ended.set()

    def _end(self, row: Row, failure: Failure | None) -> None:
        now = self.now()
        outcome = conclude(row, failure, now, in_real_time=self.keeps_real_time())
        self._alone += row.elapsed(now)
        self._set_state(row, state_of(outcome))
        if self._on_end is not None:
            self._on_end(row)

    def _set_state(self, row: Row, state: RowState) -> None:
        self._counts[row.state] -= 1
        self._counts[state] += 1
        row.state = state
        self._touch(row)

    def _touch(self, row: Row) -> None:
        self.version += 1
        row.version = self.version
