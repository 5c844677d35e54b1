"""Tests the events of queues, primitives and timeouts."""

import asyncio
import contextlib
import gc
import itertools
import sys
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from asynclab.model.events import (
    ConditionNotified,
    PrimitiveChanged,
    PrimitiveCreated,
    QueueCreated,
    QueueGot,
    QueuePut,
    QueueShutDown,
    QueueTaskDone,
    TaskReady,
    TimeoutExpired,
    TimeoutMet,
    TimeoutRescheduled,
    TimeoutStarted,
)
from tests.fast_loop import FastLoop
from tests.trace.fast_labs import observe


def test_a_queue_tells_what_goes_in_and_out() -> None:
    async def main() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=2)
        await queue.put("a")
        queue.put_nowait("b")
        await queue.get()
        queue.task_done()

    seen = observe(main)
    assert [(event.queue, event.kind, event.maxsize) for event in seen.of(QueueCreated)] == [(1, "Queue", 2)]
    assert [(event.item, event.size, event.unfinished) for event in seen.of(QueuePut)] == [("'a'", 1, 1), ("'b'", 2, 2)]
    assert [(event.item, event.size, event.index) for event in seen.of(QueueGot)] == [("'a'", 1, 0)]
    assert [(event.unfinished, event.task) for event in seen.of(QueueTaskDone)] == [(1, 1)]
    assert list(seen.state.queues[1].items) == ["'b'"]


def test_the_queue_in_which_as_completed_collects_is_its_own_business() -> None:
    async def main() -> None:
        for each in asyncio.as_completed([asyncio.sleep(1), asyncio.sleep(2)], timeout=9):
            await each
        asyncio.Queue[int](3)

    seen = observe(main)
    assert [event.maxsize for event in seen.of(QueueCreated)] == [3]
    assert not seen.of(QueuePut)
    assert not seen.of(QueueGot)


def test_a_put_comes_before_the_wake_up_that_it_causes() -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        getter = asyncio.create_task(queue.get())
        await asyncio.sleep(1)
        queue.put_nowait(1)
        await getter

    kinds = [type(event) for event in observe(main).events]
    put = kinds.index(QueuePut)
    assert kinds[put + 1] is TaskReady


@pytest.mark.parametrize(
    ("kind", "left"),
    [(asyncio.Queue, ["3", "1"]), (asyncio.LifoQueue, ["2", "3"]), (asyncio.PriorityQueue, ["2", "3"])],
)
def test_a_queue_of_any_order_shows_what_is_left(kind: type[asyncio.Queue[int]], left: list[str]) -> None:
    async def main() -> None:
        queue = kind()
        for number in (2, 3, 1):
            queue.put_nowait(number)
        queue.get_nowait()

    assert list(observe(main).state.queues[1].items) == left


def test_a_refused_put_or_get_leaves_no_event() -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue(1)
        with pytest.raises(asyncio.QueueEmpty):
            queue.get_nowait()
        queue.put_nowait(1)
        with pytest.raises(asyncio.QueueFull):
            queue.put_nowait(2)

    seen = observe(main)
    assert (len(seen.of(QueuePut)), len(seen.of(QueueGot))) == (1, 0)


def test_a_queue_from_outside_is_known_when_it_is_first_used() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def main() -> None:
        await queue.put(1)

    seen = observe(main)
    assert len(seen.of(QueueCreated)) == 1
    assert seen.of(PrimitiveCreated) == []


@pytest.mark.skipif(sys.version_info < (3, 13), reason="Queue.shutdown is new in Python 3.13")
def test_a_shut_down_queue_says_so() -> None:
    async def main() -> None:
        queue: Any = asyncio.Queue()
        queue.shutdown(immediate=True)

    seen = observe(main)
    assert [(event.queue, event.immediate) for event in seen.of(QueueShutDown)] == [(1, True)]
    assert seen.state.queues[1].is_shut_down


