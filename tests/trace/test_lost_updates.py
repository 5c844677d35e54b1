"""Tests that tasks which hold the same old value in a wait are found, wherever it is stored."""

import asyncio
from contextvars import ContextVar
from threading import Thread
from typing import Any

import pytest

from asynclab.model.events import UpdateLost
from asynclab.trace.mishaps import lost_updates
from asynclab.trace.process import ProcessObservation

served = 0


@pytest.fixture(autouse=True)
def functions(monkeypatch: pytest.MonkeyPatch) -> lost_updates.ReadFunctions:
    """What has been read of functions: nothing so far."""
    functions = lost_updates.ReadFunctions()
    monkeypatch.setattr(lost_updates, "read_functions", functions)
    return functions


class Till:
    """Where money goes."""

    takings = 0
    limit = ContextVar("limit", default=3)

    def __init__(self) -> None:
        self.total = 0


class Shop:
    """A till, and what tasks wait for."""

    def __init__(self) -> None:
        self.till = Till()
        self.opened = asyncio.Event()

    async def price(self) -> int:
        await self.opened.wait()
        return 5

    async def sell(self) -> None:
        """Add to what belongs to something else."""
        self.till.total += await self.price()

    async def sell_for_all(self) -> None:
        """Add to what belongs to a class."""
        Till.takings += await self.price()

    async def serve(self) -> None:
        """Count in the module."""
        global served
        served += await self.price()

    async def raise_limit(self) -> None:
        """Change what each task has for itself."""
        limit = Till.limit.get()
        await self.price()
        Till.limit.set(limit + 1)


class Secret(Shop):
    """Runs code of its own for each attribute."""

    asked = 0

    def __getattribute__(self, name: str) -> Any:
        Secret.asked += 1
        return super().__getattribute__(name)


def _told(observation: ProcessObservation) -> list[tuple[str, bool]]:
    events = observation.recorders[0].take_events()
    return [(event.name, event.is_computed) for event in events if isinstance(event, UpdateLost)]


async def _open_after_all_wait(shop: Shop, *calls: Any) -> None:
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # by now all of them wait
    shop.opened.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sell", [("self.till.total", True)]),
        ("sell_for_all", [("Till.takings", True)]),
        ("serve", [("served", True)]),
        ("raise_limit", []),
    ],
)
def test_two_tasks_hold_the_same_wherever_it_is(
    observation: ProcessObservation, name: str, told: list[tuple[str, bool]]
) -> None:
    async def main() -> None:
        shop = Shop()
        await _open_after_all_wait(shop, *(getattr(shop, name)() for _ in range(3)))

    asyncio.run(main())
    assert _told(observation) == told


def test_two_objects_are_two_places(observation: ProcessObservation) -> None:
    async def main() -> None:
        shop, other = Shop(), Shop()
        other.opened = shop.opened
        await _open_after_all_wait(shop, shop.sell(), other.sell())

    asyncio.run(main())
    assert _told(observation) == []


def test_no_code_of_the_program_is_run_to_find_out(observation: ProcessObservation) -> None:
    asked: list[int] = []

    async def main() -> None:
        shop = Secret()
        before = Secret.asked
        await _open_after_all_wait(shop, shop.sell())
        asked.append(Secret.asked - before)

    asyncio.run(main())
    observation.stop()
    asyncio.run(main())
    assert asked[0] == asked[1]


def test_what_takes_long_to_read_is_read_on_another_thread(
    observation: ProcessObservation, functions: lost_updates.ReadFunctions
) -> None:
    functions.left = 0.0
    told: list[list[tuple[str, bool]]] = []

    async def main() -> None:
        shop = Shop()
        calls = [asyncio.create_task(shop.sell()) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        told.append(_told(observation))
        observer: Any = observation.recorders[0].observer
        thread = Thread(target=observer.looks.updates.look)
        thread.start()
        thread.join()
        told.append(_told(observation))
        shop.opened.set()
        await asyncio.gather(*calls)

    asyncio.run(main())
    assert told == [[], [("self.till.total", True)]]
