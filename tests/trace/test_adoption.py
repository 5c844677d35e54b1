"""Tests the observation of a loop that runs already: its tasks are found, and everything is undone at the end."""

import asyncio
import asyncio.events
import sys
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import pytest

from asynclab.model.events import Event
from asynclab.model.fold import fold
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.wording.wait import plain_wait
from asynclab.trace.process import ProcessObservation, observe_process
from tests.fast_loop import run_fast


class Adopted:
    """The running loop, observed from now on."""

    def __init__(self) -> None:
        self.observation = observe_process()
        self.state = LabState()
        self.complete = asyncio.get_running_loop().create_future()

    async def begin(self) -> None:
        """Adopt, and wait until the census is taken."""
        loop = asyncio.get_running_loop()
        loop.call_soon(self.adopt, loop)
        await self.complete
        self.fold()

    def adopt(self, loop: Any) -> None:
        self.observation.adopt(loop).look_on(lambda: self.complete.set_result(None))

    def fold(self) -> LabState:
        """The state by now."""
        events: Iterable[Event] = self.observation.recorders[0].take_events()
        fold(self.state, events)
        return self.state

    def task(self, name: str) -> TaskState:
        return next(task for task in self.fold().tasks.values() if task.name == name)

    def wait(self, name: str) -> str:
        """What a task waits for, in words."""
        wait = self.task(name).waits_for
        return "" if wait is None else plain_wait(wait, self.state)[0]


Make = Callable[[], Iterable[asyncio.Task[Any]]]
Then = Callable[[Adopted], Coroutine[Any, Any, None]]


def adopted(make: Make, then: Then, run: Callable[[Coroutine[Any, Any, None]], None] = run_fast) -> None:
    """Run tasks unobserved up to their waits, adopt the loop, go on, and end."""

    async def main() -> None:
        tasks = list(make())
        for _ in range(3):
            await asyncio.sleep(0)
        adoption = Adopted()
        try:
            await adoption.begin()
            await then(adoption)
        finally:
            adoption.observation.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run(main())


def start(coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(coroutine, name=name)


async def within(lock: Any, *then: Coroutine[Any, Any, Any]) -> None:
    async with lock:
        for coroutine in then:
            await coroutine


def test_all_tasks_are_found_with_what_they_wait_for() -> None:
    async def times_out() -> None:
        async with asyncio.timeout(50):
            await asyncio.Event().wait()

    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(9), name="member")

    def make() -> Iterable[asyncio.Task[Any]]:
        lock, queue = asyncio.Lock(), asyncio.Queue[str]()
        full = asyncio.Queue[str](1)
        full.put_nowait("there")
        yield start(within(lock, asyncio.sleep(30)), "holder")
        yield start(within(lock), "wants")
        yield start(queue.get(), "getter")
        yield start(full.put("more"), "putter")
        yield start(times_out(), "times out")
        yield start(group(), "group")

    names = ("holder", "wants", "getter", "putter", "times out", "group", "member")

    async def then(adoption: Adopted) -> None:
        assert {name: adoption.wait(name) for name in names} == {
            "holder": "sleeps 30.00 s",
            "wants": "waits for lock#1 held by holder",
            "getter": "waits to get from queue#1",
            "putter": "waits to put into queue#2 (full)",
            "times out": "waits for event#1",
            "group": "waits for a task group of 1",
            "member": "sleeps 9.00 s",
        }
        assert all(adoption.task(name).found for name in names)
        state = adoption.state
        assert [(queue.size, list(queue.items)) for queue in state.queues.values()] == [(0, []), (1, ["'there'"])]
        (timeout,) = state.timeouts.values()
        assert timeout.task == adoption.task("times out").id
        assert timeout.deadline == pytest.approx(50, abs=1)
        assert adoption.task("holder").waits_for is not None
        assert adoption.task("holder").waits_for.deadline == pytest.approx(30, abs=1)  # type: ignore[union-attr]

    adopted(make, then, asyncio.run)


def test_who_waits_within_a_condition_does_not_hold_it() -> None:
    condition, lock = asyncio.Condition(), asyncio.Lock()

    def make() -> Iterable[asyncio.Task[Any]]:
        yield start(within(condition, condition.wait()), "waits")
        yield start(within(condition, within(lock, asyncio.sleep(5))), "holds both")
        yield start(within(lock), "wants lock")
        yield start(within(condition), "wants condition")

    async def then(adoption: Adopted) -> None:
        assert adoption.wait("wants lock").endswith("held by holds both")
        assert adoption.wait("wants condition").endswith("held by holds both")

    adopted(make, then)


