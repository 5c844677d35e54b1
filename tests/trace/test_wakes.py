"""Tests which task is reported to have made another one ready, for every way to schedule a step."""

import asyncio
import socket
import threading
from typing import Any

import msgspec
import pytest

from asynclab.model.events import Event, TaskCreated, TaskReady
from asynclab.trace import Lab
from tests.fast_loop import FastLoop, run_fast
from tests.trace.fast_labs import fast_lab, observe


def wakes_of(events: list[TaskReady], task: int) -> list[tuple[str, int | None]]:
    return [(event.cause, event.waker) for event in events if event.task == task]


def test_what_io_brings_is_caused_by_no_task() -> None:
    ours, theirs = socket.socketpair()

    async def receive() -> None:
        await asyncio.get_running_loop().sock_recv(ours, 1)

    async def main() -> None:
        receiving = asyncio.create_task(receive())
        await asyncio.sleep(1)
        theirs.send(b"x")
        await receiving

    with ours, theirs:
        ours.setblocking(False)
        seen = observe(main)
    assert wakes_of(seen.of(TaskReady), 2) == [("callback", None)]


def test_what_another_thread_schedules_is_not_caused_by_the_task_that_runs_meanwhile() -> None:
    async def main() -> None:
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        waiting = asyncio.create_task(event.wait())
        await asyncio.sleep(0)
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(event.set,))
        thread.start()
        thread.join()
        await waiting

    assert wakes_of(observe(main).of(TaskReady), 2) == [("callback", None)]


class CountingLoop(FastLoop):
    """Makes handles as it likes."""

    calls = 0


class OwnCallSoon(CountingLoop):
    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        self.calls += 1
        handle: asyncio.Handle = self._call_soon(callback, args, context)  # type: ignore[attr-defined]
        return handle


class OwnWayBelow(CountingLoop):
    def _call_soon(self, callback: Any, args: Any, context: Any) -> asyncio.Handle:
        self.calls += 1
        handle: asyncio.Handle = super()._call_soon(callback, args, context)  # type: ignore[misc]
        return handle


class WrappedOnItself(CountingLoop):
    def __init__(self) -> None:
        super().__init__()
        original = self.call_soon

        def call_soon(*args: Any, **options: Any) -> asyncio.Handle:
            self.calls += 1
            return original(*args, **options)

        self.call_soon = call_soon  # type: ignore[method-assign, assignment]


async def work() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def consume() -> None:
        for _ in range(3):
            await queue.get()
            await asyncio.sleep(0)

    consumer = asyncio.create_task(consume(), name="consumer")
    for number in range(3):
        await queue.put(number)
    await asyncio.wait_for(consumer, 5)


def told(events: list[Event]) -> list[Event]:
    """The events without when the run began, and where tasks were made: that may be code of the loop."""
    return [msgspec.structs.replace(event, line=0) if isinstance(event, TaskCreated) else event for event in events[1:]]


def calls_without(kind: type[CountingLoop]) -> int:
    """How often a loop schedules something for the work alone."""
    with asyncio.Runner(loop_factory=kind) as runner:
        runner.run(work())
        return runner.get_loop().calls  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("kind", [OwnCallSoon, OwnWayBelow, WrappedOnItself])
def test_a_loop_with_its_own_way_of_scheduling_keeps_it_and_no_step_is_missed(kind: type[CountingLoop]) -> None:
    def events_on(loop_class: type[FastLoop], events: list[Event]) -> int:
        with asyncio.Runner(loop_factory=loop_class) as runner:

            async def main() -> None:
                async with fast_lab() as lab:
                    lab.subscribe(events.extend)
                    await lab.run(work)

            runner.run(main())
            return getattr(runner.get_loop(), "calls", 0)

    plain: list[Event] = []
    own: list[Event] = []
    events_on(FastLoop, plain)
    assert events_on(kind, own) >= calls_without(kind) > 5
    assert told(own) == told(plain)


def test_a_derived_loop_keeps_its_own_way_beside_a_lab_on_the_class_that_it_derives_from() -> None:
    calls: list[int] = []

    async def main() -> None:
        async with fast_lab() as lab:
            lab.start(asyncio.sleep, 1)
            thread = threading.Thread(target=lambda: calls.append(calls_without(OwnWayBelow)))
            thread.start()
            thread.join()

    run_fast(main())
    assert calls == [calls_without(OwnWayBelow)]


async def test_to_ask_what_is_ready_goes_on_while_a_thread_adds_to_it(lab: Lab) -> None:
    class Adding(asyncio.Handle):
        """Stands in for a thread: something is scheduled while the queue is looked through."""

        @property
        def _tracer(self) -> None:
            asyncio.get_running_loop().call_soon(int)

    loop: Any = asyncio.get_running_loop()
    lab.start(asyncio.sleep, 1)
    await asyncio.sleep(0)
    lab.pause()
    await asyncio.sleep(0)
    loop._ready.append(Adding(int, (), loop))
    assert lab.step() == "jump"
