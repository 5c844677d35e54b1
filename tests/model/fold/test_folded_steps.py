"""Tests how steps are folded: tasks are ready, running or waiting, and their times are added up."""

from collections import Counter
from copy import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.state import ClockState, LabState
from tests.model.anything import any_history
from tests.model.short_histories import COFFEE, MAIN, TEA, kinds_of, lab, suspended, tea_party, told_of


def test_a_new_task_is_ready() -> None:
    task = lab(events.TaskCreated(1.5, 1, "main", "main")).tasks[1]
    assert (task.state, task.since, task.created_at) == ("ready", 1.5, 1.5)


def test_a_step_ends_the_time_in_the_ready_queue() -> None:
    task = tea_party(events.StepStarted(0.25, TEA)).tasks[TEA]
    assert (task.state, task.since, task.ready_seconds, task.steps) == ("running", 0.25, 0.25, 1)


def test_a_step_that_suspends_leaves_the_task_waiting_for_something_yet_unknown() -> None:
    task = tea_party(events.StepStarted(0.0, TEA), events.StepEnded(0.5, TEA, 0.01)).tasks[TEA]
    assert (task.state, task.since, task.running_seconds) == ("waiting", 0.5, 0.01)
    assert task.waits_for is None


def test_a_wake_up_ends_the_time_of_waiting() -> None:
    task = tea_party(*suspended(1.0, TEA), events.TaskReady(3.0, TEA, "task", COFFEE)).tasks[TEA]
    assert (task.state, task.since, task.waiting_seconds) == ("ready", 3.0, 2.0)
    assert (task.wake_cause, task.waker) == ("task", COFFEE)


def test_a_task_that_yields_is_ready_again_at_once() -> None:
    task = tea_party(events.StepStarted(0.0, TEA), events.StepEnded(0.5, TEA, 0.01, ready=True)).tasks[TEA]
    assert (task.state, task.since) == ("ready", 0.5)


def test_a_task_woken_in_its_own_step_is_ready_after_it() -> None:
    state = tea_party(
        events.StepStarted(0.0, TEA), events.TaskReady(0.1, TEA, "cancel"), events.TaskReady(0.2, TEA, "cancel")
    )
    assert state.tasks[TEA].state == "running"
    apply(state, events.StepEnded(0.5, TEA, 0.5))
    assert state.tasks[TEA].state == "ready"
    fold(state, suspended(0.6, TEA))
    assert state.tasks[TEA].state == "waiting"


@pytest.mark.parametrize(
    "step",
    [
        (events.Stepped(0.25, TEA, 0.5, ends=True),),
        (events.StepStarted(0.25, TEA), events.StepEnded(0.75, TEA, 0.5, ends=True)),
        (
            events.StepStarted(0.25, TEA),
            events.TaskReady(0.5, TEA, "cancel"),
            events.StepEnded(0.75, TEA, 0.5, ready=True, ends=True),
        ),
    ],
)
def test_a_task_that_ends_with_its_step_runs_up_to_its_end_and_never_waits(step: tuple[events.Event, ...]) -> None:
    state = tea_party(*step)
    task = state.tasks[TEA]
    assert (task.state, task.running_seconds, state.running, state.now) == ("running", 0.5, TEA, 0.75)
    assert (state.counts["running"], state.counts["waiting"]) == (1, 1)
    apply(state, events.TaskEnded(0.75, TEA, "done"))
    assert (task.state, task.steps, task.waiting_seconds, state.running) == ("done", 1, 0.0, None)
    assert (state.counts["running"], state.counts["waiting"], state.counts["done"]) == (0, 1, 1)


def test_a_recording_that_does_not_tell_that_a_step_is_the_last_is_read_as_ever() -> None:
    state = tea_party(events.Stepped(0.25, TEA, 0.5))
    assert state.tasks[TEA].state == "waiting"
    apply(state, events.TaskEnded(0.75, TEA, "done"))
    assert (state.tasks[TEA].state, state.counts["waiting"]) == ("done", 1)


