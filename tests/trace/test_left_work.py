"""Tests what the other tasks of a failed gather() have left to do, by their code."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from asynclab.model.events import WorkLeft
from asynclab.trace.process import observe_process

DONE: list[str] = []


class Shop:
    def __init__(self) -> None:
        self.sold = 0

    async def sells(self) -> None:
        await asyncio.sleep(0)
        self.sold += 1

    async def counts(self) -> int:
        try:
            found = []
            found.append(await asyncio.sleep(0, 1))
            return len(found)
        finally:
            self.sold -= 1


async def appends() -> None:
    DONE.append(await asyncio.sleep(0, "done"))


async def prints() -> None:
    await asyncio.sleep(0)
    print(end="")


async def has_printed() -> None:
    print(end="")
    await asyncio.sleep(0)


async def calls() -> None:
    await prints()


async def fails() -> None:
    raise ValueError


async def gathers(work: Callable[[], Awaitable[object]]) -> None:
    with suppress(ValueError):
        await asyncio.gather(fails(), work())
    await asyncio.sleep(0)


def left_lines(work: Callable[[], Awaitable[object]]) -> list[int]:
    """How many lines below the head of its function a task will act."""
    observation = observe_process()
    try:
        asyncio.run(gathers(work))
        left = [each for each in observation.recorders[0].take_events() if isinstance(each, WorkLeft)]
    finally:
        observation.stop()
    assert all(each.file == __file__ for each in left)
    return [each.line for each in left]


def line_in(function: Callable[..., object], below: int) -> int:
    return function.__code__.co_firstlineno + below


@pytest.mark.parametrize(
    ("work", "line"),
    [
        (Shop().sells, line_in(Shop.sells, 2)),
        (appends, line_in(appends, 1)),
        (prints, line_in(prints, 2)),
        (calls, line_in(prints, 2)),
    ],
)
def test_a_task_that_will_act_is_told_with_the_line(work: Callable[[], Awaitable[object]], line: int) -> None:
    assert left_lines(work) == [line]


@pytest.mark.parametrize("work", [Shop().counts, has_printed])
def test_to_clean_up_or_to_return_is_no_work(work: Callable[[], Awaitable[object]]) -> None:
    assert left_lines(work) == []
