"""Tests which functions of a program would wake a waiting task."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.trace.reading.wakers import lone_wakers


class Loader:
    """Has what others wait for."""

    def __init__(self) -> None:
        self.loaded, self.changed, self.closed = asyncio.Event(), asyncio.Condition(), asyncio.Event()
        self.result = asyncio.get_running_loop().create_future()

    def load(self) -> None:
        """End two waits."""
        self.loaded.set()
        self.result.set_result(None)

    async def change(self) -> None:
        """End another, in a function of its own."""
        async with self.changed:
            asyncio.get_running_loop().call_soon(self.changed.notify_all)

    def close(self) -> None:
        """End a wait that another function ends as well."""
        self.closed.set()

    def abort(self) -> None:
        """End the same."""
        self.closed.set()

    async def until_loaded(self) -> None:
        """Wait for an event."""
        await self.loaded.wait()

    async def until_result(self) -> None:
        """Wait for a future."""
        await self.result

    async def until_changed(self) -> None:
        """Wait for a condition in the words of another object."""
        loader = self
        async with loader.changed:
            await loader.changed.wait_for(lambda: False)

    async def until_closed(self) -> None:
        """Wait for what two functions may set."""
        await self.closed.wait()

    async def until_set_by_nobody(self) -> None:
        """Wait for what has no name elsewhere."""
        event = asyncio.Event()
        await event.wait()


@pytest.mark.parametrize(
    ("wait", "waker"),
    [
        (Loader.until_loaded, "Loader.load"),
        (Loader.until_result, "Loader.load"),
        (Loader.until_changed, "Loader.change"),
        (Loader.until_closed, None),
        (Loader.until_set_by_nobody, None),
    ],
)
def test_the_one_function_is_found_that_would_wake_a_task(
    wait: Callable[[Loader], Coroutine[Any, Any, None]], waker: str | None
) -> None:
    async def main() -> None:
        task = asyncio.create_task(wait(Loader()))
        await asyncio.sleep(0)
        found = list(lone_wakers([(7, task)]))
        assert [(each.task, each.function, each.file) for each in found] == ([(7, waker, __file__)] if waker else [])
        task.cancel()

    asyncio.run(main())
