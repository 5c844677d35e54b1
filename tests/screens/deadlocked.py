"""A run in which two tasks wait for each other's lock, until a user ends it with ctrl+c."""

from collections.abc import Iterable

from asynclab.model import events as e
from asynclab.remote.wire import AnyFrame, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted

FILE = "bank.py"

CODE = """\
import asyncio

async def transfer(source, target):
    async with source:
        await asyncio.sleep(0.01)
        async with target:
            print("moved")

async def main():
    one, two = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(transfer(one, two), transfer(two, one))

asyncio.run(main())
"""

STUCK_AT = 0.011


def until_stuck(file: str = FILE) -> Iterable[e.AnyEvent]:
    """The events up to the deadlock, and the event that says that the loop is idle."""
    yield e.TaskCreated(0.0, 1, "main", "main", None, file, 13)
    for number in (1, 2):
        yield e.PrimitiveCreated(0.0, number, "lock", number)
    for task, name in ((2, "out"), (3, "back")):
        yield e.TaskCreated(0.001, task, name, "transfer", 1, file, 11)
    yield e.Stepped(0.001, 1, 0.0002)
    yield e.TaskWaiting(0.001, 1, e.Wait("gather", tasks=(2, 3), count=2, file=file, line=11))
    for task in (2, 3):
        yield e.StepStarted(0.001, task)
        yield e.PrimitiveChanged(0.001, task - 1, 1, task)
        yield e.StepEnded(0.001, task, 0.0001)
        yield e.TaskWaiting(0.001, task, e.Wait("sleep", seconds=0.01, deadline=STUCK_AT, file=file, line=5))
    for task in (2, 3):
        yield e.Stepped(STUCK_AT, task, 0.0001)
        yield e.TaskWaiting(STUCK_AT, task, e.Wait("lock", 4 - task, (5 - task,), file=file, line=6))
    yield e.Outside(0.5)


def by_ctrl_c() -> Iterable[e.AnyEvent]:
    """The events of the run's end."""
    yield e.TaskCancelRequested(2.0, 1)
    for task in (2, 3, 1):
        yield e.TaskEnded(2.001, task, "cancelled")


def other_bugs(file: str = FILE) -> Iterable[e.AnyEvent]:
    """A coroutine that nobody awaits, and a task with a likely bug."""
    yield e.CoroutineDropped(0.6, "transfer", file, 10, 1)
    yield e.TaskCreated(0.7, 4, "auditor", "audit", 1, file, 11)
    yield e.TaskCancelRequested(0.8, 4, 1)
    yield e.Stepped(0.8, 4, 0.0001)
    yield e.TaskWaiting(0.8, 4, e.Wait("sleep", seconds=9.0, deadline=9.8, file=file, line=5))
    yield e.CancelIgnored(0.8, 4, by=1)


def program(file: str = FILE, *more: e.AnyEvent) -> Iterable[AnyFrame]:
    """The same events as frames of a recorded program."""
    yield ProgramStarted("bank.py", "3.13.0", 4711, 4_000_000_000.0)
    yield LoopOpened(1, "_UnixSelectorEventLoop", 0.0)
    yield LoopEvents(1, tuple(until_stuck(file)))
    yield LoopEvents(1, more)
    yield LoopEvents(1, tuple(by_ctrl_c()))
    yield ProgramEnded(2.01, -2)
