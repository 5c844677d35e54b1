"""Tests the lines where the tasks of a paused lab are suspended, in any state."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from copy import copy
from typing import Any

from asynclab.model.events import StackFrame, TaskStands
from asynclab.model.tasks import TaskState
from asynclab.trace import Lab
from tests.fast_loop import run_fast
from tests.trace.fast_labs import fast_lab, settle, state_of

HERE = __file__


@asynccontextmanager
async def held(main: Callable[[], Coroutine[Any, Any, Any]], steps: int) -> AsyncIterator[Lab]:
    """A lab that is held after so many steps of its tasks, and that was looked at."""
    async with fast_lab() as lab:
        lab.start(main)
        lab.pause()
        await settle()
        for _ in range(steps):
            lab.step()
            await settle()
        lab.sample()
        yield lab


def task_after(main: Callable[[], Coroutine[Any, Any, Any]], steps: int) -> TaskState:
    """Main as it is known after so many steps, and after a look at all its frames."""

    async def run() -> TaskState:
        async with held(main, steps) as lab:
            lab.sample(selected=1)
            return copy(state_of(lab).tasks[1])  # as it is now: the lab goes on to its end

    return run_fast(run())


def lines_below(function: Callable[..., Any], by: int) -> tuple[str, int]:
    """The place so many lines below a function's first."""
    return HERE, function.__code__.co_firstlineno + by


async def yields() -> None:
    await asyncio.sleep(0)


def test_a_task_that_has_not_begun_stands_at_its_first_line() -> None:
    def unchanged(function: Any) -> Any:
        return function

    @unchanged
    async def main(
        cups: int = 1,
    ) -> None:
        await asyncio.sleep(cups)

    task = task_after(main, 0)
    assert (task.state, task.place) == ("ready", lines_below(main, 4))


def test_a_task_that_asked_for_another_turn_stands_where_it_asked() -> None:
    async def main() -> None:
        await yields()
        await yields()

    task = task_after(main, 1)
    assert (task.state, task.place) == ("ready", lines_below(yields, 1))
    assert [frame.line for frame in task.stands.frames if frame.line] == [  # type: ignore[union-attr]
        lines_below(main, 1)[1],
        lines_below(yields, 1)[1],
    ]


def test_a_task_that_was_woken_stands_where_it_waited() -> None:
    async def main() -> None:
        await asyncio.sleep(1)

    task = task_after(main, 2)  # the second step is a jump to the timer
    assert (task.state, task.place) == ("ready", lines_below(main, 1))


def test_frames_of_a_library_are_one() -> None:
    async def main() -> None:
        await asyncio.wait_for(yields(), None)

    stands = task_after(main, 1).stands
    assert stands is not None
    assert [(frame.function.rpartition(".")[2], frame.library, frame.count) for frame in stands.frames] == [
        ("main", "", 1),
        ("wait_for", "asyncio", 1),
        ("yields", "", 1),
        ("sleep", "asyncio", 2),
    ]


def test_a_very_long_chain_is_cut_in_the_middle() -> None:
    async def main(depth: int = 100) -> None:
        await (main(depth - 1) if depth else asyncio.sleep(1))

    task = task_after(main, 1)
    assert task.stands is not None
    assert len(task.stands.frames) == 41
    assert sum(frame.count for frame in task.stands.frames) == 102
    assert task.place == lines_below(main, 1)


def test_a_chain_too_long_to_be_followed_is_told_to_be_hidden() -> None:
    async def main(depth: int = 600) -> None:
        await (main(depth - 1) if depth else asyncio.sleep(1))

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 5_000)
    try:
        task = task_after(main, 1)
    finally:
        sys.setrecursionlimit(limit)
    assert task.stands is not None
    assert (task.stands.opaque, task.place) == (True, None)


def test_an_async_generator_is_seen_through() -> None:
    async def numbers() -> AsyncIterator[int]:
        await asyncio.sleep(5)
        yield 1

    async def main() -> None:
        async for _ in numbers():
            pass

    task = task_after(main, 1)
    assert task.stands is not None
    assert (task.place, task.stands.opaque) == (lines_below(numbers, 1), False)
    assert [frame.function.rpartition(".")[2] for frame in task.stands.frames] == ["main", "numbers", "sleep"]


def test_an_awaitable_that_runs_code_of_its_own_is_not_seen_through() -> None:
    class Hidden:
        def __init__(self) -> None:
            self.inner = asyncio.sleep(5).__await__()

        def __await__(self) -> Any:
            return self

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return next(self.inner)

    async def main() -> None:
        await Hidden()

    task = task_after(main, 1)
    assert task.stands is not None
    assert (task.place, task.stands.opaque) == (None, True)


def test_an_object_that_awaits_a_coroutine_in_its_place_is_seen_through() -> None:
    class Request:
        def __await__(self) -> Any:
            return self.answer().__await__()

        async def answer(self) -> None:
            await asyncio.sleep(5)

    async def main() -> None:
        await Request()

    task = task_after(main, 1)
    assert task.stands is not None
    assert task.place == lines_below(Request.answer, 1)
    assert [frame.function.rpartition(".")[2] for frame in task.stands.frames] == ["main", "answer", "sleep"]
    assert task.waits_for is not None
    assert task.waits_for.kind == "sleep"


def test_a_task_without_code_of_the_users_has_frames_and_no_place() -> None:
    task = task_after(lambda: asyncio.sleep(5), 1)
    assert task.stands is not None
    assert (task.place, task.stands.opaque) == (None, False)
    assert task.stands.frames == (StackFrame("sleep", library="asyncio"),)


async def test_a_held_lab_knows_the_place_of_every_task() -> None:
    async def main() -> None:
        await asyncio.gather(*(asyncio.create_task(yields()) for _ in range(1_200)))

    async with held(main, 1) as lab:
        for _ in range(3):
            lab.sample()
        tasks = state_of(lab).tasks.values()
        assert len(tasks) == 1_201
        assert all(task.place for task in tasks)


async def test_a_lab_that_runs_is_asked_for_the_tasks_in_sight_alone() -> None:
    events: list[Any] = []

    async def main() -> None:
        children = [asyncio.create_task(yields()) for _ in range(3)]
        await asyncio.gather(*children)

    async with fast_lab() as lab:
        lab.subscribe(events.extend)
        lab.start(main)
        await asyncio.sleep(0)  # main's step: its children have not begun
        lab.sample(first=[2, 3], selected=1)
        state_of(lab)
        assert [lab.state.tasks[task].place is not None for task in (1, 2, 3, 4)] == [True, True, True, False]
        lab.sample(first=[2, 3], selected=1)
        await lab.wait()
    assert [event.task for event in events if isinstance(event, TaskStands)] == [1, 2, 3]


async def test_a_task_that_looks_at_its_own_lab_stands_nowhere(lab: Lab) -> None:
    labs: list[Lab] = []

    async def main() -> None:
        labs[0].sample(first=[1], selected=1)
        assert state_of(labs[0]).tasks[1].stands is None

    labs.append(lab)
    ending = await lab.run(main)
    assert ending.outcome == "done", ending
