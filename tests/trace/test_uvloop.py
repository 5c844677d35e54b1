"""Tests what is observed on uvloop's loops, and that the program runs as without."""

import asyncio
from typing import Any

import pytest

from asynclab.model.events import QueueGot, QueuePut, TaskCreated, TaskWaiting
from asynclab.model.fold import fold
from asynclab.model.state import LabState
from asynclab.trace.process import observe_process
from tests.remote.programs import observed, plainly

uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")

PROGRAM = """
import asyncio, sys, uvloop
async def holds(lock):
    async with lock:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
async def fails():
    raise ValueError("as it should")
async def main():
    lock = asyncio.Lock()
    await asyncio.gather(holds(lock), holds(lock), fails(), return_exceptions=True)
    print(*sorted(task.get_name() for task in asyncio.all_tasks()), type(asyncio.get_running_loop()).__name__)
    await fails()
uvloop.run(main())
"""


async def program() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    lock = asyncio.Lock()
    async with lock:
        getter = asyncio.create_task(queue.get(), name="getter")
        wants = asyncio.create_task(lock.acquire(), name="wants")
        await asyncio.sleep(0.001)
        queue.put_nowait(7)
        assert await getter == 7
    await wants


def test_births_steps_waits_and_queues_are_seen() -> None:
    before = {name: value for name, value in vars(uvloop.Loop).items()}  # noqa: C416 - a view would change
    observation = observe_process()
    uvloop.run(program())
    (recording,) = observation.recorders
    events = recording.take_events()
    observation.stop()
    assert dict(vars(uvloop.Loop)) == before
    assert recording.kind == "uvloop.Loop"
    state = LabState()
    fold(state, events)
    tasks = {task.name: task for task in state.tasks.values()}
    assert {name: (task.state, task.steps) for name, task in tasks.items() if name in ("getter", "wants")} == {
        "getter": ("done", 2),
        "wants": ("done", 2),
    }
    born = next(event for event in events if isinstance(event, TaskCreated) and event.name == "getter")
    assert (born.file, born.parent is not None) == (__file__, True)
    waits = {state.task_name(event.task): event.wait for event in events if isinstance(event, TaskWaiting)}
    assert waits["getter"].kind == "queue.get"
    assert (waits["wants"].kind, waits["wants"].tasks) == ("lock", (born.parent,))
    assert tasks["getter"].waker == born.parent
    assert len([event for event in events if isinstance(event, QueuePut | QueueGot)]) == 2


def test_a_loop_that_runs_already_is_adopted_and_left_as_it_was() -> None:
    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        lock, complete = asyncio.Lock(), loop.create_future()
        await lock.acquire()
        wants = asyncio.create_task(lock.acquire(), name="wants")
        await asyncio.sleep(0)
        observation = observe_process()
        loop.call_soon(lambda: observation.adopt(loop).look_on(lambda: complete.set_result(None)))
        await complete
        state = LabState()
        fold(state, observation.recorders[0].take_events())
        lock.release()
        await wants
        fold(state, observation.recorders[0].take_events())
        (task,) = (task for task in state.tasks.values() if task.name == "wants")
        assert (task.found, task.state, task.waited_for) == (True, "done", "lock")
        observation.stop()
        assert not hasattr(loop, "_asynclab_tasks")

    uvloop.run(main())


def test_a_program_that_imports_it_runs_the_same_and_what_is_not_seen_is_said() -> None:
    plain, watched = plainly("-c", PROGRAM), observed("-c", PROGRAM)
    assert plain.alike == watched.alike
    assert plain.code == 1
    assert "ValueError: as it should" in plain.err
    (line,) = (line for line in watched.report if "not seen" in line)
    assert "deadlines of timers" in line
