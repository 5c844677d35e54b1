"""Calls in thread pools: the pool gets the function itself, and the lab what it prints."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from asynclab.model.events import Output
from asynclab.trace import Lab
from tests.trace.labs import observe


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


def test_debug_mode_still_refuses_a_coroutine_function() -> None:
    async def nothing() -> None: ...

    async def script() -> str:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        with pytest.raises(TypeError, match="coroutines cannot be used"):
            await loop.run_in_executor(None, cast("Callable[[], None]", nothing))
        return "refused"

    assert observe(script).ending.value == "refused"


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


def test_a_call_that_fails_fails_alike() -> None:
    async def script() -> list[str]:
        try:
            await asyncio.get_running_loop().run_in_executor(None, functools.partial(int, "x"))
        except ValueError as error:
            names = []
            traceback = error.__traceback__
            while traceback is not None:
                names.append(traceback.tb_frame.f_code.co_name)
                traceback = traceback.tb_next
            return names
        return []

    assert asyncio.run(script()) == run(script)[0] != []
