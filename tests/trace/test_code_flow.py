"""Tests what the bytecode of a function shows: whether an `await` may run again, and for what."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from types import CodeType, FunctionType
from typing import Any

import pytest

from asynclab.trace.reading.code_flow import (
    awaits_a_name,
    handler_at,
    is_endless,
    is_in_loop,
    is_in_try_or_with,
    returns_what_it_awaits,
)


async def after_another() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(1)


async def after_a_block() -> None:
    async with contextlib.AsyncExitStack():
        pass
    await asyncio.sleep(1)


async def after_a_handler() -> None:
    try:
        int("x")
    except ValueError:
        print("no number")
    await asyncio.sleep(1)


async def after_a_loop() -> None:
    for _ in range(2):
        await asyncio.sleep(0)
    await asyncio.sleep(1)


async def in_a_while() -> None:
    while True:  # noqa: ASYNC110
        await asyncio.sleep(1)


async def in_a_for() -> None:
    for _ in range(2):
        await asyncio.sleep(1)


async def tried_again() -> None:
    while True:
        try:
            return await asyncio.sleep(1)
        except OSError:
            pass


@pytest.mark.parametrize(
    ("function", "is_loop"),
    [
        (after_another, False),
        (after_a_block, False),
        (after_a_handler, False),
        (after_a_loop, False),
        (in_a_while, True),
        (in_a_for, True),
        (tried_again, True),
    ],
)
async def test_an_await_in_a_loop_may_run_again(
    function: Callable[[], Coroutine[Any, Any, None]], is_loop: bool
) -> None:
    task = asyncio.create_task(function())
    for _ in range(5):
        await asyncio.sleep(0)
    (frame,) = task.get_stack()
    assert is_in_loop(frame.f_code, frame.f_lasti) is is_loop
    task.cancel()


async def in_a_while_that_may_end() -> None:
    ready = False
    while not ready:  # noqa: ASYNC110
        await asyncio.sleep(1)


async def until_an_error_is_raised() -> None:
    for count in itertools.count():
        await asyncio.sleep(1)
        if count:
            raise OSError


async def in_a_finally() -> None:
    try:
        await asyncio.sleep(1)
    finally:
        print("over")


async def in_a_loop_of_a_finally() -> None:
    try:
        raise OSError
    finally:
        for _ in range(2):
            await asyncio.sleep(1)


async def numbers() -> AsyncIterator[int]:
    while True:
        await asyncio.sleep(0)
        yield 1


async def in_an_async_for() -> None:
    async for _ in numbers():
        await asyncio.sleep(1)


async def in_a_lock() -> None:
    async with asyncio.Lock():
        await asyncio.sleep(1)


async def with_its_errors_suppressed() -> None:
    with contextlib.suppress(OSError):
        await asyncio.sleep(1)


async def tried_again_with_a_lock() -> None:
    while True:
        try:
            async with asyncio.Lock():
                await asyncio.sleep(1)
        except OSError:
            pass


@pytest.mark.parametrize(
    ("function", "endless", "guarded", "caught"),
    [
        (after_another, False, False, False),
        (in_a_while, True, False, False),
        (in_a_while_that_may_end, False, False, False),
        (until_an_error_is_raised, False, False, False),
        (tried_again, False, True, True),
        (in_a_finally, False, True, True),
        (in_a_loop_of_a_finally, False, False, False),
        (in_an_async_for, False, False, False),
        (in_a_lock, False, True, False),
        (with_its_errors_suppressed, False, True, True),
        (tried_again_with_a_lock, True, True, True),
    ],
)
async def test_what_leads_out_of_an_await(
    function: Callable[[], Coroutine[Any, Any, None]], endless: bool, guarded: bool, caught: bool
) -> None:
    task = asyncio.create_task(function())
    for _ in range(5):
        await asyncio.sleep(0)
    (frame,) = task.get_stack()
    code, at = frame.f_code, frame.f_lasti
    assert (is_endless(code, at), is_in_try_or_with(code, at), handler_at(code, at) is not None) == (
        endless,
        guarded,
        caught,
    )
    task.cancel()


async def _awaits_its_own(queue: asyncio.Queue[int]) -> None:
    first = asyncio.create_task(queue.get())
    second = asyncio.create_task(queue.get(), name="second")
    await asyncio.wait({first, second})
    await second


async def _shields_its_own(queue: asyncio.Queue[int], seconds: float) -> None:
    first = asyncio.create_task(queue.get())
    second = asyncio.create_task(queue.get())
    await asyncio.shield(queue.get())
    await asyncio.wait_for(asyncio.shield(second), float(seconds))
    first.cancel()


async def _gathers(tasks: list[asyncio.Task[int]]) -> None:
    await asyncio.gather(*tasks)


async def _waits_for_an_attribute(self: asyncio.Queue[int], seconds: float) -> None:
    await asyncio.wait_for(self.getter, seconds)  # type: ignore[attr-defined]


async def _waits_for_calls(queue: asyncio.Queue[int], seconds: float) -> None:
    await asyncio.wait_for(queue.get(), seconds)
    await asyncio.gather(queue.get(), queue.join())


async def _may_await_any(queue: asyncio.Queue[int], given: asyncio.Task[int]) -> None:
    task = asyncio.create_task(queue.get())
    if queue.empty():
        task = given
    await task


@pytest.mark.parametrize(
    ("function", "line", "expected"),
    [
        (_awaits_its_own, 1, False),
        (_awaits_its_own, 2, True),
        (_awaits_its_own, 50, False),
        (_may_await_any, 50, True),
        (_shields_its_own, 1, False),
        (_shields_its_own, 2, True),
    ],
)
def test_a_variable_with_tasks_of_other_lines_has_none(function: FunctionType, line: int, expected: bool) -> None:
    code = function.__code__
    assert awaits_a_name(code, code.co_firstlineno + line) is expected
    assert awaits_a_name(code)


@pytest.mark.parametrize(
    ("function", "expected"), [(_gathers, True), (_waits_for_an_attribute, True), (_waits_for_calls, False)]
)
def test_what_a_function_of_asyncios_is_given_is_awaited(function: FunctionType, expected: bool) -> None:
    assert awaits_a_name(function.__code__) is expected


def test_a_call_does_not_await_again_what_it_has_made_itself() -> None:
    assert not _awaits_again(_awaits_its_own.__code__)
    assert _awaits_again(_may_await_any.__code__)


def _awaits_again(code: CodeType) -> bool:
    return awaits_a_name(code, code.co_firstlineno + 2, also_of_calls_before=False)


async def _passes_on(queue: asyncio.Queue[int]) -> int:
    return await queue.get()


async def _uses(queue: asyncio.Queue[int]) -> int:
    item = await queue.get()
    print(item)
    return item


async def _names_it(queue: asyncio.Queue[int]) -> int:
    item = await queue.get()
    return item  # noqa: RET504


def test_a_function_that_returns_what_it_awaits_does_nothing_else_with_it() -> None:
    assert returns_what_it_awaits(_passes_on.__code__)
    assert returns_what_it_awaits(_names_it.__code__)
    assert not returns_what_it_awaits(_uses.__code__)
