"""Tests labs in several threads, each on its own loop: they don't see or disturb each other."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from asynclab.model.events import Event, Output, QueuePut, TaskCreated, TaskEnded
from asynclab.trace import Lab

ROUNDS = 60
PRODUCED = 5
"""Items that each program puts in its queue."""

CROWD = 200
"""Tasks of each program that live at once, and are gone soon, so that others get their id()."""


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns after each microsecond."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


async def program(name: str) -> str:
    """Makes tasks that end, fail, and are cancelled, and that print."""
    queue: asyncio.Queue[int] = asyncio.Queue(2)

    async def produce() -> None:
        for number in range(PRODUCED):
            await queue.put(number)

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError(name)

    sleeper = asyncio.create_task(asyncio.sleep(60))
    producer, failing = asyncio.create_task(produce()), asyncio.create_task(fail())
    total = sum([await queue.get() for _ in range(PRODUCED)])
    await asyncio.gather(producer, failing, return_exceptions=True)
    await asyncio.gather(*(asyncio.sleep(0) for _ in range(CROWD)))
    sleeper.cancel()
    await asyncio.wait([sleeper])
    print(f"{name} {total}")
    return name


def in_a_lab(name: str, together: threading.Barrier) -> tuple[object, list[Event]]:
    """What the program returned in a lab on a loop of the calling thread, and all that was seen."""
    events: list[Event] = []

    async def main() -> object:
        async with Lab(name, watch=False) as lab:
            lab.subscribe(events.extend)
            return (await lab.run(program, name)).value

    together.wait()
    return asyncio.run(main()), events


def seen(events: list[Event]) -> tuple[int, int, int, str]:
    """How many tasks began, how many ended, how many items were put, and what was printed."""
    kinds = [type(event) for event in events]
    printed = "".join(event.text for event in events if isinstance(event, Output))
    return kinds.count(TaskCreated), kinds.count(TaskEnded), kinds.count(QueuePut), printed


@pytest.mark.usefixtures("impatient_threads")
def test_two_labs_in_two_threads_see_their_own_and_nothing_else() -> None:
    names, output = ("left", "right"), sys.stdout
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            together = threading.Barrier(2)
            for name, (value, events) in zip(names, pool.map(in_a_lab, names, [together] * 2), strict=True):
                assert value == name
                assert seen(events) == (4 + CROWD, 4 + CROWD, PRODUCED, f"{name} {sum(range(PRODUCED))}\n")
    assert sys.stdout is output


def test_a_lab_that_was_made_in_another_thread_credits_steps_to_their_tasks() -> None:
    lab = Lab(watch=False)
    events: list[Event] = []
    lab.subscribe(events.extend)

    async def main() -> None:
        async with lab:
            await lab.run(program, "elsewhere")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, main()).result()
    (printed,) = [event for event in events if isinstance(event, Output)]
    assert (printed.text, printed.task) == ("elsewhere 10\n", 1)


def test_methods_that_were_fetched_before_the_last_lab_ended_still_work() -> None:
    """Another thread may end the last lab after a loop has begun to call what stands in for a method of it."""
    called: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with Lab(watch=False) as lab:
            lab.start(asyncio.sleep, 60)
            call_soon, call_at, time, is_running = loop.call_soon, loop.call_at, loop.time, loop.is_running
            assert hasattr(call_soon, "__wrapped__")
        call_soon(called.append, "called")
        assert is_running()
        call_at(time() + 60, print).cancel()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert called == ["called"]
