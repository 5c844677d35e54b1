"""Who gets a slot when, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from asynclab.fetch.slots import LEAST_SPACING, Slots
from tests.fast_loop import run_fast


class Desk:
    """Slots, and a list of what was started when."""

    def __init__(self, concurrency: int = 10, per_host: int = 10, rate: float | None = None) -> None:
        self.slots = Slots(concurrency, per_host, rate)
        self.started: list[tuple[float, str]] = []
        self.begin = asyncio.get_running_loop().time()

    def ask(self, *names: str) -> None:
        """Ask for a slot for each name; its first letter is the host."""
        for name in names:
            self.slots.submit(name[0], lambda name: self.started.append((self.now, name)), name)

    @property
    def now(self) -> float:
        return round(asyncio.get_running_loop().time() - self.begin, 3)

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.started]


def on_a_fast_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        run_fast(test())  # type: ignore[arg-type]

    run.__name__ = test.__name__
    return run


@on_a_fast_loop
async def test_so_many_start_at_once_and_the_next_when_one_is_done() -> None:
    desk = Desk(concurrency=2)
    desk.ask("a1", "a2", "a3")
    assert desk.names == ["a1", "a2"]
    desk.slots.release("a")
    assert desk.names == ["a1", "a2", "a3"]


@on_a_fast_loop
async def test_a_host_that_is_full_does_not_hold_up_others() -> None:
    desk = Desk(concurrency=4, per_host=1)
    desk.ask("a1", "a2", "a3", "b1", "c1")
    assert desk.names == ["a1", "b1", "c1"]
    desk.slots.release("a")
    assert desk.names[3:] == ["a2"]


@on_a_fast_loop
async def test_hosts_take_turns() -> None:
    desk = Desk(concurrency=1)
    desk.ask("a1", "a2", "a3", "b1", "b2")
    for host in "aabab":
        desk.slots.release(host)
    assert desk.names == ["a1", "a2", "b1", "a3", "b2"]


@on_a_fast_loop
async def test_what_is_withdrawn_does_not_start() -> None:
    desk = Desk(concurrency=1)
    desk.ask("a1")
    ticket = desk.slots.submit("a", lambda name: desk.started.append((0, name)), "a2")
    desk.ask("a3")
    desk.slots.withdraw(ticket)
    desk.slots.release("a")
    assert desk.names == ["a1", "a3"]


@on_a_fast_loop
async def test_a_rate_spaces_the_starts() -> None:
    desk = Desk(rate=4.0)
    desk.ask("a1", "b1", "c1", "d1")
    await asyncio.sleep(5)
    assert [at for at, _ in desk.started] == pytest.approx([0, 0.25, 0.5, 0.75], abs=0.01)


@on_a_fast_loop
async def test_a_host_that_has_had_enough_waits_as_long_as_it_asks_and_then_goes_slower() -> None:
    desk = Desk()
    assert desk.slots.slow_down("a", 10.0) == 10.0
    desk.ask("a1", "a2", "a3", "b1")
    await asyncio.sleep(20)
    assert desk.started[0] == (0, "b1")
    assert [at for at, _ in desk.started[1:]] == pytest.approx(
        [10, 10 + LEAST_SPACING, 10 + 2 * LEAST_SPACING], abs=0.01
    )


@on_a_fast_loop
async def test_the_spacing_doubles_with_each_complaint_and_goes_away_with_success() -> None:
    slots = Slots(10, 10, None)
    assert [slots.slow_down("a", None) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    for _ in range(12):
        slots.went_well("a")
    assert slots.slow_down("a", None) == LEAST_SPACING


@on_a_fast_loop
async def test_who_waits_for_a_slot_and_is_cancelled_leaves_it_to_others() -> None:
    desk = Desk(concurrency=1)
    desk.ask("a1")
    waiting = asyncio.create_task(desk.slots.acquire("a"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    desk.ask("a2")
    desk.slots.release("a")
    assert desk.names == ["a1", "a2"]


@on_a_fast_loop
async def test_who_is_cancelled_just_when_the_slot_comes_gives_it_back() -> None:
    desk = Desk(concurrency=1)
    desk.ask("a1")
    waiting = asyncio.create_task(desk.slots.acquire("a"))
    await asyncio.sleep(0)
    desk.slots.release("a")
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    desk.ask("a2")
    assert desk.names == ["a1", "a2"]


@on_a_fast_loop
async def test_nothing_starts_any_more_once_it_is_closed() -> None:
    desk = Desk(rate=1.0)
    desk.slots.slow_down("b", 5.0)
    desk.ask("a1", "a2", "b1")
    desk.slots.close()
    await asyncio.sleep(10)
    assert desk.names == ["a1"]
