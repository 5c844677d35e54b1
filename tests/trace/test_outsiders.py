"""Tests that tasks from outside a lab stay outside, whoever wakes, cancels or awaits them."""

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from asynclab.model.events import Event, Output
from asynclab.trace import Lab
from tests.fast_loop import run_fast


@dataclass
class Between:
    """What the task outside and the program inside have in common."""

    future: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    event: asyncio.Event = field(default_factory=asyncio.Event)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    queue: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[Any] | None = None
    """The task outside."""

    @property
    def outsider(self) -> asyncio.Task[Any]:
        """The task outside, from its birth on."""
        assert self.task is not None
        return self.task


Outside: TypeAlias = Callable[[Between], Coroutine[Any, Any, Any]]
Inside: TypeAlias = Callable[[Between], Coroutine[Any, Any, Any]]


async def goes_on_after(awaitable: Awaitable[Any]) -> str:
    """The rest of every task outside: it has seconds to go when the program inside has ended."""
    try:
        got = await awaitable
    except asyncio.CancelledError as error:
        got = f"cancelled {error.args}"
    print("outside got", got)
    await asyncio.sleep(5)
    print("outside goes on")
    child = asyncio.create_task(asyncio.sleep(5, "its child"))
    return f"outside ends with {await child}"


async def waits_for_a_future(between: Between) -> str:
    return await goes_on_after(between.future)


async def waits_for_an_event(between: Between) -> str:
    return await goes_on_after(between.event.wait())


async def waits_for_a_lock(between: Between) -> str:
    await asyncio.sleep(0.5)  # by then it is taken
    return await goes_on_after(between.lock.acquire())


async def waits_for_an_item(between: Between) -> str:
    return await goes_on_after(between.queue.get())


async def sleeps(between: Between) -> str:
    return await goes_on_after(asyncio.sleep(3, "slept"))


async def fails_in_the_end(between: Between) -> None:
    await goes_on_after(between.future)
    raise ValueError("outside fails")


async def sets_a_result(between: Between) -> None:
    between.future.set_result("a result")
    await asyncio.sleep(1)


async def sets_an_exception(between: Between) -> None:
    between.future.set_exception(asyncio.CancelledError("as an exception"))


async def sets_the_event(between: Between) -> None:
    await asyncio.create_task(asyncio.sleep(1))
    between.event.set()


async def sets_the_event_late(between: Between) -> None:
    asyncio.get_running_loop().call_later(0.5, between.event.set)
    await asyncio.sleep(1)


async def takes_and_gives_the_lock(between: Between) -> None:
    async with between.lock:
        await asyncio.sleep(1)


async def puts_an_item(between: Between) -> None:
    await between.queue.put("an item")


async def cancels(between: Between) -> None:
    print("asked", between.outsider.cancel("from inside"))
    await asyncio.sleep(1)


async def cancels_at_the_very_end(between: Between) -> None:
    between.outsider.cancel("in the last step")


async def waits_for_the_task(between: Between) -> None:
    between.event.set()
    print("inside got", await between.outsider)


async def gives_up_waiting_for_the_task(between: Between) -> None:
    try:
        await asyncio.wait_for(asyncio.shield(between.outsider), 1)
    except TimeoutError:
        print("inside gave up")


async def fails_beside_the_task(between: Between) -> None:
    between.future.set_result("before a failure")
    print("inside fails")
    raise LookupError("inside")


PAIRS: tuple[tuple[Outside, Inside], ...] = (
    (waits_for_a_future, sets_a_result),
    (waits_for_a_future, sets_an_exception),
    (waits_for_a_future, fails_beside_the_task),
    (waits_for_a_future, cancels),
    (waits_for_a_future, cancels_at_the_very_end),
    (waits_for_an_event, sets_the_event),
    (waits_for_an_event, sets_the_event_late),
    (waits_for_an_event, waits_for_the_task),
    (waits_for_a_lock, takes_and_gives_the_lock),
    (waits_for_an_item, puts_an_item),
    (sleeps, cancels),
    (sleeps, waits_for_the_task),
    (sleeps, gives_up_waiting_for_the_task),
    (fails_in_the_end, sets_a_result),
    (fails_in_the_end, cancels),
)


def both(outside: Outside, inside: Inside, *, lab: bool) -> tuple[str, str, int]:
    """Run a task outside and a program inside: all that was printed, how the task ended, and how many the lab saw."""
    events: list[Event] = []

    async def main() -> tuple[str, int]:
        between = Between()
        between.task = asyncio.create_task(outside(between), name="outside")
        await asyncio.sleep(0)
        seen = 1
        if lab:
            async with Lab(real_time=asyncio.get_running_loop().time, echo=True, watch=False) as observing:
                observing.subscribe(events.extend)
                await observing.run(inside, between)
                seen = sum(task.name == "outside" for task in observing.state.tasks.values()) + 1
        else:
            await asyncio.gather(asyncio.create_task(inside(between)), return_exceptions=True)
        ends = await asyncio.gather(between.task, return_exceptions=True)
        return repr(ends[0]), seen

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        end, seen = run_fast(main())
    assert not [event for event in events if isinstance(event, Output) and "outside g" in event.text]
    return printed.getvalue(), end, seen


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("outside", "inside"), PAIRS, ids=lambda function: function.__name__ if callable(function) else ""
)
def test_a_task_from_outside_is_neither_adopted_nor_ended(outside: Outside, inside: Inside) -> None:
    expected = both(outside, inside, lab=False)
    assert "outside goes on" in expected[0]
    assert both(outside, inside, lab=True) == expected
