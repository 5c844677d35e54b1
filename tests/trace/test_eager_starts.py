"""Tests tasks that run their first step while they are created (Python 3.12 and later)."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.model.events import Output, QueuePut, StepEnded, Stepped, StepStarted, TaskCreated, TaskEnded, TaskWaiting
from tests.trace.fast_labs import Observed, observe

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks before Python 3.12")

Make = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]


def by_class(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    task = asyncio.Task(coroutine, loop=asyncio.get_running_loop(), name="eager", eager_start=True)  # type: ignore[call-arg]
    return task  # noqa: RET504 - that it is in a variable is how it is known


def by_python_class(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    kind: Any = asyncio.tasks._PyTask  # type: ignore[attr-defined]
    return kind(coroutine, loop=asyncio.get_running_loop(), name="eager", eager_start=True)  # type: ignore[no-any-return]


def by_factory(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
    try:
        return asyncio.create_task(coroutine, name="eager")
    finally:
        asyncio.get_running_loop().set_task_factory(None)


def by_create_task(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.create_task(coroutine, name="eager", eager_start=True)  # type: ignore[call-arg]


WAYS: list[Any] = [
    by_class,
    by_python_class,
    by_factory,
    pytest.param(
        by_create_task,
        marks=pytest.mark.skipif(sys.version_info < (3, 14), reason="create_task takes no eager_start"),
    ),
]


async def silent() -> str:
    return "done"


async def suspends() -> None:
    await asyncio.sleep(1)


async def fails() -> None:
    raise ValueError("at once")


async def prints_and_sleeps() -> None:
    print("first step")
    await asyncio.sleep(1)
    print("second step")


async def yields() -> None:
    await asyncio.sleep(0)


def run(make: Make, coroutine: Callable[[], Coroutine[Any, Any, Any]]) -> Observed:
    async def main() -> None:
        await asyncio.gather(make(coroutine()), return_exceptions=True)

    return observe(main)


@pytest.mark.parametrize("make", WAYS)
def test_one_that_ends_at_once_is_born_and_ends(make: Make) -> None:
    seen = run(make, silent)
    (birth,) = (event for event in seen.of(TaskCreated) if event.task != 1)
    assert (birth.name, birth.parent) == ("eager", 1)
    assert [event.outcome for event in seen.of(TaskEnded) if event.task == birth.task] == ["done"]


@pytest.mark.parametrize("make", WAYS)
def test_how_it_fails_at_once_is_told(make: Make) -> None:
    seen = run(make, fails)
    first = seen.of(TaskEnded)[0]
    assert (first.outcome, first.detail) == ("failed", "ValueError: at once")


@pytest.mark.parametrize("make", WAYS)
def test_its_steps_lie_within_the_one_that_makes_it_and_its_prints_are_its_own(make: Make) -> None:
    seen = run(make, prints_and_sleeps)
    steps = [(type(event).__name__, event.task) for event in seen.events if isinstance(event, StepStarted | StepEnded)]
    assert steps[:4] == [("StepStarted", 1), ("StepStarted", 2), ("StepEnded", 2), ("StepEnded", 1)]
    assert [event.task for event in seen.of(Output)] == [2, 2]


@pytest.mark.parametrize("make", WAYS)
def test_a_lock_that_it_takes_in_its_first_step_is_its_own(make: Make) -> None:
    async def main() -> None:
        lock = asyncio.Lock()

        async def holds() -> None:
            async with lock:
                await asyncio.sleep(1)

        held = make(holds())
        async with lock:
            await held

    (wait,) = (event.wait for event in observe(main).of(TaskWaiting) if event.wait.kind == "lock")
    assert wait.tasks == (2,)


@pytest.mark.parametrize("make", WAYS)
def test_one_that_yields_in_its_first_step_is_ready(make: Make) -> None:
    seen = run(make, yields)
    first = next(event for event in seen.of(StepEnded) if event.task == 2)
    assert first.ready
    assert seen.task("eager").steps == 2


@pytest.mark.parametrize("make", WAYS)
def test_it_is_born_where_it_is_made(make: Make) -> None:
    birth = next(event for event in run(make, silent).of(TaskCreated) if event.task == 2)
    assert birth.file == __file__


@pytest.mark.parametrize("make", WAYS)
def test_one_that_suspends_in_silence_waits_from_then_on(make: Make) -> None:
    seen = run(make, suspends)
    birth = seen.of(TaskCreated)[1]
    assert (birth.name, birth.coroutine, birth.parent) == ("eager", "suspends", 1)
    kinds = [type(event).__name__ for event in seen.events if getattr(event, "task", None) == birth.task]
    assert kinds[:4] == ["TaskCreated", "StepStarted", "StepEnded", "TaskWaiting"]


def test_one_that_nobody_keeps_is_told_without_its_coroutine() -> None:
    async def main() -> None:
        by_class(silent())
        await asyncio.sleep(0)

    seen = observe(main)
    birth = seen.of(TaskCreated)[1]
    assert (birth.coroutine, birth.parent, birth.file) == ("", 1, __file__)
    assert [event.task for event in seen.of(TaskEnded)] == [birth.task, 1]


def test_what_the_creator_does_afterwards_is_the_creators() -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        task = by_class(prints_and_sleeps())
        queue.put_nowait(1)
        print("main")
        await task

    seen = observe(main)
    assert [event.task for event in seen.of(QueuePut)] == [1]
    assert [(event.task, event.text) for event in seen.of(Output)][:2] == [(2, "first step\n"), (1, "main\n")]


def test_one_in_another_is_its_child() -> None:
    async def outer() -> None:
        inner = by_class(silent())
        await inner

    async def main() -> None:
        await by_class(outer())

    births = [(event.task, event.parent) for event in observe(main).of(TaskCreated)]
    assert births == [(1, None), (2, 1), (3, 2)]


def test_who_asks_whether_the_loop_runs_starts_nothing() -> None:
    async def main() -> bool:
        task = asyncio.create_task(silent())
        is_running = asyncio.get_running_loop().is_running()
        await task
        return is_running

    seen = observe(main)
    assert seen.ending.value is True
    (child,) = (event for event in seen.events if isinstance(event, Stepped | StepStarted) and event.task == 2)
    assert isinstance(child, Stepped)  # a step of its own, in none of main's