def test_a_lock_tells_who_takes_it() -> None:
    async def worker(lock: asyncio.Lock) -> None:
        async with lock:
            await asyncio.sleep(1)

    async def main() -> None:
        lock = asyncio.Lock()
        await asyncio.gather(worker(lock), worker(lock))

    seen = observe(main)
    assert [(event.kind, event.number) for event in seen.of(PrimitiveCreated)] == [("lock", 1)]
    assert [(event.value, event.task) for event in seen.of(PrimitiveChanged)] == [(1, 2), (0, 2), (1, 3), (0, 3)]


def test_the_other_primitives_tell_their_values() -> None:
    async def main() -> None:
        semaphore, event = asyncio.Semaphore(3), asyncio.Event()
        await semaphore.acquire()
        semaphore.release()
        event.set()
        event.set()
        event.clear()

    seen = observe(main)
    assert [(event.kind, event.value) for event in seen.of(PrimitiveCreated)] == [("semaphore", 3), ("event", 0)]
    assert [(event.primitive, event.value) for event in seen.of(PrimitiveChanged)] == [(1, 2), (1, 3), (2, 1), (2, 0)]


def test_a_condition_tells_of_its_notifications() -> None:
    async def main() -> None:
        condition = asyncio.Condition()
        async with condition:
            condition.notify_all()
            condition.notify(2)

    seen = observe(main)
    assert [(event.kind, event.number) for event in seen.of(PrimitiveCreated)] == [("lock", 1), ("condition", 1)]
    assert [event.count for event in seen.of(ConditionNotified)] == [0, 2]


def test_a_barrier_counts_who_is_in_it_and_shows_nothing_of_its_inside() -> None:
    async def main() -> None:
        barrier = asyncio.Barrier(2)
        await asyncio.gather(barrier.wait(), barrier.wait())

    seen = observe(main)
    assert [(event.kind, event.number) for event in seen.of(PrimitiveCreated)] == [("barrier", 1)]
    assert [event.value for event in seen.of(PrimitiveChanged)][:2] == [1, 2]


def test_a_timeout_that_is_met() -> None:
    async def main() -> None:
        async with asyncio.timeout(2):
            await asyncio.sleep(0.5)

    seen = observe(main)
    assert [event.deadline for event in seen.of(TimeoutStarted)] == [pytest.approx(2)]
    assert [event.task for event in seen.of(TimeoutStarted)] == [1]
    assert [event.at for event in seen.of(TimeoutMet)] == [pytest.approx(0.5)]
    assert seen.of(TimeoutExpired) == []


def test_a_timeout_that_expires() -> None:
    async def main() -> None:
        async with asyncio.timeout(2):
            await asyncio.sleep(5)

    seen = observe(main)
    assert [event.at for event in seen.of(TimeoutExpired)] == [pytest.approx(2)]
    assert seen.of(TimeoutMet) == []
    assert isinstance(seen.ending.exception, TimeoutError)


@pytest.mark.parametrize(("work", "outcome"), [(1.0, "met"), (5.0, "expired")])
def test_wait_for_and_wait_have_a_timeout_too(work: float, outcome: str) -> None:
    async def main() -> None:
        await asyncio.gather(asyncio.wait_for(asyncio.sleep(work), 2), return_exceptions=True)
        await asyncio.wait([asyncio.create_task(asyncio.sleep(work))], timeout=2)

    timeouts = list(observe(main).state.timeouts.values())
    assert [timeout.outcome for timeout in timeouts] == [outcome, outcome]
    assert [timeout.length for timeout in timeouts] == [pytest.approx(2), pytest.approx(2)]