def test_a_task_is_told_to_be_ready_after_the_end_that_woke_it() -> None:
    state = tea_party(
        *suspended(0.0, TEA, events.Wait("task", tasks=(COFFEE,))),
        events.StepStarted(1.0, COFFEE),
        events.StepEnded(1.1, COFFEE, 0.1, ends=True),
        events.TaskEnded(1.1, COFFEE, "done", "'black'"),
        events.TaskReady(1.1, TEA, "task", COFFEE),
    )
    assert [(line.task, line.kind) for line in state.activity][-2:] == [(COFFEE, "done"), (TEA, "woke")]
    assert "1.100 s" in told_of(state, TEA)[-1]
    assert (state.tasks[TEA].state, state.tasks[TEA].waker, state.tasks[TEA].waited_for) == ("ready", COFFEE, "task")


def test_a_task_that_is_ready_already_is_not_woken_again() -> None:
    task = tea_party(
        *suspended(0.0, TEA), events.TaskReady(1.0, TEA, "timer"), events.TaskReady(2.0, TEA, "cancel")
    ).tasks[TEA]
    assert (task.since, task.wake_cause) == (1.0, "cancel")


def test_a_step_without_a_wake_up_still_ends_the_wait() -> None:
    task = tea_party(*suspended(1.0, TEA, events.Wait("future")), events.StepStarted(3.0, TEA)).tasks[TEA]
    assert (task.state, task.waiting_seconds, task.waits_for) == ("running", 2.0, None)


def test_the_running_task_is_the_one_whose_step_is_under_way() -> None:
    state = tea_party(events.StepStarted(0.0, TEA))
    assert state.running == TEA
    apply(state, events.StepEnded(0.0, TEA, 0.0))
    assert state.running is None


def test_an_eager_task_runs_within_its_parents_step() -> None:
    state = tea_party(
        events.StepStarted(0.0, TEA), events.TaskCreated(0.0, 4, "eager", "work", TEA), events.StepStarted(0.0, 4)
    )
    assert (state.running, state.counts["running"]) == (4, 2)
    apply(state, events.StepEnded(0.0, 4, 0.0))
    assert (state.running, state.tasks[TEA].state) == (TEA, "running")


def test_steps_that_end_in_the_wrong_order_leave_nothing_running() -> None:
    state = tea_party(events.StepStarted(0.0, TEA), events.StepStarted(0.0, COFFEE), events.StepEnded(0.0, TEA, 0.0))
    assert (state.running, state.outer_steps) == (COFFEE, [])
    apply(state, events.StepEnded(0.0, COFFEE, 0.0))
    assert state.counts["running"] == 0


def test_a_step_is_accounted_for_even_if_the_end_of_its_task_came_first() -> None:
    state = tea_party(
        events.StepStarted(0.0, TEA), events.TaskEnded(0.5, TEA, "done"), events.StepEnded(0.5, TEA, 0.01)
    )
    assert (state.tasks[TEA].state, state.tasks[TEA].running_seconds, state.running) == ("done", 0.01, None)


@pytest.mark.parametrize(
    "event",
    [
        events.TaskReady(9.0, TEA, "timer"),
        events.StepStarted(9.0, TEA),
        events.TaskWaiting(9.0, TEA, events.Wait("future")),
    ],
)
def test_an_ended_task_stays_ended(event: events.Event) -> None:
    state = tea_party(events.TaskEnded(1.0, TEA, "done", "'tea'"))
    before = copy(state.tasks[TEA]), dict(state.counts)
    apply(state, event)
    assert (state.tasks[TEA], state.counts) == before
    assert state.running is None


