"""Tests items that are lost because a timeout ends the function before it has used them."""

import asyncio
import contextlib
import io
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.model.events import ItemLost
from tests.trace.fast_labs import observe

Queue = asyncio.Queue[str]
Take = Callable[[Queue], Coroutine[Any, Any, object]]


async def returns_it_later(queue: Queue) -> str:
    item = await queue.get()
    await asyncio.sleep(1)
    return item


async def awaits_with_it(queue: Queue) -> object:
    item = await queue.get()
    return await asyncio.sleep(1, item)


async def asks_several_times(queue: Queue) -> str:
    item = await queue.get()
    for _ in range(3):
        await asyncio.sleep(1)
    return item


async def keeps_it(queue: Queue, kept: list[str] = []) -> str:  # noqa: B006
    item = await queue.get()
    kept.append(item)
    await asyncio.sleep(1)
    return item


async def puts_it_back(queue: Queue) -> str:
    item = await queue.get()
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        queue.put_nowait(item)
        raise
    return item


async def releases_it(queue: Queue) -> str:
    item = await queue.get()
    async with contextlib.AsyncExitStack():
        await asyncio.sleep(1)
    return item


async def puts_it_back_at_an_error(queue: Queue) -> str:
    item = await queue.get()
    try:
        await asyncio.sleep(1)
    except (OSError, asyncio.InvalidStateError, Exception):
        queue.put_nowait(item)
        raise
    return item


async def puts_it_back_in_another_clause(queue: Queue) -> str:
    item = await queue.get()
    try:
        try:
            await asyncio.sleep(1)
        except OSError:
            raise
        except asyncio.CancelledError:
            queue.put_nowait(item)
            raise
    except ValueError:
        raise
    return item


async def works_on_it(queue: Queue) -> None:
    while True:
        item = await queue.get()
        await asyncio.sleep(1, item)


async def works_until_none_comes(queue: Queue) -> None:
    while item := await queue.get():
        await asyncio.sleep(1)
        print(item)


async def has_no_use_for_it(queue: Queue) -> None:
    item = await queue.get()
    del item
    await asyncio.sleep(1)


async def has_another_one_like_it(queue: Queue) -> str:
    print(await queue.get())
    another = "item"
    await asyncio.sleep(1)
    return another


@pytest.mark.parametrize(
    ("take", "count"),
    [
        (returns_it_later, 1),
        (awaits_with_it, 1),
        (asks_several_times, 1),
        (keeps_it, 0),
        (puts_it_back, 0),
        (releases_it, 0),
        (puts_it_back_at_an_error, 1),
        (puts_it_back_in_another_clause, 0),
        (works_on_it, 0),
        (works_until_none_comes, 0),
        (has_no_use_for_it, 0),
        (has_another_one_like_it, 0),
    ],
)
def test_what_a_function_was_yet_to_return_is_lost_at_a_timeout(take: Take, count: int) -> None:
    async def main() -> None:
        queue: Queue = asyncio.Queue()
        queue.put_nowait("item")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(take(queue), 0.5)

    assert [event.item for event in observe(main).of(ItemLost)] == ["'item'"] * count


class Connection:
    def close(self) -> None:
        """Close it."""


@pytest.mark.parametrize(("item", "is_leaked"), [(Connection(), True), (io.BytesIO(), False), ("text", False)])
def test_an_item_is_leaked_that_has_to_be_closed(item: object, is_leaked: bool) -> None:
    async def main() -> None:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        queue.put_nowait(item)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(returns_it_later(queue), 0.5)

    assert [event.is_leaked for event in observe(main).of(ItemLost)] == [is_leaked]


def test_nothing_is_lost_where_the_task_is_cancelled_for_good() -> None:
    async def main() -> None:
        queue: Queue = asyncio.Queue()
        queue.put_nowait("item")
        task = asyncio.create_task(returns_it_later(queue))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})

    assert observe(main).of(ItemLost) == []
