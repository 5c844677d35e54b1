"""Tests the events of a step: one event if nothing else happens in it, otherwise its begin and its end."""

import asyncio
import gc
import itertools
import threading
import weakref

import pytest

from asynclab.model import events as e
from asynclab.trace import Lab
from asynclab.trace.recording.recorder import TaskRecord
from tests.alive import alive
from tests.fast_loop import FastLoop, run_fast
from tests.trace.fast_labs import fast_lab, observe, state_of


async def yields() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def kinds(events: list[e.Event]) -> list[type[e.Event]]:
    """The types of the events, without those of the run."""
    return [type(event) for event in events[1:-1]]


def test_a_step_in_which_nothing_else_happens_is_one_event() -> None:
    seen = observe(yields)
    assert kinds(seen.events) == [e.TaskCreated, e.Stepped, e.Stepped, e.Stepped, e.Stepped, e.TaskEnded]
    assert [event.ready for event in seen.of(e.Stepped)] == [True, True, True, False]
    assert seen.state.tasks[1].steps == 4


async def test_a_step_has_begun_for_whoever_reads_in_the_middle_of_it() -> None:
    running: list[object] = []
    events: list[e.Event] = []

    async def looks_at_itself(lab: Lab) -> None:
        running.append(state_of(lab).running)
        running.append(state_of(lab).tasks[1].state)
        await asyncio.sleep(0)

    async with fast_lab() as lab:
        lab.subscribe(events.extend)
        await lab.run(looks_at_itself, lab)
        assert state_of(lab).tasks[1].steps == 2
    assert running == [1, "running"]
    assert kinds(events) == [e.TaskCreated, e.StepStarted, e.StepEnded, e.Stepped, e.TaskEnded]


@pytest.mark.parametrize("speed", [0.25, 1.0, 3.0])
def test_a_task_ends_when_its_last_step_does(speed: float) -> None:
    ticks = iter(range(1_000_000))
    seen = observe(yields, speed=speed, real_time=lambda: next(ticks) * 0.1)
    last = seen.of(e.Stepped)[-1]
    assert last.seconds == pytest.approx(0.1)
    assert seen.of(e.TaskEnded)[0].at == last.at + last.seconds * speed


def test_a_step_in_which_the_clock_changes_is_told_in_two_events() -> None:
    async def hurries(lab: Lab) -> None:
        lab.set_speed(4)

    async def main() -> list[e.Event]:
        events: list[e.Event] = []
        async with fast_lab() as lab:
            lab.subscribe(events.extend)
            await lab.run(hurries, lab)
        return events

    assert [type(event).__name__ for event in run_fast(main())[1:-1]] == [
        "TaskCreated",
        "StepStarted",
        "ClockChanged",
        "StepEnded",
        "TaskEnded",
    ]


def test_a_task_that_takes_the_place_of_one_that_is_gone_is_another() -> None:
    async def nothing() -> None: ...

    async def main() -> None:
        for _ in range(50):
            await asyncio.create_task(nothing())

    seen = observe(main)
    assert [event.task for event in seen.of(e.TaskCreated)] == list(range(1, 52))
    assert sorted(event.task for event in seen.of(e.TaskEnded)) == list(range(1, 52))


async def test_a_lab_that_is_over_leaves_no_task_behind() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            await asyncio.sleep(100)

    async def starts() -> None:
        kept.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)

    kept: list[asyncio.Task[None]] = []

    async with fast_lab() as lab:
        ending = await lab.run(starts)
        assert ending.unstoppable
    reference = weakref.ref(kept.pop())
    del lab
    await asyncio.sleep(200)  # by then it has ended, too
    gc.collect()
    assert reference() is None


async def test_a_busy_lab_forgets_tasks_that_ended_before_there_was_time_to_look() -> None:
    events: list[e.Event] = []
    before = alive(TaskRecord)

    async def many() -> None:
        await asyncio.gather(*(asyncio.sleep(1) for _ in range(3_000)))

    ticks = itertools.count()  # each look at the clock takes ten microseconds
    async with fast_lab(exact=False, instant=True, real_time=lambda: next(ticks) / 1e5) as lab:
        lab.subscribe(events.extend)
        await lab.run(many)
        assert alive(TaskRecord) < before + 10
    assert 0 < sum(isinstance(event, e.TaskWaiting) for event in events) < 3_000


class LateLoop(FastLoop):
    """A loop of a derived class, which calls what it overrides."""

    def time(self) -> float:
        return super().time() + 100.0

    def stop(self) -> None:
        super().stop()


async def test_loops_of_a_class_and_of_one_derived_from_it_have_labs_at_once() -> None:
    found: list[object] = []

    async def sleeper() -> float:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(2)
        return round(loop.time() - before, 6)

    async def observed() -> None:
        async with fast_lab() as lab:
            found.append((await lab.run(sleeper)).value)

    def other_thread() -> None:
        with asyncio.Runner(loop_factory=LateLoop) as runner:
            runner.run(observed())

    async with fast_lab() as lab:
        lab.start(sleeper)
        thread = threading.Thread(target=other_thread)
        thread.start()
        thread.join()
        found.append((await lab.wait()).value)
    assert found == [2.0, 2.0]


async def test_an_eager_step_outside_any_other_is_told_once_though_somebody_reads_in_it() -> None:
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is None:
        pytest.skip("there are no eager tasks before Python 3.12")
    events: list[e.Event] = []

    async def reads(lab: Lab) -> None:
        assert state_of(lab).running == 2

    async def starts(lab: Lab) -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        loop.call_soon(lambda: kept.append(asyncio.create_task(reads(lab))))
        await asyncio.sleep(1)
        kept[0].result()

    kept: list[asyncio.Task[None]] = []

    async with fast_lab() as lab:
        lab.subscribe(events.extend)
        await lab.run(starts, lab)
    steps = [event for event in events if isinstance(event, e.Stepped | e.StepStarted | e.StepEnded)]
    told = [(type(event), event.task) for event in steps]
    assert told == [(e.Stepped, 1), (e.StepStarted, 2), (e.StepEnded, 2), (e.Stepped, 1)]
