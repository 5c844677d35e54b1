"""Tests that a sleeping task is harmless only if neither its code nor code that it calls wakes others."""

import asyncio
import functools
import operator
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.trace.reading.harmless_tasks import can_wake_nobody


def open_it(ready: asyncio.Event) -> None:
    ready.set()


def by_another(ready: asyncio.Event) -> None:
    open_it(ready)


class Room:
    """Has an event, and a callback that may set it."""

    def __init__(self, callback: Callable[[], object] = int) -> None:
        self.ready, self.count, self.lock, self.callback = asyncio.Event(), 0, asyncio.Lock(), callback
        self.result = asyncio.get_running_loop().create_future()

    def enter(self) -> None:
        self.ready.set()

    @property
    def opened(self) -> bool:
        self.ready.set()
        return True

    async def counts(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(60)

    async def asks(self) -> None:
        while not self.ready.is_set():  # noqa: ASYNC110
            await asyncio.sleep(60)

    async def sets(self) -> None:
        await asyncio.sleep(60)
        self.ready.set()

    async def calls_a_method(self) -> None:
        await asyncio.sleep(60)
        self.enter()

    async def calls_a_function(self) -> None:
        await asyncio.sleep(60)
        by_another(self.ready)

    async def reads_a_property(self) -> None:
        await asyncio.sleep(60)
        print(self.opened)

    async def calls_by_name(self) -> None:
        await asyncio.sleep(60)
        getattr(self, "enter")()  # noqa: B009

    async def calls_back(self) -> None:
        await asyncio.sleep(60)
        self.callback()

    async def has_a_lock(self) -> None:
        async with self.lock:
            await asyncio.sleep(60)

    async def gives_out(self) -> asyncio.Event:
        await asyncio.sleep(60)
        return self.ready

    async def imports(self) -> None:
        await asyncio.sleep(60)
        from tests.trace import test_harmless_tasks

        test_harmless_tasks.open_it(self.ready)

    async def waits_for_others(self) -> None:
        await self.ready.wait()


async def _is_harmless(work: Callable[[], Coroutine[Any, Any, object]]) -> bool:
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    found = can_wake_nobody(task)
    task.cancel()
    return found


@pytest.mark.parametrize("work", [Room.counts, Room.asks])
async def test_a_task_that_only_counts_or_asks_is_harmless(work: Callable[[Room], Coroutine[Any, Any, object]]) -> None:
    assert await _is_harmless(functools.partial(work, Room()))


@pytest.mark.parametrize(
    "work",
    [
        Room.sets,
        Room.calls_a_method,
        Room.calls_a_function,
        Room.reads_a_property,
        Room.calls_by_name,
        Room.has_a_lock,
        Room.gives_out,
        Room.imports,
        Room.waits_for_others,
    ],
)
async def test_a_task_that_may_wake_another_is_not(work: Callable[[Room], Coroutine[Any, Any, object]]) -> None:
    assert not await _is_harmless(functools.partial(work, Room()))


async def test_nor_is_one_that_calls_what_it_was_given() -> None:
    room = Room()
    setter: Callable[[asyncio.Event], object] = operator.methodcaller("set")
    callbacks: list[Callable[[], object]] = [
        room.enter,
        lambda: room.ready.set(),
        functools.partial(open_it, room.ready),
        functools.partial(room.result.set_result, None),
        functools.partial(setter, room.ready),
        functools.partial(asyncio.Queue[int]().put_nowait, 1),
    ]
    assert [await _is_harmless(Room(callback).calls_back) for callback in callbacks] == [False] * len(callbacks)


async def test_nor_is_one_whose_code_is_more_than_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.trace.reading.reachable_objects.MOST_NAMES", 10)
    assert not await _is_harmless(Room().counts)