def test_counts_are_the_tasks_in_each_state() -> None:
    state = tea_party(events.StepStarted(0.0, TEA))
    assert +Counter(state.counts) == {"waiting": 1, "running": 1, "ready": 1}
    apply(state, events.TaskReady(0.0, MAIN, "task", TEA))
    assert +Counter(state.counts) == {"running": 1, "ready": 2}
    apply(state, events.StepEnded(0.0, TEA, 0.0, ready=True))
    assert +Counter(state.counts) == {"ready": 3}
    fold(state, [events.StepStarted(0.0, TEA), events.TaskReady(0.0, TEA, "cancel"), events.StepEnded(0.0, TEA, 0.0)])
    assert +Counter(state.counts) == {"ready": 3}
    fold(state, suspended(0.0, TEA))
    assert +Counter(state.counts) == {"ready": 2, "waiting": 1}


def test_yielding_is_not_worth_a_line() -> None:
    state = tea_party(
        events.StepStarted(0.0, TEA), events.StepEnded(0.0, TEA, 0.0, ready=True), events.StepStarted(0.0, TEA)
    )
    assert told_of(state, TEA) == []


def test_a_long_step_is_told_as_blocking() -> None:
    state = tea_party(events.StepStarted(0.0, TEA), events.StepEnded(0.5, TEA, 0.5))
    assert kinds_of(state, TEA) == ["blocked"]
    assert "0.500 s" in told_of(state, TEA)[0]


def test_a_whole_step_in_one_event_lasts_as_long_as_the_clock_says() -> None:
    state = tea_party(events.ClockChanged(0.0, paused=False, speed=2.0, instant=False), events.Stepped(1.0, TEA, 0.25))
    task = state.tasks[TEA]
    assert (task.state, task.since, state.now) == ("waiting", 1.5, 1.5)
    assert (task.steps, task.ready_seconds, task.running_seconds) == (1, 1.0, 0.25)


def test_a_step_of_a_paused_lab_takes_no_lab_time() -> None:
    state = tea_party(
        events.ClockChanged(1.0, paused=True, speed=1.0, instant=False), events.Stepped(1.0, TEA, 0.25, ready=True)
    )
    assert (state.tasks[TEA].state, state.tasks[TEA].since, state.now) == ("ready", 1.0, 1.0)


@given(any_history())
def test_a_step_in_one_event_is_the_same_as_its_beginning_and_its_end(happened: list[events.Event]) -> None:
    in_one, in_two = LabState(), LabState()
    for event in happened:
        apply(in_one, event)
        fold(in_two, _in_two(event, in_two.clock))
        assert _unnumbered(in_one) == _unnumbered(in_two)
        assert list(in_one.ready_queue) == list(in_two.ready_queue)


def _unnumbered(state: LabState) -> LabState:
    return replace(state, version=0, blocks=tuple(replace(block, event=0) for block in state.blocks))


def _in_two(event: events.Event, clock: ClockState) -> list[events.Event]:
    if not isinstance(event, events.Stepped):
        return [event]
    end = event.at if clock.paused else event.at + event.seconds * clock.speed
    return [
        events.StepStarted(event.at, event.task),
        events.StepEnded(end, event.task, event.seconds, event.ready, event.ends),
    ]


@given(st.lists(st.tuples(st.sampled_from(["wake", "yield", "suspend"]), st.integers(0, 1000)), max_size=30))
def test_ready_running_and_waiting_time_add_up_to_the_whole_life(turns: list[tuple[str, int]]) -> None:
    state, now = lab(events.TaskCreated(0, 1, "main", "main")), 0
    for turn, pause in turns:
        now += pause
        apply(state, _turn(state, turn, now))
    apply(state, events.TaskEnded(now, 1, "done"))
    task = state.tasks[1]
    assert task.ready_seconds + task.running_seconds + task.waiting_seconds == now


def _turn(state: LabState, turn: str, now: int) -> events.Event:
    """The next event of a task's life, in whole seconds so that sums are exact."""
    task = state.tasks[1]
    if task.state == "waiting":
        return events.TaskReady(now, 1, "timer")
    if task.state == "ready":
        return events.StepStarted(now, 1)
    return events.StepEnded(now, 1, now - task.since, ready=turn == "yield")
