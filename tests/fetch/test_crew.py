"""The tasks of a run: all of them end, whatever happens."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from asynclab.fetch.crew import Crew


async def wait(log: list[str], name: str, *, stubborn: bool = False) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        if stubborn:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        log.append(name)


async def nothing() -> None:
    """End at once."""


async def test_the_block_waits_for_all_and_each_end_is_told() -> None:
    ended: list[str] = []
    async with Crew() as crew:
        for name in "abc":
            task = crew.begin(nothing(), name, partial(ended.append, name))
            assert task.get_name() == name
    assert ended == ["a", "b", "c"]


async def test_the_end_of_a_task_that_was_cancelled_before_its_first_step_is_told() -> None:
    ended: list[str] = []
    async with Crew() as crew:
        crew.begin(nothing(), "a", partial(ended.append, "a")).cancel()
    assert ended == ["a"]


async def test_a_task_that_fails_ends_the_others_and_is_what_the_block_raises() -> None:
    log: list[str] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError("a bug")

    async def own() -> None:
        async with Crew() as crew:
            crew.begin(wait(log, "waits"), "a", lambda: None)
            crew.begin(fail(), "b", lambda: None)
            await asyncio.Event().wait()

    with pytest.raises(LookupError):
        await own()
    assert log == ["waits"]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_goes_on_when_all_tasks_have_ended_however_often_it_comes() -> None:
    log: list[str] = []

    async def own() -> None:
        async with Crew() as crew:
            crew.begin(wait(log, "stubborn", stubborn=True), "a", lambda: None)

    owner = asyncio.create_task(own())
    for _ in range(3):
        await asyncio.sleep(0)
    owner.cancel()
    await asyncio.sleep(0)
    owner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await owner
    assert log == ["stubborn"]


async def test_an_error_in_the_block_ends_the_tasks_first() -> None:
    log: list[str] = []

    async def own() -> None:
        async with Crew() as crew:
            crew.begin(wait(log, "waits"), "a", lambda: None)
            await asyncio.sleep(0)
            raise LookupError

    with pytest.raises(LookupError):
        await own()
    assert log == ["waits"]
