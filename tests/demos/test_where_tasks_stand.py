"""Tests, at every step of every demo, that the reported line of each task is the line of its coroutine."""

import asyncio
import contextlib
from asyncio import Task
from collections.abc import AsyncIterator
from typing import Any

import pytest

from asynclab.curriculum.catalogue import DEMOS, Demo
from asynclab.curriculum.demo_parameters import Value, fill_urls
from asynclab.practice.server import PracticeServer
from asynclab.trace import Lab

LEAVES_OPEN = {"forget_close"}
"""Its session is closed by nobody, and the garbage collector would complain of it in another test."""

QUICK: dict[str, Value] = {"block": True, "seconds": 0.0}
"""The demo that blocks the loop does so for no time at all."""

MISTAKES: list[tuple[Demo, dict[str, Value]]] = [
    (demo, QUICK if mistake.name in QUICK else {mistake.name: True})
    for demo in DEMOS
    for mistake in demo.mistakes
    if mistake.name not in LEAVES_OPEN
]
CASES = [*((demo, dict[str, Value]()) for demo in DEMOS), *MISTAKES]

MOST_STEPS = 2_000


def line_in(task: Task[Any], file: str) -> int | None:
    """The innermost line of a file at which a suspended task stands, found in another way than the lab's."""
    awaitable: Any = task.get_coro()
    if awaitable.cr_await is None and not awaitable.cr_suspended:
        return None  # it has not begun
    found = None
    while awaitable is not None:
        frame = getattr(awaitable, "cr_frame", None) or getattr(awaitable, "gi_frame", None)
        if frame is not None and frame.f_code.co_filename == file:
            found = frame.f_lineno
        awaitable = getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)
    return found


@contextlib.asynccontextmanager
async def held(demo: Demo, values: dict[str, Value]) -> AsyncIterator[Lab]:
    async with PracticeServer(pace=0) as server, Lab(demo.name) as lab:
        lab.start(demo.load(), **fill_urls(demo.parameters, demo.arguments({}) | values, server.pages))
        lab.pause()
        yield lab


async def settle() -> None:
    """Let a step run, and what has come from outside arrive."""
    for _ in range(3):
        await asyncio.sleep(0)


async def stepped(lab: Lab) -> bool:
    """Run the next step once there is one; False where none is left, or main has ended."""
    for _ in range(1_000_000):
        taken = lab.step()
        if taken != "outside":
            await settle()
            return taken != "nothing" and lab.paused
        await asyncio.sleep(0)
    raise AssertionError("nothing comes from outside")


def check(lab: Lab, demo: Demo) -> int:
    """Compare what the lab says of each task with what its coroutine says; how many it says something of."""
    lab.sample()
    lab.pump()
    tasks = lab.state.tasks
    assert lab.tasks().keys() == {number for number, known in tasks.items() if not known.has_ended}
    for number, task in lab.tasks().items():
        known, line = tasks[number], line_in(task, str(demo.path))
        if known.steps:
            assert known.place == (None if line is None else (str(demo.path), line)), known
        else:
            code = task.get_coro().cr_code  # type: ignore[union-attr]
            begins_in_demo = known.place is not None and known.place[1] in {at for _, _, at in code.co_lines()}
            assert begins_in_demo == (code.co_filename == str(demo.path))
    assert all(known.place is None for known in tasks.values() if known.has_ended)
    return sum(known.place is not None for known in tasks.values())


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize(("demo", "values"), CASES, ids=["-".join([demo.name, *values]) for demo, values in CASES])
async def test_its_tasks_stand_where_the_lab_says(demo: Demo, values: dict[str, Value]) -> None:
    placed = steps = 0
    async with held(demo, values) as lab:
        await settle()
        placed += check(lab, demo)
        while await stepped(lab):
            placed += check(lab, demo)
            steps += 1
            assert steps < MOST_STEPS
    assert placed
