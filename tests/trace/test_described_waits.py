"""Tests what a suspended task waits for, and at which line."""

import asyncio
import contextlib
import itertools
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from unittest.mock import Mock, patch

import pytest

from asynclab.model.events import TaskWaiting, Wait
from asynclab.trace import Lab
from asynclab.trace.patching.handles import BOUNDARY
from asynclab.trace.reading.entered_blocks import entered
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.watching import looks
from asynclab.trace.watching.looks import IDLE_SHARE, LOOK_LATER, LOOK_SAVINGS, LOOK_SHARE, Looks
from asynclab.trace.watching.observer import Observer
from tests.trace.fast_labs import fast_lab, observe, state_of


def wait_of(make: Callable[[], Awaitable[Any]], name: str = "waiter") -> Wait:
    """The first wait of a task that awaits what `make` makes."""

    async def waiter() -> None:
        await make()

    async def main() -> None:
        task = asyncio.create_task(waiter(), name=name)
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])

    seen = observe(main)
    number = seen.task(name).id
    return next(event.wait for event in seen.of(TaskWaiting) if event.task == number)


def test_a_sleep_says_how_long_and_until_when() -> None:
    wait = wait_of(lambda: asyncio.sleep(5))
    assert (wait.kind, wait.seconds) == ("sleep", 5)
    assert wait.deadline == pytest.approx(5)


def test_the_line_is_that_of_the_users_innermost_frame() -> None:
    wait = wait_of(lambda: asyncio.sleep(5))
    assert wait.file == __file__
    assert wait.line == wait_of.__code__.co_firstlineno + 4


async def full_queue() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    await queue.put(1)
    await queue.put(2)


async def empty_queue() -> None:
    await asyncio.Queue[int]().get()


async def unfinished_queue() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    queue.put_nowait(1)
    await queue.join()


async def taken_semaphore() -> None:
    semaphore = asyncio.Semaphore(1)
    await semaphore.acquire()
    await semaphore.acquire()


async def unset_event() -> None:
    await asyncio.Event().wait()


async def quiet_condition() -> None:
    condition = asyncio.Condition()
    async with condition:
        await condition.wait()


async def barrier_of_two() -> None:
    await asyncio.Barrier(2).wait()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (empty_queue, "queue.get"),
        (full_queue, "queue.put"),
        (unfinished_queue, "queue.join"),
        (taken_semaphore, "semaphore"),
        (unset_event, "event"),
        (quiet_condition, "condition"),
        (barrier_of_two, "barrier"),
    ],
)
def test_a_primitive_is_named(make: Callable[[], Awaitable[Any]], kind: str) -> None:
    wait = wait_of(make)
    assert (wait.kind, wait.number) == (kind, 1)


def test_a_lock_names_who_holds_it() -> None:
    async def holds(lock: asyncio.Lock, seconds: float) -> None:
        async with lock:
            await asyncio.sleep(seconds)

    async def main() -> None:
        lock = asyncio.Lock()
        await asyncio.gather(
            asyncio.create_task(holds(lock, 2), name="holder"), asyncio.create_task(holds(lock, 0), name="next")
        )

    seen = observe(main)
    wait = next(event.wait for event in seen.of(TaskWaiting) if event.task == seen.task("next").id)
    assert (wait.kind, wait.number, wait.tasks) == ("lock", 1, (seen.task("holder").id,))


def test_an_awaited_task_is_named() -> None:
    async def main() -> None:
        await asyncio.create_task(asyncio.sleep(1), name="child")

    seen = observe(main)
    wait = seen.of(TaskWaiting)[0].wait
    assert (wait.kind, wait.tasks, wait.line) == ("task", (seen.task("child").id,), main.__code__.co_firstlineno + 1)


def test_gather_wait_and_task_groups_name_their_tasks() -> None:
    async def main() -> None:
        await asyncio.gather(asyncio.gather(asyncio.sleep(1), asyncio.sleep(1)), asyncio.sleep(2))
        await asyncio.wait([asyncio.create_task(asyncio.sleep(1)) for _ in range(3)])
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(1))

    waits = [event.wait for event in observe(main).of(TaskWaiting) if event.task == 1]
    assert [(wait.kind, wait.count, len(wait.tasks)) for wait in waits] == [
        ("gather", 2, 3),
        ("wait", 3, 3),
        ("task_group", 1, 1),
    ]


