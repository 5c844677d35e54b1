"""Tests cancels by a block around a generator's yield, which hit code outside the block."""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Iterator

import pytest

from asynclab.model.events import CancelMisplaced
from asynclab.trace.mishaps import misplaced_cancels
from asynclab.trace.reading.standing_generators import AnyGenerator, at_a_yield
from tests.trace.fast_labs import observe


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows with each search among the generators of a loop."""
    found: list[None] = []

    def counted(loop: AbstractEventLoop | None) -> Iterator[AnyGenerator]:
        found.append(None)
        return at_a_yield(loop)

    monkeypatch.setattr(misplaced_cancels, "at_a_yield", counted)
    return found


async def _in_time(seconds: float) -> AsyncIterator[int]:
    async with asyncio.timeout(seconds):
        yield 1


async def _goes_over_it(seconds: float) -> None:
    async for _ in _in_time(seconds):
        await asyncio.sleep(9)


async def _in_a_group() -> AsyncIterator[int]:
    async def fails() -> None:
        raise ValueError

    async with asyncio.TaskGroup() as group:
        group.create_task(fails())
        yield 1


async def _goes_over_a_group() -> None:
    async for _ in _in_a_group():
        await asyncio.sleep(9)


def test_a_timeout_around_a_yield_cancels_who_goes_over_the_generator(searches: list[None]) -> None:
    async def main() -> None:
        await asyncio.gather(_goes_over_it(1), return_exceptions=True)

    (told,) = observe(main).of(CancelMisplaced)
    assert (told.block, told.generator) == ("timeout", "_in_time")
    assert len(searches) == 1


def test_a_task_group_around_a_yield_does_so_too() -> None:
    async def main() -> None:
        await asyncio.gather(_goes_over_a_group(), return_exceptions=True)

    (told,) = observe(main).of(CancelMisplaced)
    assert (told.block, told.generator) == ("task group", "_in_a_group")


def test_other_cancels_and_timeouts_look_at_no_generator(searches: list[None]) -> None:
    async def times_out() -> None:
        async with asyncio.timeout(1):
            await asyncio.sleep(9)

    async def main() -> None:
        tasks = [asyncio.create_task(_goes_over_it(9)) for _ in range(5)]
        await asyncio.gather(times_out(), return_exceptions=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert observe(main).of(CancelMisplaced) == []
    assert searches == []


def test_what_a_search_may_cost_in_all_is_bounded(monkeypatch: pytest.MonkeyPatch, searches: list[None]) -> None:
    monkeypatch.setattr(misplaced_cancels, "ALLOWANCE", 0.0)

    async def main() -> None:
        await asyncio.gather(_goes_over_it(1), return_exceptions=True)

    assert observe(main).of(CancelMisplaced) == []
    assert searches == []
