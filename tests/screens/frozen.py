"""A lab that never changes: its state is made from the events in this file."""

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from asynclab.curriculum.catalogue import Demo, find
from asynclab.model import events as e
from asynclab.model.events import Event, Wait
from asynclab.model.source import Control
from tests.sources import ToldSource


class FrozenLab(ToldSource):
    """A lab that never changes: it can be started and accepts commands, but they have no effect."""

    _is_closed = False

    def __init__(self, events: Iterable[Event], now: float) -> None:
        super().__init__(events, now)
        self._cancelled = asyncio.Event()

    @property
    def is_running(self) -> bool:
        return self.state.outcome is None and not self._is_closed

    @property
    def control(self) -> Control:
        return self

    def start(self, main: object, /, **values: object) -> None:
        """Do nothing, since all events have happened already."""

    def sample(self, first: Iterable[int] = (), selected: int | None = None, /) -> None:
        """Do nothing, since there are no tasks to sample."""

    def cancel(self) -> None:
        self._cancelled.set()

    def ignore(self, *arguments: object) -> None:
        """Do nothing, whatever is asked."""

    pause = resume = step = run_to_event = set_speed = run_instantly = cancel_task = was_stopped = ignore

    async def wait(self) -> None:
        await self._cancelled.wait()

    async def close(self) -> None:
        self._is_closed = True


def frozen_monitor() -> Any:
    """A loop monitor with fixed measurements."""
    lags = [0.0004, 0.0003, 0.0011, 0.0004, 0.0052, 0.0004, 0.0003, 0.0009, 0.0004, 0.0004, 0.0021, 0.0004]
    return SimpleNamespace(lags=lags, stop=lambda: None)


def line_with(demo: Demo, text: str) -> int:
    """The number of the first line in a demo's file that contains a text."""
    return next(number for number, line in enumerate(demo.source.splitlines(), 1) if text in line)


def queue_history() -> Iterable[Event]:
    """A full queue: the producer waits to put, one consumer is ready, one sleeps, and a deadline is near."""
    demo = find("queue")
    file = str(demo.path)
    put, get, sleep = (
        line_with(demo, text) for text in ("await queue.put(number)", "await queue.get()", "await asyncio.sleep")
    )
    main = line_with(demo, "asyncio.gather")
    yield e.RunStarted(0.0, "queue", 4_000_000_000.0, "3.13.0")  # later than any change of the demo's file
    yield e.TaskCreated(0.0, 1, "main", "main")
    yield e.StepStarted(0.0, 1)
    yield e.QueueCreated(0.0001, 1, "Queue", 3)
    for task, name in ((2, "producer-1"), (3, "consumer-1"), (4, "consumer-2")):
        yield e.TaskCreated(0.0002, task, name, name.split("-")[0], 1, file, main)
        yield e.TaskReady(0.0002, task, "created", 1)
    yield e.TimeoutStarted(0.0003, 1, 4.0, 1)
    yield e.StepEnded(0.0004, 1, 0.00018)
    yield e.TaskWaiting(0.0004, 1, Wait("gather", tasks=(2,), count=1, file=file, line=main))
    for task in (3, 4):
        yield e.StepStarted(0.0005, task)
        yield e.StepEnded(0.0006, task, 0.0001)
        yield e.TaskWaiting(0.0006, task, Wait("queue.get", 1, file=file, line=get))
    for number, size in ((1, 1), (2, 1), (3, 2), (4, 3)):
        at = number * 0.25
        yield e.TaskReady(at, 2, "timer")
        yield e.StepStarted(at, 2)
        yield e.Output(at + 0.001, f"Producing {number}\n", 2)
        yield e.QueuePut(at + 0.001, 1, f"{number}", size, number, 2)
        yield e.Progressed(at + 0.001, 2, number, 9)
        yield e.StepEnded(at + 0.002, 2, 0.00021)
        if number == 1:
            yield e.TaskReady(at + 0.002, 3, "task", 2)
            yield e.StepStarted(at + 0.003, 3)
            yield e.QueueGot(at + 0.003, 1, "1", 0, 1, 0, 3)
            yield e.StepEnded(at + 0.004, 3, 0.0003)
            yield e.TaskWaiting(at + 0.004, 3, Wait("sleep", seconds=2.0, deadline=at + 2.004, file=file, line=sleep))
    yield e.TaskWaiting(1.26, 2, Wait("queue.put", 1, file=file, line=put))
    yield e.TaskReady(1.5, 4, "task", 2)


def frozen_lab(history: Iterable[Event], now: float) -> Any:
    """A lab in which these events have happened; `now` is the lab time in seconds."""
    return FrozenLab(history, now)