def test_tasks_of_a_set_are_named_in_the_order_in_which_they_were_made() -> None:
    async def main() -> None:
        await asyncio.wait({asyncio.create_task(asyncio.sleep(1)) for _ in range(20)})
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(asyncio.sleep(1))

    waits = [event.wait.tasks for event in observe(main).of(TaskWaiting) if event.task == 1]
    assert waits == [tuple(range(2, 22)), tuple(range(22, 42))]


def test_a_block_that_a_generators_context_manager_has_begun_is_entered() -> None:
    lock = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        async with lock:
            yield

    async def waits() -> None:
        async with locked():
            await asyncio.sleep(9)

    async def main() -> list[object]:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        managers = list(entered(task.get_coro()))
        task.cancel()
        return managers

    assert asyncio.run(main())[1:] == [lock]


def test_wait_for_says_what_is_inside() -> None:
    seen = observe(lambda: asyncio.wait_for(asyncio.sleep(1), 2))
    wait = seen.of(TaskWaiting)[0].wait
    if sys.version_info < (3, 12):
        assert (wait.kind, wait.tasks) == ("wait_for", (2,))
    else:
        assert wait.kind == "sleep"


def test_a_future_is_a_future() -> None:
    assert wait_of(lambda: asyncio.get_running_loop().create_future()).kind == "future"


def test_a_shield_is_seen_through() -> None:
    async def shielded() -> None:
        await asyncio.wait_for(asyncio.shield(asyncio.create_task(asyncio.sleep(5))), 9)

    async def of_a_future() -> None:
        await asyncio.shield(asyncio.get_running_loop().create_future())

    async def of_a_gathering() -> None:
        await asyncio.shield(asyncio.gather(asyncio.sleep(5), asyncio.sleep(6)))

    wait = wait_of(lambda: asyncio.shield(asyncio.sleep(5)))
    assert (wait.kind, len(wait.tasks)) == ("shield", 1)
    assert len(wait_of(shielded).tasks) == 1
    assert wait_of(of_a_future).kind == "future"
    assert len(wait_of(of_a_gathering).tasks) == 2


def test_as_completed_names_what_it_is_still_to_give() -> None:
    async def main() -> None:
        for each in asyncio.as_completed([asyncio.sleep(1), asyncio.sleep(2)]):
            await each

    waits = [event.wait for event in observe(main).of(TaskWaiting) if event.task == 1]
    assert [(wait.kind, wait.count, len(wait.tasks), wait.line > 0) for wait in waits] == [
        ("as_completed", 2, 2, True),
        ("as_completed", 1, 1, True),
    ]


def test_an_async_generator_waits_for_what_it_awaits() -> None:
    async def numbers() -> AsyncIterator[int]:
        await asyncio.sleep(5)
        yield 1

    async def consume() -> None:
        async for _ in numbers():
            pass

    async def take_one() -> None:
        await anext(numbers(), None)

    for program in (consume, take_one):
        wait = wait_of(program)
        assert (wait.kind, wait.seconds, wait.line > 0) == ("sleep", 5.0, True)


def test_a_library_is_named_where_it_awaits_a_future_of_its_own() -> None:
    from aiohttp.helpers import TimerNoop  # any module of an installed package will do as a home for the code

    namespace: dict[str, Any] = {}
    file = sys.modules[TimerNoop.__module__].__file__
    assert file is not None
    exec(compile("async def inside(future): await future", file, "exec"), namespace)

    async def call() -> None:
        await namespace["inside"](asyncio.get_running_loop().create_future())

    wait = wait_of(call)
    assert (wait.kind, wait.library) == ("library", "aiohttp")
    assert wait.file == __file__


def test_a_thread_and_a_stream_are_told_apart() -> None:
    async def main() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            reading = asyncio.create_task(reader.readline(), name="reads")
            # From Python 3.14 on a call that has ended already isn't waited for: these end when somebody waits.
            loop, first, second = asyncio.get_running_loop(), threading.Event(), threading.Event()
            loop.call_soon(first.set)
            await asyncio.to_thread(first.wait)
            loop.call_soon(second.set)
            await loop.run_in_executor(None, second.wait)
            writer.close()
            await reading

    async def run() -> list[Wait]:
        events: list[Any] = []
        async with Lab(exact=True, watch=False) as lab:
            lab.subscribe(events.extend)
            ending = await lab.run(main)
            assert ending.outcome == "done"
        return [event.wait for event in events if isinstance(event, TaskWaiting)]

    kinds = [wait.kind for wait in asyncio.run(run())]
    assert kinds.count("thread") == 2
    assert "stream" in kinds


