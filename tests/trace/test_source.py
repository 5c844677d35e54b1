"""Tests a lab as a source: what it reports of itself, and when this is in its state."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

import pytest

from asynclab.model import events as e
from asynclab.model.event_feed import BATCH
from asynclab.model.source import Control, Source
from asynclab.trace import Lab
from asynclab.trace.monitoring.standstill import STALLED_AFTER
from tests.fast_loop import run_fast
from tests.trace.fast_labs import fast_lab, held, settle, state_of, stepped


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def three() -> None:
    await asyncio.gather(*(asyncio.create_task(turns()) for _ in range(3)))


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_lab_is_a_source_and_its_own_control() -> None:
    lab: Source = Lab("mine")
    control: Control | None = lab.control
    assert isinstance(control, Lab)
    assert not lab.is_running


async def test_to_read_the_state_does_no_work(lab: Lab, told: list[e.Event]) -> None:
    lab.start(forever)
    await settle()
    state = lab.state
    assert (state.version, told) == (0, [])
    lab.pump()
    assert lab.state is state
    assert state.version == len(told) > 0


@pytest.mark.parametrize("way", [Lab.run, lambda lab, main: (lab.start(main), lab.wait())[1]])
def test_after_a_run_the_state_is_complete(way: Callable[..., object]) -> None:
    async def main() -> None:
        async with fast_lab() as lab:
            awaited = way(lab, turns)
            assert asyncio.iscoroutine(awaited)
            await awaited
            assert (lab.state.outcome, lab.state.counts["done"]) == ("done", 1)
            version = lab.state.version
            lab.pump()
            assert lab.state.version == version

    run_fast(main())


async def test_a_subscriber_that_fails_once_loses_nothing_and_is_heard_of_at_the_end(lab: Lab) -> None:
    told: list[e.Event] = []
    others: list[e.Event] = []

    def fail_once(events: Sequence[e.Event]) -> None:
        told.extend(events)
        if len(told) <= BATCH:
            raise ValueError("mine")

    lab.subscribe(fail_once)
    lab.subscribe(others.extend)
    with pytest.raises(ValueError, match="mine"):
        await lab.run(turns, 2 * BATCH)
    assert lab.ending is not None
    assert lab.ending.outcome == "done"
    assert len(told) == len(others) == lab.state.version > 2 * BATCH


async def test_held_tasks_are_told_one_by_one_and_let_go_by_a_step(lab: Lab) -> None:
    await held(lab, three)
    assert list(state_of(lab).held) == [1] == lab.held
    await stepped(lab)
    assert list(state_of(lab).held) == [2, 3, 4] == lab.held
    await stepped(lab, 3)
    assert list(state_of(lab).held) == [2, 4, 3] == lab.held
    lab.resume()
    assert not state_of(lab).held
    await lab.wait()


async def test_a_task_that_was_let_go_is_held_again_by_the_next_pause(lab: Lab) -> None:
    await held(lab, three)
    lab.resume()
    lab.pause()
    assert not state_of(lab).held
    await settle()
    assert list(state_of(lab).held) == [1]


async def test_a_held_step_that_was_called_off_is_no_longer_held(
    lab: Lab, told: list[e.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, asked = asyncio.get_running_loop(), list[tuple[asyncio.Handle, Callable[[], None], Context | None]]()

    def call_soon(step: Callable[..., None], *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = type(loop).call_soon(loop, step, *args, context=context)
        asked.append((handle, step, context))
        return handle

    monkeypatch.setattr(loop, "call_soon", call_soon)
    await held(lab, three)
    await stepped(lab)
    second = lab.tasks()[3]
    handle, step, context = next(each for each in asked if getattr(each[1], "__self__", None) is second)
    handle.cancel()
    await stepped(lab)
    assert [event.task for event in told if isinstance(event, e.TaskReleased)] == []
    assert list(state_of(lab).held) == [4, 2]
    assert [event.task for event in told if isinstance(event, e.TaskReleased)] == [3]
    loop.call_soon(step, context=context)  # else nothing could ever end the task
    lab.resume()
    await lab.wait()


async def test_what_comes_of_a_step_is_told_each_time(lab: Lab, told: list[e.Event]) -> None:
    async def sleeps() -> None:
        await asyncio.sleep(1)
        await forever()

    await held(lab, sleeps)
    for _ in range(5):
        await stepped(lab)
    lab.pump()
    outcomes = [event.outcome for event in told if isinstance(event, e.StepReported)]
    assert outcomes == ["step", "jump", "step", "nothing", "nothing"]
    assert (lab.state.step_report, lab.state.step_reports) == ("nothing", 5)


async def test_a_step_of_a_lab_that_does_not_run_is_no_report(lab: Lab) -> None:
    assert lab.step() == "nothing"
    await lab.run(turns)
    assert lab.step() == "nothing"
    assert state_of(lab).step_reports == 0


async def test_a_run_to_an_event_is_told_and_so_is_that_no_step_is_left(lab: Lab, told: list[e.Event]) -> None:
    await held(lab, forever)
    lab.run_to_event(1)
    assert state_of(lab).running_to == 1
    await settle()
    assert (state_of(lab).running_to, lab.state.step_reports) == (None, 0)
    lab.run_to_event(1)
    await settle()
    assert (state_of(lab).running_to, lab.state.step_report) == (None, "nothing")
    assert [event.task for event in told if isinstance(event, e.RunningTo)] == [1, None, 1, None]


async def test_a_run_to_an_event_takes_no_number_from_the_names_of_tasks() -> None:
    async def name_of_a_new_task() -> str:
        task = asyncio.create_task(turns(0))
        await task
        return task.get_name()

    async def number_after(*, is_pursued: bool) -> int:
        async with fast_lab() as lab:
            before = asyncio.create_task(turns(0))
            await before
            lab.start(name_of_a_new_task)
            lab.pause()
            await settle()
            if is_pursued:
                lab.run_to_event(1)
                await settle()
            lab.resume()
            number = int(str((await lab.wait()).value).removeprefix("Task-"))
            return number - int(before.get_name().removeprefix("Task-"))

    assert await number_after(is_pursued=True) == await number_after(is_pursued=False)


async def test_that_a_run_is_to_end_is_told_once_and_first(lab: Lab, told: list[e.Event]) -> None:
    async def cleans_up() -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(1)

    lab.start(cleans_up)
    await settle()
    assert not state_of(lab).is_cleaning_up
    lab.cancel()
    lab.cancel()
    assert state_of(lab).is_cleaning_up
    await lab.wait()
    assert not lab.state.is_cleaning_up
    kinds = [type(event) for event in told]
    assert kinds.count(e.EndRequested) == 1
    assert kinds.index(e.EndRequested) < kinds.index(e.TaskCancelRequested) < kinds.index(e.RunEnded)


async def test_a_run_that_ends_by_itself_was_never_asked_to(lab: Lab, told: list[e.Event]) -> None:
    await lab.run(three)
    assert not any(isinstance(event, e.EndRequested | e.TaskHeld | e.StepReported | e.RunningTo) for event in told)


async def test_a_standstill_is_told_once_and_so_is_its_end(lab: Lab, told: list[e.Event]) -> None:
    event = asyncio.Event()

    async def waits_for_somebody() -> None:
        await event.wait()
        await forever()

    lab.start(waits_for_somebody)
    await settle()
    for _ in range(5):
        lab.pump()
        await asyncio.sleep(STALLED_AFTER)
    event.set()  # from outside of the lab
    lab.pump()
    await settle()
    lab.pump()
    stalled = [event.stalled for event in told if isinstance(event, e.RunStalled)]
    assert stalled == [True, False]


async def test_a_step_between_two_looks_is_no_standstill(lab: Lab) -> None:
    event = asyncio.Event()

    async def waits_again_and_again() -> None:
        while True:
            event.clear()
            await event.wait()

    lab.start(waits_again_and_again)
    for _ in range(3):
        await settle()
        assert not state_of(lab).is_stalled
        await asyncio.sleep(STALLED_AFTER)
        event.set()
        await asyncio.sleep(STALLED_AFTER)
