"""An `await` is in a loop only if it may run again, whatever jumps back in the instructions around it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.trace.watching.code_flow import is_in_loop


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
