"""Tests how waits are folded: what a task waits for is known from a look until the task wakes."""

import pytest

from asynclab.model.events import QueueCreated, StepStarted, TaskEnded, TaskReady, TaskWaiting, Wait
from asynclab.model.fold import apply
from tests.model.short_histories import COFFEE, TEA, kinds_of, suspended, tea_party, told_of

GET = Wait("queue.get", 1)
QUEUE = QueueCreated(0.0, 1, "Queue", 0)


def test_a_wait_is_known_until_the_task_wakes() -> None:
    state = tea_party(*suspended(0.0, TEA, GET))
    assert state.tasks[TEA].waits_for == GET
    apply(state, TaskReady(1.0, TEA, "task"))
    assert state.tasks[TEA].waits_for is None


def test_a_look_that_comes_after_the_task_woke_is_stale() -> None:
    state = tea_party(QUEUE, *suspended(0.0, TEA), TaskReady(1.0, TEA, "task"), TaskWaiting(1.0, TEA, GET))
    assert state.tasks[TEA].waits_for is None
    assert state.queues[1].getters == []
    assert told_of(state, TEA) == []


@pytest.mark.parametrize("kind", ["get", "put", "join"])
def test_those_who_wait_on_a_queue_stand_in_its_lines(kind: str) -> None:
    wait = {"get": Wait("queue.get", 1), "put": Wait("queue.put", 1), "join": Wait("queue.join", 1)}[kind]
    state = tea_party(QUEUE, *suspended(0.0, COFFEE, wait), *suspended(0.0, TEA, wait))
    queue = state.queues[1]
    lines = {"get": queue.getters, "put": queue.putters, "join": queue.joiners}
    assert lines.pop(kind) == [COFFEE, TEA]
    assert list(lines.values()) == [[], []]


def test_only_a_wait_on_a_queue_is_a_place_in_its_lines() -> None:
    queue = tea_party(QUEUE, *suspended(0.0, TEA, Wait("future", 1))).queues[1]
    assert queue.is_quiet


def test_a_task_that_is_looked_at_twice_stands_in_line_once() -> None:
    state = tea_party(QUEUE, *suspended(0.0, TEA, GET), TaskWaiting(0.5, TEA, GET))
    assert state.queues[1].getters == [TEA]


def test_whoever_wakes_runs_or_ends_leaves_the_line() -> None:
    for event in (TaskReady(1.0, TEA, "task"), StepStarted(1.0, TEA), TaskEnded(1.0, TEA, "cancelled")):
        state = tea_party(QUEUE, *suspended(0.0, TEA, GET), *suspended(0.0, COFFEE, GET), event)
        assert state.queues[1].getters == [COFFEE]


def test_a_wait_for_something_else_changes_the_line() -> None:
    put = Wait("queue.put", 1)
    state = tea_party(QUEUE, *suspended(0.0, TEA, GET), TaskWaiting(0.5, TEA, put))
    assert (state.queues[1].getters, state.queues[1].putters) == ([], [TEA])


def test_a_wait_and_its_end_are_told() -> None:
    state = tea_party(*suspended(0.0, TEA, Wait("sleep", seconds=1.0)), TaskReady(1.001, TEA, "timer"))
    assert kinds_of(state, TEA) == ["waits", "woke"]
    assert "1.001 s" in told_of(state, TEA)[1]


def test_a_wake_up_from_a_wait_that_nobody_saw_is_not_told() -> None:
    assert told_of(tea_party(*suspended(0.0, TEA), TaskReady(1.0, TEA, "timer")), TEA) == []


@pytest.mark.parametrize("at", [1.0, 1.0004])
def test_a_wake_up_at_almost_the_same_moment_is_not_told(at: float) -> None:
    state = tea_party(*suspended(1.0, TEA, Wait("event", 1)), TaskReady(at, TEA, "task"))
    assert kinds_of(state, TEA) == ["waits"]


def test_the_same_wait_is_told_once_however_often_it_is_looked_at() -> None:
    held = Wait("lock", 1, (COFFEE,))
    state = tea_party(*suspended(0.0, TEA, held), TaskWaiting(0.5, TEA, Wait("lock", 1)))
    assert kinds_of(state, TEA) == ["waits"]
