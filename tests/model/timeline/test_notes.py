"""Tests the marks that only stories use, and the order of things that happen at the same time."""

import pytest
from hypothesis import given

from asynclab.model import events
from asynclab.model.lanes.lane import DRAWN, MARK_KINDS
from asynclab.model.story.mark_reading import just_expired
from tests.model.anything import any_history
from tests.model.short_histories import lab
from tests.model.timeline.short_runs import COFFEE, MAIN, TEA, Run, brewing, run_of, step, woken


def notes(run: Run, task: int) -> list[str]:
    return [MARK_KINDS[kind] for kind in run.timeline.lanes[task].mark_kinds if kind >= DRAWN]


def test_a_lane_notes_which_others_the_task_created_woke_and_asked_to_stop() -> None:
    run = brewing(*step(TEA, 0.2, 0.3))
    run.take(*step(COFFEE, 1.0, 1.0, woken(1.0, TEA, "task", COFFEE), events.TaskCancelRequested(1.0, TEA, COFFEE)))
    assert (notes(run, MAIN), notes(run, COFFEE)) == (["created", "created", "long_step"], ["woke", "asked"])


def test_what_is_not_drawn_is_not_gone_to() -> None:
    run = brewing(*step(TEA, 0.2, 0.3), events.StepStarted(1.0, COFFEE), woken(1.5, TEA, "task", COFFEE))
    lane = run.timeline.lanes[COFFEE]
    assert (notes(run, COFFEE), lane.time_beside(1.0, 1), lane.time_beside(2.0, -1)) == (["woke"], None, 1.0)
    born = brewing(events.StepStarted(1.0, TEA), events.TaskCreated(1.5, 4, "milk", "boil", TEA)).timeline.lanes[TEA]
    assert born.time_beside(1.0, 1) is None


def test_a_task_that_wakes_or_cancels_itself_does_nothing_to_others() -> None:
    run = brewing(*step(TEA, 0.2, 0.2, woken(0.2, TEA, "task", TEA), events.TaskCancelRequested(0.2, TEA, TEA)))
    assert notes(run, TEA) == []


def test_what_a_library_s_own_task_is_created_for_is_not_noted() -> None:
    run = brewing(events.StepStarted(0.2, TEA), events.TaskCreated(0.2, 9, "helper", "help", TEA, internal=True))
    assert notes(run, TEA) == []


def test_only_what_its_end_brings_about_follows_the_end_of_a_task() -> None:
    run = brewing(events.StepStarted(0.2, TEA), events.Warned(0.2, "first", TEA), events.TaskEnded(0.3, TEA, "failed"))
    run.take(woken(0.3, COFFEE, "task", TEA), events.Warned(0.4, "second", TEA), events.Output(0.5, "late\n", TEA))
    assert notes(run, TEA) == ["woke", "complained"]
    assert run.timeline.lanes[TEA].mark_events[-1] == events.Warned(0.4, "second", TEA)


@pytest.mark.parametrize(
    ("before", "value", "kind"), [(1, 0, "lowered"), (0, 1, "raised"), (1, 1, "raised"), (0, 0, "lowered")]
)
def test_a_mark_says_whether_a_primitive_s_value_rose_or_fell(before: int, value: int, kind: str) -> None:
    run = brewing(events.PrimitiveCreated(0.1, 1, "semaphore", 1, before), events.PrimitiveChanged(0.2, 1, value, TEA))
    assert [mark.kind for mark in run.timeline.lanes[TEA].marks_between(0.0, 9.0, 9)] == [kind]


def test_what_a_waker_did_is_looked_for_in_the_step_in_which_it_woke_a_task() -> None:
    put = events.QueuePut(0.5, 1, "'A'", 1, 1, COFFEE)
    run = brewing(*step(TEA, 0.2, 0.3), *step(COFFEE, 0.5, 0.5, put, woken(0.5, TEA, "task", COFFEE)))
    first = run.timeline.lanes[TEA].moments[-1]
    run.take(*step(TEA, 0.6, 0.6), *step(COFFEE, 0.7, 0.7, woken(0.7, TEA, "task", COFFEE)))
    second = run.timeline.lanes[TEA].moments[-1]
    assert run.timeline.deed_before(COFFEE, first) is put
    assert run.timeline.deed_before(COFFEE, second) is None


def test_of_steps_at_the_same_time_those_between_two_moments_are_told() -> None:
    run = brewing(*step(TEA, 1.0, 1.0), woken(1.0, TEA, "timer"), *step(COFFEE, 1.0, 1.0), *step(TEA, 1.0, 1.0))
    moments = run.timeline.lanes[TEA].moments
    assert list(run.timeline.steps_among(moments[-3], moments[-2])) == [COFFEE]
    assert list(run.timeline.steps_among(moments[0], moments[1])) == []


@pytest.mark.parametrize(
    ("further", "length"),
    [
        ((), 2.0),
        ((events.TimeoutRescheduled(0.5, 1, 5.2),), 5.0),
        ((*step(TEA, 2.2, 2.2),), None),
        ((*step(TEA, 2.2, 2.2), woken(3.0, TEA, "timer")), None),
    ],
)
def test_a_timeout_has_just_expired_until_its_next_step(
    further: tuple[events.Event, ...], length: float | None
) -> None:
    started = events.TimeoutStarted(0.2, 1, 2.2, TEA)
    run = brewing(*step(TEA, 0.2, 0.2, started, wait=events.Wait("task", tasks=(COFFEE,))))
    moved = [event for event in further if isinstance(event, events.TimeoutRescheduled)]
    run.take(*moved, events.TimeoutExpired(2.2, 1), events.TaskReady(2.2, TEA, "timer"))
    run.take(*(event for event in further if event not in moved))
    found = just_expired(run.timeline.lanes[TEA], run.state.version + 1)
    assert found == (None if length is None else pytest.approx(length))


def test_an_eager_step_lies_within_its_parent_s() -> None:
    run = Run()
    run.take(
        events.TaskCreated(0.0, MAIN, "main", "main"),
        events.StepStarted(0.0, MAIN),
        events.TaskCreated(0.0, TEA, "tea", "brew", MAIN),
    )
    created = run.state.version
    run.take(
        events.StepStarted(0.0, TEA),
        events.StepEnded(0.0, TEA, 0.0),
        events.StepEnded(0.0, MAIN, 0.0),
        events.StepStarted(0.0, COFFEE),
    )
    assert run.timeline.runs_through(MAIN, created, created + 1)
    assert not run.timeline.runs_through(MAIN, created, created + 3)
    assert not run.timeline.runs_through(None, created, created + 1)


@given(any_history())
def test_a_state_is_the_same_whether_or_not_it_has_a_timeline(happened: list[events.Event]) -> None:
    assert lab(*happened) == run_of(*happened).state
