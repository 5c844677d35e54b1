"""Tests who asked a task to end: reported once per request, and only if it is known."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.model.events import CancelIgnored, CancelShared, TaskCancelRequested, TaskEnded, TimeoutExpired
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.recording.scope import CURRENT
from tests.trace.fast_labs import Observed, fast_lab, observe


def requests(seen: Observed) -> list[tuple[int, int | None]]:
    return [(event.task, event.by) for event in seen.of(TaskCancelRequested)]


async def works(turns: int = 10) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def ended(*tasks: asyncio.Task[Any]) -> None:
    await asyncio.wait(tasks)


def test_a_task_that_is_cancelled_before_its_first_step_was_asked_by_who_made_it() -> None:
    async def main() -> None:
        task = asyncio.create_task(works())
        task.cancel()
        await ended(task)

    seen = observe(main)
    assert requests(seen) == [(2, 1)]
    kinds = [type(event) for event in seen.events if isinstance(event, TaskCancelRequested | TaskEnded)]
    assert kinds == [TaskCancelRequested, TaskEnded, TaskEnded]


def test_a_task_that_another_cancels_before_its_first_step_was_asked_by_nobody_known() -> None:
    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []

        async def first() -> None:
            tasks[1].cancel()

        tasks.append(asyncio.create_task(first()))
        tasks.append(asyncio.create_task(works()))
        await ended(*tasks)

    assert requests(observe(main)) == [(3, None)]


async def times_out_waiting() -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await asyncio.sleep(100)


async def times_out_cleaning_up() -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(1)


async def times_out_while_ready() -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_at(loop.time() + 1, future.set_result, None)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1 + 1e-12):
            try:
                await future
            finally:
                await asyncio.sleep(1)


@pytest.mark.parametrize("child", [times_out_waiting, times_out_cleaning_up, times_out_while_ready])
def test_what_a_timeout_asks_is_no_request_of_anybodys(child: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        await asyncio.create_task(child())
        await asyncio.sleep(1)

    seen = observe(main)
    assert requests(seen) == []
    assert len(seen.of(TimeoutExpired)) == 1


async def refuses_once() -> None:
    for _ in range(3):
        with contextlib.suppress(asyncio.CancelledError):
            await works()
        await asyncio.sleep(1)


async def sleeps_on() -> None:
    for _ in range(2):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(100)


async def takes_back() -> None:
    for _ in range(2):
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()


BY_MAIN, BY_NOBODY_KNOWN = (2, 1), (2, None)


@pytest.mark.parametrize(
    ("child", "pauses", "told"),
    [
        (works, [0], [BY_NOBODY_KNOWN]),  # it is ready then
        (refuses_once, [0], [BY_NOBODY_KNOWN]),
        (sleeps_on, [1], [BY_MAIN]),
        (sleeps_on, [1, 1], [BY_MAIN, BY_MAIN]),
        (takes_back, [1, 1], [BY_MAIN, BY_MAIN]),
        (times_out_cleaning_up, [1.5], [BY_MAIN]),
    ],
)
def test_each_request_is_told_once_with_who_asked_where_that_is_known(
    child: Callable[[], Coroutine[Any, Any, None]], pauses: list[float], told: list[tuple[int, int | None]]
) -> None:
    async def main() -> None:
        task = asyncio.create_task(child())
        for seconds in pauses:
            await asyncio.sleep(seconds)
            task.cancel()
        await ended(task)

    assert requests(observe(main)) == told


async def test_what_the_person_at_the_keyboard_asks_is_told_once() -> None:
    events: list[Any] = []
    async with fast_lab() as lab:
        lab.subscribe(events.extend)
        lab.start(works, 1_000_000)
        await asyncio.sleep(0)
        lab.cancel_task(1)
        await lab.wait()
    asked = [event for event in events if isinstance(event, TaskCancelRequested)]
    assert [(event.task, event.by) for event in asked] == [(1, None)]


def test_a_timeout_that_takes_its_request_back_is_not_ignored_though_a_task_group_has_left_one() -> None:
    async def main() -> None:
        with contextlib.suppress(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(fails())
        for seconds in (0.1, 0.2):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await asyncio.sleep(1)
            await asyncio.sleep(0)
            await asyncio.sleep(0.1)

    async def fails() -> None:
        await asyncio.sleep(0.1)
        raise ValueError

    assert [event for event in observe(main).of(CancelIgnored) if event.by_timeout] == []


def test_a_cancelled_caller_that_cancels_what_another_caller_of_its_function_waits_for_is_told() -> None:
    async def main() -> None:
        shared: list[asyncio.Future[None]] = []

        async def resolve() -> None:
            if shared:
                await shared[0]
            shared.append(asyncio.get_running_loop().create_future())
            try:
                await asyncio.sleep(1)
            finally:
                shared[0].cancel()

        async def close() -> None:
            try:
                await asyncio.sleep(1)
            finally:
                shared[0].cancel()

        for ends in (resolve, close):
            shared[:] = [asyncio.get_running_loop().create_future()] if ends is close else []
            first = asyncio.create_task(ends(), name=f"{ends.__name__}s")
            await asyncio.sleep(0)
            second = asyncio.create_task(resolve())
            await asyncio.sleep(0.1)
            first.cancel()
            await ended(first, second)

    seen = observe(main)
    assert [event.by for event in seen.of(CancelShared)] == [seen.task("resolves").id]


@pytest.mark.parametrize("cancelled", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_future_is_cancelled_with_one_of_those_who_wait_for_it(cancelled: tuple[int, ...]) -> None:
    async def main() -> None:
        async def use() -> None:
            await ready

        ready = asyncio.get_running_loop().create_future()
        users = [asyncio.create_task(use(), name=f"user {number}") for number in range(3)]
        await asyncio.sleep(0)
        for number in cancelled:
            users[number].cancel()
        await ended(*users)

    seen = observe(main)
    first, *_ = (seen.task(f"user {number}").id for number in cancelled)
    others = [seen.task(f"user {number}").id for number in range(3) if number != cancelled[0]]
    assert [(event.task, event.by) for event in seen.of(CancelShared)] == [(other, first) for other in others]


def test_a_future_that_its_owner_cancels_is_shared_by_nobody() -> None:
    async def main() -> None:
        async def use() -> None:
            await ready

        ready = asyncio.get_running_loop().create_future()
        users = [asyncio.create_task(use()) for _ in range(2)]
        await asyncio.sleep(0)
        ready.cancel()
        await ended(*users)

    assert observe(main).of(CancelShared) == []


def test_what_is_noticed_of_tasks_that_are_gone_is_forgotten() -> None:
    sizes: list[int] = []

    async def main() -> None:
        for _ in range(2_000):
            task = asyncio.create_task(asyncio.sleep(100))
            await asyncio.sleep(0)
            task.cancel()
            await ended(task)
        tracer = CURRENT.get()
        assert isinstance(tracer, Tracer)
        sizes.append(len(tracer.cancels.seen))

    seen = observe(main)
    assert len(seen.of(TaskCancelRequested)) == 2_000
    assert sizes[0] < 600