def stand_still(seconds: float) -> None:
    """Block the loop, in the time that a test has."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastLoop)
    loop.jumps.now += seconds


async def block() -> str:
    stand_still(1)
    return "done"


async def wait_for_it() -> None:
    assert await asyncio.wait_for(asyncio.create_task(block()), 0.5) == "done"


async def wait_for_some() -> None:
    done, _ = await asyncio.wait([asyncio.create_task(block())], timeout=0.5)
    assert done


async def block_within_it() -> None:
    async with asyncio.timeout(0.5):
        assert await block() == "done"


@pytest.mark.parametrize("main", [wait_for_it, wait_for_some, block_within_it])
def test_a_timeout_that_passes_in_a_blocked_loop_was_missed(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    seen = observe(main)
    assert seen.ending.outcome == "done"
    assert seen.of(TimeoutExpired) == []
    assert [(event.at, event.late) for event in seen.of(TimeoutMet)] == [pytest.approx((1.0, 0.5))]
    assert [timeout.outcome for timeout in seen.state.timeouts.values()] == ["late"]


def test_a_timeout_that_can_fire_only_after_the_loop_was_blocked_expires_late() -> None:
    async def main() -> None:
        async with asyncio.timeout(0.5):
            stand_still(1)
            await asyncio.sleep(1)

    seen = observe(main)
    assert isinstance(seen.ending.exception, TimeoutError)
    assert [event.at for event in seen.of(TimeoutExpired)] == [pytest.approx(1)]
    assert seen.of(TimeoutMet) == []


def test_a_timeout_that_is_moved_is_measured_by_its_new_deadline() -> None:
    async def main() -> None:
        async with asyncio.timeout(0.5) as timeout:
            timeout.reschedule(asyncio.get_running_loop().time() + 3)
            await block()

    assert [event.late for event in observe(main).of(TimeoutMet)] == [0.0]


def test_a_timeout_can_be_put_off_brought_forward_and_taken_away() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(1) as timeout:
            timeout.reschedule(loop.time() + 3)
            await asyncio.sleep(2)
            timeout.reschedule(None)
            await asyncio.sleep(5)

    seen = observe(main)
    assert [event.deadline for event in seen.of(TimeoutRescheduled)] == [pytest.approx(3)]
    assert [event.at for event in seen.of(TimeoutMet)] == [pytest.approx(2)]
    assert len(seen.of(TimeoutStarted)) == 1


def test_many_cancelled_timers_do_not_pile_up() -> None:
    async def main() -> int:
        for _ in range(2_000):
            async with asyncio.timeout(1_000):
                await asyncio.sleep(0)
        return sum(isinstance(thing, asyncio.TimerHandle) for thing in gc.get_objects())

    seen = observe(main)
    assert seen.ending.value < 300  # type: ignore[operator]
    assert len(seen.of(TimeoutMet)) == 2_000


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_timeout_whose_deadline_has_passed_is_seen(seconds: float) -> None:
    async def main() -> None:
        await asyncio.sleep(5)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.sleep(1)

    seen = observe(main)
    assert [event.task for event in seen.of(TimeoutStarted)] == [1]
    assert [event.deadline for event in seen.of(TimeoutStarted)] == [pytest.approx(5 + seconds)]
    assert [event.at for event in seen.of(TimeoutExpired)] == [pytest.approx(5)]
    assert seen.of(TimeoutMet) == []


@pytest.mark.parametrize("awaits", [True, False])
def test_a_timeout_that_is_rescheduled_to_the_past_expires_or_is_met_if_nothing_is_awaited(awaits: bool) -> None:
    async def main() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10) as timeout:
                timeout.reschedule(0)
                if awaits:
                    await asyncio.sleep(1)

    seen = observe(main)
    assert [len(seen.of(kind)) for kind in (TimeoutStarted, TimeoutExpired, TimeoutMet)] == [1, awaits, not awaits]


def test_a_timer_that_was_cancelled_keeps_nothing_alive() -> None:
    async def main() -> bool:
        timeout = asyncio.timeout(3600)
        async with timeout:
            await asyncio.sleep(0)
        reference = weakref.ref(timeout)
        del timeout
        return reference() is None

    assert observe(main).ending.value is True


def test_no_event_is_later_than_the_wake_up_that_it_caused() -> None:
    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue(1)

        async def consume() -> None:
            while await queue.get():
                queue.task_done()
            queue.task_done()

        consumer = asyncio.create_task(consume())
        for number in (1, 2, 3, 0):
            await queue.put(number)
        await queue.join()
        await consumer
        hanging = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        hanging.cancel()
        await asyncio.wait([hanging])

    ticks = itertools.count()
    seen = observe(main, real_time=lambda: next(ticks) / 1e6)  # each look at the clock takes a microsecond
    times = [event.at for event in seen.events]
    assert times == sorted(times)
    assert len(seen.of(QueuePut)) == len(seen.of(QueueGot)) == len(seen.of(QueueTaskDone)) == 4
