"""Tests that lanes agree with the rest of the state, and give the reason of each interval."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model.events import Event
from asynclab.model.fold import fold
from asynclab.model.lanes import READY, RUNNING, WAITING
from asynclab.model.timeline.explanation import explain_moment
from tests.model.anything import any_history
from tests.model.short_histories import lab_with_timeline, timeline_of
from tests.model.timeline.short_runs import intervals
from tests.trace.fast_labs import observe

WORDS = {RUNNING: "running", READY: "ready", WAITING: "waiting"}


async def queue_of_one() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue(1)

    async def produce() -> None:
        for item in ("tea", "milk"):
            await queue.put(item)

    async def consume() -> None:
        await asyncio.sleep(1)
        print(await queue.get())
        print(await queue.get())

    async with asyncio.TaskGroup() as group:
        group.create_task(produce(), name="producer")
        group.create_task(consume(), name="consumer")


@given(any_history())
def test_the_last_interval_of_a_lane_is_the_state_of_its_task(events: list[Event]) -> None:
    state, timeline = lab_with_timeline(*events)
    assert list(timeline.lanes) == list(state.tasks)
    for task in state.tasks.values():
        kind = timeline.lanes[task.id].kind
        assert WORDS.get(kind) == (None if task.has_ended else task.state)


@given(any_history(), st.data())
def test_batches_make_no_difference(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    whole = timeline_of(*events)
    state, parts = lab_with_timeline(*events[:cut])
    fold(state, events[cut:])
    assert [intervals(whole, task) for task in whole.lanes] == [intervals(parts, task) for task in parts.lanes]
    assert (whole.now, whole.version) == (parts.now, parts.version)


@given(any_history(), st.floats(-1.0, 25.0))
def test_any_moment_of_any_history_can_be_told(events: list[Event], at: float) -> None:
    state, timeline = lab_with_timeline(*events)
    for task in timeline.lanes:
        assert all(explain_moment(timeline, task, at, state))
        timeline.lanes[task].time_beside(at, 1), timeline.lanes[task].time_beside(at, -1)


def test_it_says_what_was_waited_for_and_who_ended_the_wait() -> None:
    seen = observe(queue_of_one)
    producer, timeline = seen.task("producer").id, timeline_of(*seen.events)
    told, without_period = explain_moment(timeline, producer, 0.5, seen.state)
    assert "put into queue#1" in told
    assert "woken by consumer's get (0.000 s to 1.000 s)" in told
    assert without_period.endswith("woken by consumer's get")


def test_one_can_go_from_event_to_event_of_a_task_and_back() -> None:
    seen = observe(queue_of_one)
    lane = timeline_of(*seen.events).lanes[seen.task("consumer").id]
    there: list[float] = []
    at: float | None = -1.0
    while at is not None and len(there) < 100:
        at = lane.time_beside(at, 1)
        if at is not None:
            there.append(at)
    assert there == sorted(set(there))
    assert any(moment == pytest.approx(1.0) for moment in there)
    back: list[float] = []
    at = there[-1] + 1
    while at is not None and len(back) < 100:
        at = lane.time_beside(at, -1)
        if at is not None:
            back.append(at)
    assert back[::-1] == there