def test_a_task_that_yields_waits_for_nothing() -> None:
    async def main() -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    seen = observe(main)
    assert seen.of(TaskWaiting) == []
    assert seen.state.tasks[1].steps == 4


async def test_a_busy_lab_looks_later_and_at_what_is_asked_for_first() -> None:
    async def sleeps() -> None:
        await asyncio.sleep(10)

    async def many() -> None:
        await asyncio.gather(*(sleeps() for _ in range(3_000)))

    ticks = itertools.count()  # each look at the clock takes ten microseconds
    async with fast_lab(exact=False, real_time=lambda: next(ticks) / 1e5) as lab:
        lab.start(many)
        await asyncio.sleep(1)
        known = [task for task in state_of(lab).tasks.values() if task.waits_for]
        assert 0 < len(known) < 3_000
        lab.sample(first=[3_001])
        assert state_of(lab).tasks[3_001].waits_for is not None
        lab.sample()
        assert not all(task.waits_for for task in state_of(lab).tasks.values())
        for _ in range(200):
            lab.sample()
        assert all(task.waits_for for task in state_of(lab).tasks.values())


LOOK_TAKES = 1e-4
"""Real seconds that a look takes in these tests."""


def looks_taken(*, busy: float = 0.0, idle: float = 0.0, exact: bool = False) -> tuple[int, int, int]:
    """How many of a thousand waits are told that come one after the other, how many could be, and how many there were.

    Before each, the program works for `busy` seconds, and waits for `idle` ones, or others have the processor.
    """
    real = cpu = 0.0
    waits, asked = 1_000, 0

    def look(*_: object) -> None:
        nonlocal real, cpu
        real, cpu = real + LOOK_TAKES, cpu + LOOK_TAKES
        taken.append(real)

    taken: list[float] = []
    tracer = Observer(VirtualClock(lambda: real), BOUNDARY, exact=exact)
    record, task = Mock(id=1), Mock()
    with patch.object(Looks, "find_wait", look), patch.object(looks, "thread_time", lambda: cpu):
        for _ in range(waits):
            real, cpu = real + busy + idle, cpu + busy
            if real >= tracer.looks.again_at:
                asked += 1
                tracer.looks.look(record, task, real)
    return len(taken), asked, waits


@pytest.mark.parametrize("idle", [0.0, 0.001])
def test_looks_take_no_more_than_a_hundredth_of_a_busy_loop(idle: float) -> None:
    taken, _, waits = looks_taken(busy=0.001, idle=idle)
    share = waits * (0.001 * LOOK_SHARE + idle * IDLE_SHARE)
    assert share <= taken * LOOK_TAKES <= 1.2 * share + LOOK_SAVINGS + LOOK_TAKES


@pytest.mark.parametrize(("busy", "expected"), [(1.0, 0.01), (0.5, 0.015), (0.0, 0.02)])
def test_looks_that_nobody_asked_for_take_less_of_a_busy_loop(busy: float, expected: float) -> None:
    real = cpu = 1000.0
    tracer = Observer(VirtualClock(lambda: real), BOUNDARY)
    with (
        patch.object(looks, "thread_time", lambda: cpu),
        patch.object(Looks, "look_at_the_rest", autospec=True) as look,
    ):
        for passed in (0.02, 60.0):
            tracer.looks.look_later()
            real, cpu = real + passed, cpu + busy * passed
        tracer.looks.look_later()
    shares = [call.kwargs["seconds"] for call in look.call_args_list]
    assert shares == [LOOK_LATER, pytest.approx(0.02 * expected), LOOK_LATER]


def test_a_loop_that_seldom_gets_the_processor_seldom_asks_how_long_it_had_it() -> None:
    taken, asked, _ = looks_taken(busy=0.0001, idle=0.001)
    assert asked <= taken + 10


def test_an_idle_loop_has_time_for_every_look() -> None:
    taken, _, waits = looks_taken(idle=2 * LOOK_TAKES / IDLE_SHARE)
    assert taken == waits


def test_an_exact_lab_takes_every_look_however_busy_it_is() -> None:
    taken, _, waits = looks_taken(exact=True)
    assert taken == waits
