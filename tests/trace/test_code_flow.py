"""What a function does by its instructions: whether an `await` may run again, and for what."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from types import FunctionType
from typing import Any

import pytest

from asynclab.trace.watching.code_flow import awaits_a_name, is_in_loop, returns_what_it_awaits


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
async def test_an_await_is_in_a_loop_if_it_may_run_again(
    function: Callable[[], Coroutine[Any, Any, None]], is_loop: bool
) -> None:
    task = asyncio.create_task(function())
    for _ in range(5):
        await asyncio.sleep(0)
    (frame,) = task.get_stack()
    assert is_in_loop(frame.f_code, frame.f_lasti) is is_loop
    task.cancel()


async def _awaits_its_own(queue: asyncio.Queue[int]) -> None:
    first = asyncio.create_task(queue.get())
    second = asyncio.create_task(queue.get(), name="second")
    await asyncio.wait({first, second})
    await second


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
    ],
)
def test_a_variable_for_tasks_of_other_lines_stands_for_none_made_here(
    function: FunctionType, line: int, expected: bool
) -> None:
    code = function.__code__
    assert awaits_a_name(code, code.co_firstlineno + line) is expected
    assert awaits_a_name(code)


async def _passes_on(queue: asyncio.Queue[int]) -> int:
    return await queue.get()


async def _uses(queue: asyncio.Queue[int]) -> int:
    item = await queue.get()
    print(item)
    return item


def test_a_function_that_returns_what_it_awaits_does_nothing_else_with_it() -> None:
    assert returns_what_it_awaits(_passes_on.__code__)
    assert not returns_what_it_awaits(_uses.__code__)