def test_a_lock_that_was_taken_by_hand_has_no_known_holder() -> None:
    lock = asyncio.Lock()

    async def takes() -> None:
        await lock.acquire()
        await asyncio.sleep(5)

    def make() -> Iterable[asyncio.Task[Any]]:
        yield start(takes(), "takes")
        yield start(lock.acquire(), "wants")

    async def then(adoption: Adopted) -> None:
        wait = adoption.task("wants").waits_for
        assert wait is not None
        assert (wait.kind, wait.number, wait.tasks) == ("lock", 1, ())

    adopted(make, then)


def test_timers_from_before_fire_and_are_cancelled_as_told() -> None:
    def make() -> Iterable[asyncio.Task[Any]]:
        asyncio.get_running_loop().call_later(0.002, len, "")
        yield start(asyncio.sleep(0.001), "sleeps")
        yield start(_expires(), "expires")
        yield start(_in_time(), "in time")

    async def then(adoption: Adopted) -> None:
        assert len(adoption.state.calls) == 1
        await asyncio.sleep(0.01)
        adoption.fold()
        assert adoption.task("sleeps").state == "done"
        assert adoption.task("sleeps").wake_cause == "timer"
        assert not adoption.state.calls
        assert {timeout.task: timeout.outcome for timeout in adoption.state.timeouts.values()} == {
            adoption.task("expires").id: "expired",
            adoption.task("in time").id: "met",
        }

    adopted(make, then)


async def _expires() -> None:
    try:
        async with asyncio.timeout(0.002):
            await asyncio.sleep(50)
    except TimeoutError:
        pass


async def _in_time() -> None:
    async with asyncio.timeout(50):
        await asyncio.sleep(0.001)


def test_a_step_that_was_ready_before_is_seen() -> None:
    async def main() -> None:
        adoption = Adopted()
        start(asyncio.sleep(0, "result"), "ready")
        loop: Any = asyncio.get_running_loop()
        ready = [*loop._ready]
        loop._ready.clear()
        loop.call_soon(adoption.adopt, loop)
        loop._ready.extend(ready)
        await adoption.complete
        task = adoption.task("ready")
        assert (task.state, task.steps, task.detail) == ("done", 2, "'result'")
        adoption.observation.stop()

    run_fast(main())


def test_a_loop_that_is_observed_already_is_refused() -> None:
    async def main() -> None:
        adoption = Adopted()
        await adoption.begin()
        other = observe_process()
        with pytest.raises(RuntimeError, match="observed already"):
            other.adopt(asyncio.get_running_loop())
        other.stop()
        adoption.observation.stop()

    run_fast(main())


OWNERS = (
    asyncio, asyncio.events, asyncio.tasks, asyncio.BaseEventLoop, asyncio.SelectorEventLoop,
    asyncio.TimerHandle, asyncio.Handle,
    asyncio.Lock, asyncio.Event, asyncio.Semaphore, asyncio.Condition, asyncio.Barrier, asyncio.Queue, sys.stdout,
)  # fmt: skip


def _attributes(loop: object) -> list[dict[str, object]]:
    return [dict(vars(owner)) for owner in (*OWNERS, type(loop))] + [
        {name: type(value) for name, value in vars(loop).items()}
    ]


def test_all_is_as_it_was_afterwards_and_the_loop_may_be_adopted_again() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        lock = asyncio.Lock()
        tasks = [start(within(lock, asyncio.sleep(0.003)), "holder"), start(within(lock), "wants")]
        await asyncio.sleep(0)
        before = _attributes(loop)
        for _ in range(2):
            adoption = Adopted()
            await adoption.begin()
            assert _attributes(loop) != before
            await asyncio.sleep(0)
            adoption.observation.stop()
            assert _attributes(loop) == before
            assert adoption.wait("wants") == "waits for lock#1 held by holder"
        await asyncio.gather(*tasks)

    run_fast(main())


def test_an_observation_is_what_it_is_without_a_loop() -> None:
    observation: ProcessObservation = observe_process()
    observation.stop()
    observation.stop()
