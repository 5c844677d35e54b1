"""Runs a coroutine function in a lab on a FastLoop, and keeps the events and the state."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from asynclab.model.events import Event
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.trace import Ending, Lab
from tests.fast_loop import FastLoop, run_fast

Kind = TypeVar("Kind", bound=Event)

Main = Callable[..., Coroutine[Any, Any, Any]]


@dataclass
class Observed:
    """What was recorded of one run."""

    events: list[Event] = field(default_factory=list)
    state: LabState = field(default_factory=LabState)
    ending: Ending = field(default_factory=lambda: Ending("cancelled"))

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    def task(self, name: str) -> TaskState:
        return next(task for task in self.state.tasks.values() if task.name == name)

    def texts(self, name: str | None = None) -> list[str]:
        """The activity lines of all tasks, or of one."""
        number = None if name is None else self.task(name).id
        return [line.text for line in self.state.activity if name is None or line.task == number]


def fast_lab(**options: Any) -> Lab:
    """A lab that uses the time of the running FastLoop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastLoop)
    # Not loop.time, which is a lab's own where one runs already.
    defaults: dict[str, Any] = {"real_time": partial(getattr, loop.jumps, "now"), "watch": False, "exact": True}
    return Lab(**(defaults | options))


async def settle() -> None:
    """Wait until all ready tasks have run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def held(lab: Lab, main: Main, *args: Any) -> None:
    """Start a lab, and hold it before its first step."""
    lab.start(main, *args)
    lab.pause()
    await settle()


async def stepped(lab: Lab, task: int | None = None) -> str:
    """Make one step in a lab that is held; return its result."""
    outcome = lab.step(task)
    await settle()
    return outcome


def state_of(lab: Lab) -> LabState:
    """The state of a lab after all events so far."""
    lab.pump()
    return lab.state


def observe(main: Main, *args: Any, **options: Any) -> Observed:
    """Run `main(*args)` in a lab to its end."""
    observed = Observed()

    async def run() -> None:
        async with fast_lab(**options) as lab:
            lab.subscribe(observed.events.extend)
            observed.ending = await lab.run(main, *args)
            observed.state = lab.state

    run_fast(run())
    return observed
