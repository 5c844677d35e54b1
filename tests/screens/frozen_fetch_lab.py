"""The lab of a fetch that is held in the middle: the events of its tasks are in this file."""

from collections.abc import Iterator

from asynclab.model import events as e
from asynclab.model.events import Event, Wait

HELD_AT = 1.42
"""Lab seconds."""

PATH = "/asynclab/fetch/engine.py"

CODE = """\
async def _fetch(self, job):
    row, requests = job.row, self._run.requests
    while (failure := await requests.attempt(row)) and self._may_retry(row, failure):
        await self._wait_for_retry(job, failure)
    self._end(row, failure)


async def _wait_for_retry(self, job, failure):
    row, slots = job.row, self._run.slots
    slots.release(row.host)
    await asyncio.sleep(backoff(row.attempts))
    await slots.acquire(row.host)


async def _wait_for_all(self, run):
    while self._jobs:
        run.all_ended.clear()
        await run.all_ended.wait()
"""
"""The code of its tasks; the engine's own code changes too often for snapshots."""

ATTEMPT, RETRY, ALL = 3, 11, 18
"""The lines at which the tasks wait."""

NETWORK = Wait("library", library="aiohttp", file=PATH, line=ATTEMPT)


def lab_history() -> list[Event]:
    """The events in order."""
    return sorted(_happened(), key=lambda event: event.at)


def _happened() -> Iterator[Event]:
    """Six URLs: one is done, one cancelled, one waits for its retry, one has its answer, the others wait for theirs."""
    yield e.RunStarted(0.0, "fetch", 4_000_000_000.0, "3.13.0")
    yield e.TaskCreated(0.0, 1, "run", "Fetch.run")
    yield e.StepStarted(0.001, 1)
    yield e.PrimitiveCreated(0.002, 1, "event", 1)
    for number in range(1, 7):
        yield e.TaskCreated(0.002, number + 1, f"fetch {number}", "Fetch._fetch", 1, PATH, ALL)
    yield e.StepEnded(0.004, 1, 0.0021)
    yield e.TaskWaiting(0.004, 1, Wait("event", 1, file=PATH, line=ALL))
    for task in range(2, 8):
        at = 0.004 + task / 1000
        yield e.StepStarted(at, task)
        yield e.TimeoutStarted(at, task, 30.0 + at, task)
        yield e.StepEnded(at + 0.0008, task, 0.0008)
        yield e.TaskWaiting(at + 0.0008, task, NETWORK)
    yield from _answers(0.31, 2, 48_200)
    yield e.TimeoutMet(0.312, 2)
    yield e.TaskEnded(0.312, 2, "done", "None")
    yield e.StepEnded(0.3125, 2, 0.0021)
    for number, at in enumerate((0.42, 0.66, 0.93, 1.2), 1):
        yield from _answers(at, 4, 1_000_000 * number, 6_000_000)
        yield e.StepEnded(at + 0.002, 4, 0.0019)
        yield e.TaskWaiting(at + 0.002, 4, NETWORK)
    yield e.TaskCancelRequested(0.8, 5)
    yield e.TaskReady(0.8, 5, "cancel")
    yield e.StepStarted(0.801, 5)
    yield e.TimeoutMet(0.801, 5)
    yield e.TaskEnded(0.801, 5, "cancelled", "")
    yield e.StepEnded(0.8012, 5, 0.0002)
    yield e.TaskReady(1.0, 6, "callback")
    yield e.StepStarted(1.001, 6)
    yield e.TimeoutMet(1.001, 6)
    yield e.StepEnded(1.0015, 6, 0.0005)
    yield e.TaskWaiting(1.0015, 6, Wait("sleep", seconds=3.2, deadline=4.2015, file=PATH, line=RETRY))
    yield e.TaskReady(1.418, 3, "callback")
    yield e.ClockChanged(HELD_AT, True, 1.0, False)
    yield e.TaskHeld(HELD_AT, 3)


def _answers(at: float, task: int, received: int, total: int | None = None) -> Iterator[Event]:
    """Bytes from the network wake a task."""
    yield e.TaskReady(at, task, "callback")
    yield e.StepStarted(at + 0.001, task)
    yield e.Progressed(at + 0.001, task, received, total, "B")
