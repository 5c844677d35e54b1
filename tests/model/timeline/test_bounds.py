"""What a timeline lets go, to keep memory bounded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given

import asynclab.model.fold.births_and_ends
import asynclab.model.lanes.lanes_of_run
from asynclab.model.events import Event, Output, StepEnded, StepStarted, TaskCreated, TaskEnded
from asynclab.model.lanes import Timeline
from tests.model.anything import any_history
from tests.model.timeline.lives import Run, run_of, slices

KEPT = 40


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def shrink(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(asynclab.model.lanes.lanes_of_run, "KEPT", KEPT)
    patch.setattr(asynclab.model.lanes.lanes_of_run, "LET_GO", 4)


def turns(task: int, count: int, begin: float = 0.0) -> Iterator[Event]:
    """Steps of a task that prints and asks for another turn in each; a tenth of a second apart."""
    for number in range(count):
        at = begin + number / 10
        yield StepStarted(at, task)
        yield Output(at, "x\n", task)
        yield StepEnded(at + 0.05, task, 0.05, True)


def kept(timeline: Timeline) -> int:
    return sum(lane.size for lane in timeline.lanes.values())


@pytest.mark.usefixtures("_small")
def test_the_oldest_go_first_and_each_that_went_is_counted() -> None:
    run = run_of(TaskCreated(0.0, 1, "a", "a"), *turns(1, 100))
    assert kept(run.timeline) <= KEPT
    assert kept(run.timeline) + run.timeline.dropped == 1 + 3 * 100
    assert (run.timeline.lanes[1].begins[0], run.timeline.now) == pytest.approx((8.75, 9.95))
    assert [word for word, _, end in slices(run.timeline, 1) if end is None] == ["ready"]
    assert "no longer kept" in run.told(1, 0.5)
    assert run.timeline.interval_at(1, 0.5) is None


@pytest.mark.usefixtures("_small")
def test_what_lasts_still_is_kept_however_old_it_is() -> None:
    tasks = KEPT + 20
    run = run_of(*(TaskCreated(0.0, task, "a", "a") for task in range(1, tasks + 1)), *turns(1, 200))
    assert len(run.timeline.lanes) == tasks
    assert slices(run.timeline, 2) == [("ready", 0.0, None)]
    assert kept(run.timeline) <= 2 * tasks


@pytest.mark.usefixtures("_small")
def test_many_tasks_that_do_nothing_do_not_keep_what_is_old_of_another() -> None:
    run = Run()
    run.take(*(TaskCreated(0.0, task, "a", "a") for task in range(1, KEPT // 2 + 1)))
    for number in range(50):
        run.take(*turns(1, 5, number / 2))
        assert kept(run.timeline) <= KEPT


@pytest.mark.usefixtures("_small")
def test_the_lane_of_an_ended_task_goes_with_the_last_that_is_kept_of_it() -> None:
    run = run_of(
        TaskCreated(0.0, 1, "a", "a"),
        TaskCreated(0.0, 2, "b", "b"),
        StepStarted(0.0, 2),
        TaskEnded(0.1, 2, "done"),
        *turns(1, 50, 1.0),
    )
    assert list(run.timeline.lanes) == [1]
    assert run.told(2, 0.0) == run.told(99, 0.0)


def test_the_lanes_of_tasks_that_the_state_forgets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynclab.model.fold.births_and_ends, "ENDED_KEPT", 10)
    monkeypatch.setattr(asynclab.model.fold.births_and_ends, "DROPPED_AT_ONCE", 4)
    run = Run()
    for task in range(1, 31):
        run.take(TaskCreated(0.0, task, "a", "a"), TaskEnded(0.0, task, "done"))
        assert list(run.timeline.lanes) == list(run.state.tasks)
    assert run.timeline.dropped == 2 * run.state.dropped.tasks == 2 * 20


@given(any_history())
def test_a_small_memory_changes_nothing_of_what_lasts_still(events: list[Event]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        small = run_of(*events).timeline
    whole = run_of(*events).timeline
    for task, lane in whole.lanes.items():
        if lane.ended is None:
            assert slices(small, task)[-1] == slices(whole, task)[-1]
    assert kept(small) + small.dropped == kept(whole)
