"""Tests calls in thread pools: the pool gets the original function, and the lab its output."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asynclab.model.events import Output
from asynclab.trace import Lab
from tests.trace.fast_labs import observe


class Naming(ThreadPoolExecutor):
    """Notes what it is given."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given: list[object] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.given.append(fn)
        return super().submit(fn, *args, **kwargs)


def run(script: Any) -> tuple[Any, str]:
    """What a script returns in a lab on a loop of the usual kind, and prints there."""
    events: list[Any] = []

    async def main() -> Any:
        async with Lab(watch=False) as lab:
            lab.subscribe(events.extend)
            return (await lab.run(script)).value

    value = asyncio.run(main())
    return value, "".join(event.text for event in events if isinstance(event, Output))


def test_a_pool_gets_the_function_itself() -> None:
    async def script() -> list[object]:
        loop, pool = asyncio.get_running_loop(), Naming()
        with pool:
            await loop.run_in_executor(pool, print, "own pool")
            loop.set_default_executor(pool)
            await loop.run_in_executor(None, abs, -1)
            await asyncio.wrap_future(pool.submit(print, "submitted"))
        return pool.given

    given, printed = run(script)
    assert given == [print, abs, print]
    assert printed == "own pool\nsubmitted\n"


def test_a_pools_thread_keeps_the_context_that_its_calls_set() -> None:
    variable = contextvars.ContextVar("variable", default="nothing")

    async def script() -> str:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            await loop.run_in_executor(pool, variable.set, "set by a call before")
            return await loop.run_in_executor(pool, variable.get)

    assert asyncio.run(script()) == "set by a call before"
    assert run(script)[0] == "set by a call before"


def test_the_call_shows_no_callback_of_ours() -> None:
    async def script() -> str:
        future = asyncio.get_running_loop().run_in_executor(None, abs, -1)
        text = repr(future)
        await future
        return text

    assert "discard" not in str(observe(script).ending.value)
