"""Tests which tasks of a wait() a function never uses again, by its code and its variables."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from asynclab.model.events import TasksDropped
from asynclab.trace.process import observe_process

FIRST = asyncio.FIRST_COMPLETED
KEPT: set[asyncio.Task[int]] = set()
KEPT_BY_THE_MODULE: list[asyncio.Task[int]] = []


async def count(turns: int) -> int:
    for _ in range(turns):
        await asyncio.sleep(0)
    return turns


def keep(task: asyncio.Task[int]) -> asyncio.Task[int]:
    KEPT.add(task)
    return task


async def in_a_list() -> None:
    tasks = [asyncio.create_task(count(turns)) for turns in (1, 3)]
    await asyncio.wait(tasks, return_when=FIRST)


async def collected() -> None:
    tasks = set[asyncio.Task[int]]()
    for turns in (1, 3):
        tasks.add(asyncio.create_task(count(turns)))
    await asyncio.wait(tasks, return_when=FIRST)


async def in_the_call() -> int:
    done, _ = await asyncio.wait([asyncio.create_task(count(1)), asyncio.create_task(count(3))], return_when=FIRST)
    return len(done)


async def one_of_two() -> int:
    first, second = asyncio.create_task(count(3)), asyncio.create_task(count(1))
    done, _ = await asyncio.wait({first, second}, return_when=FIRST)
    return len(done) + second.result()


async def pending_is_used() -> None:
    tasks = [asyncio.create_task(count(turns)) for turns in (1, 3)]
    _, pending = await asyncio.wait(tasks, return_when=FIRST)
    await asyncio.gather(*pending)


async def tasks_are_used() -> None:
    tasks = [asyncio.create_task(count(turns)) for turns in (1, 3)]
    await asyncio.wait(tasks, return_when=FIRST)
    await asyncio.gather(*tasks)


async def kept_by_a_function() -> None:
    tasks = [keep(asyncio.create_task(count(turns))) for turns in (1, 3)]
    await asyncio.wait(tasks, return_when=FIRST)


async def kept_as_an_attribute() -> None:
    tasks = keep.tasks = [asyncio.create_task(count(turns)) for turns in (1, 3)]  # type: ignore[attr-defined]
    await asyncio.wait(tasks, return_when=FIRST)


class Keeper:
    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[int]] = []

    async def keeps_them(self) -> None:
        for turns in (1, 3):
            self.tasks.append(asyncio.create_task(count(turns)))
        tasks = list(self.tasks)
        await asyncio.wait(tasks, return_when=FIRST)

    async def keeps_them_by_another_name(self) -> None:
        tasks = self.tasks
        for turns in (1, 3):
            tasks.append(asyncio.create_task(count(turns)))
        await asyncio.wait(tasks, return_when=FIRST)

    async def keeps_each(self) -> None:
        self.first, self.second = asyncio.create_task(count(1)), asyncio.create_task(count(3))
        tasks = [self.first, self.second]
        await asyncio.wait(tasks, return_when=FIRST)


async def kept_by_the_module() -> None:
    for turns in (1, 3):
        KEPT_BY_THE_MODULE.append(asyncio.create_task(count(turns)))
    tasks = list(KEPT_BY_THE_MODULE)
    await asyncio.wait(tasks, return_when=FIRST)


async def made_elsewhere(tasks: list[asyncio.Task[int]]) -> None:
    await asyncio.wait(tasks, return_when=FIRST)


async def given() -> None:
    tasks = [asyncio.create_task(count(turns)) for turns in (1, 3)]
    await made_elsewhere(tasks)
    await asyncio.gather(*tasks)


async def of_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(count(turns)) for turns in (1, 3)]
        await asyncio.wait(tasks, return_when=FIRST)


async def of_a_closure() -> None:
    tasks = [asyncio.create_task(count(turns)) for turns in (1, 3)]

    async def wait() -> None:
        await asyncio.wait(tasks, return_when=FIRST)

    await wait()
    await asyncio.gather(*tasks)


def dropped(function: Callable[[], Awaitable[object]]) -> list[int]:
    """The numbers of the dropped tasks; the main task has number 1, and the first that it makes has 2."""

    async def main() -> None:
        with suppress(TimeoutError):
            await function()
        await asyncio.sleep(0)

    observation = observe_process()
    try:
        asyncio.run(main())
        found = [each for each in observation.recorders[0].take_events() if isinstance(each, TasksDropped)]
    finally:
        observation.stop()
    assert all(each.file == __file__ and each.line for each in found)
    return [number for each in found for number in each.tasks]


@pytest.mark.parametrize("function", [in_a_list, collected, in_the_call])
def test_tasks_that_only_a_wait_has_are_dropped(function: Callable[[], Awaitable[object]]) -> None:
    assert dropped(function) == [2, 3]


def test_a_task_that_is_used_later_is_not_dropped_with_the_other() -> None:
    assert dropped(one_of_two) == [2]


@pytest.mark.parametrize(
    "function",
    [
        pending_is_used,
        tasks_are_used,
        kept_by_a_function,
        kept_as_an_attribute,
        kept_by_the_module,
        Keeper().keeps_them,
        Keeper().keeps_each,
        Keeper().keeps_them_by_another_name,
        given,
        of_a_group,
        of_a_closure,
    ],
)
def test_tasks_that_other_code_may_use_are_not_dropped(function: Callable[[], Awaitable[object]]) -> None:
    assert dropped(function) == []
