"""A state is what its events say: always the same, never an error, and of bounded size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given

from asynclab.model.events import (
    ITEMS_SHOWN,
    AnyEvent,
    Event,
    Output,
    PrimitiveCreated,
    QueueCreated,
    QueueGot,
    QueuePut,
    StepEnded,
    StepStarted,
    TaskCreated,
    TaskEnded,
    TaskReady,
    TaskWaiting,
    TimeoutMet,
    TimeoutStarted,
    Wait,
)
from asynclab.model.fold import HANDLERS, apply, fold
from asynclab.model.fold.births_and_ends import ENDED_KEPT
from asynclab.model.fold.deadlines import ENDED_TIMEOUTS_KEPT
from asynclab.model.progress_bars import bar_of
from asynclab.model.resources import DEPTH_SAMPLES, KEPT
from asynclab.model.state import LINES_KEPT, LabState
from asynclab.model.tasks import ENDED
from asynclab.model.text import one_line
from asynclab.model.wording.wait import short_wait
from tests.model.anything import any_history
from tests.model.history import lab


@given(any_history())
def test_the_same_events_give_the_same_state_in_whatever_batches(events: list[Event]) -> None:
    at_once, one_by_one = lab(*events), LabState()
    for event in events:
        apply(one_by_one, event)
    assert at_once == one_by_one == lab(*events)


@given(any_history())
def test_no_history_breaks_what_is_always_true_of_a_state(events: list[Event]) -> None:
    state = LabState()
    for event in events:
        apply(state, event)
        steps = [*state.outer_steps, *([] if state.running is None else [state.running])]
        assert sorted(steps) == sorted(id for id, task in state.tasks.items() if task.state == "running")
    gone = Counter(state.counts)
    gone.subtract(task.state for task in state.tasks.values())
    assert gone.total() == state.dropped.tasks
    assert {word for word, count in gone.items() if count} <= ENDED
    assert sorted(row.task for row in state.rows()) == sorted(state.tasks)
    for task in state.tasks.values():
        assert min(task.ready_seconds, task.waiting_seconds) >= 0
        assert (task.ended_at is not None) == (task.state in ENDED)
        assert task.waits_for is None or task.state == "waiting"
    for queue in state.queues.values():
        waiting = {id for id, task in state.tasks.items() if task.waits_for is not None}
        assert {*queue.getters, *queue.putters, *queue.joiners} <= waiting
        assert len(queue.items) <= max(0, queue.size)


@given(any_history())
def test_whatever_happened_can_be_shown(events: list[Event]) -> None:
    state = lab(*events)
    for task in state.tasks.values():
        assert bar_of(task, state, state.now).forms
        assert task.waits_for is None or short_wait(task.waits_for, state)
    for line in state.activity:
        assert all(one_line(text, len(text)) == text for text in line.forms)
    assert len([row.guide for row in state.rows()]) == len(state.tasks)


@pytest.mark.parametrize("kind", get_args(AnyEvent))
def test_each_kind_of_event_is_folded_by_a_function_for_that_kind(kind: type[Event]) -> None:
    assert kind.__name__ in HANDLERS[kind].__annotations__["event"].split(" | ")


def test_the_version_changes_with_every_batch_that_holds_something() -> None:
    state = lab()
    versions = [state.version]
    for batch in ([], [TaskCreated(0.0, 1, "main", "main")], [StepStarted(0.0, 1), StepEnded(0.0, 1, 0.0)]):
        fold(state, batch)
        versions.append(state.version)
    assert versions == [0, 0, 1, 3]


def test_time_never_goes_back() -> None:
    state = lab(TaskCreated(2.0, 1, "main", "main"), StepStarted(1.0, 1))
    assert state.now == 2.0
    assert state.tasks[1].since == 2.0


def test_the_numbers_of_lines_go_on_when_old_lines_go() -> None:
    state = lab(*(Output(0.0, "x\n") for _ in range(LINES_KEPT + 10)))
    assert (len(state.activity), state.dropped.lines) == (LINES_KEPT, 10)
    assert (state.activity[0].number, state.activity[-1].number) == (10, LINES_KEPT + 9)


def test_a_long_name_is_cut_and_cleaned_where_it_is_shown() -> None:
    state = lab(TaskCreated(0.0, 1, "\x1b" + "x" * 500, "main"))
    assert len(state.task_name(1)) == 80
    assert state.task_name(1).startswith("␛xxx")


def test_many_events_leave_a_small_state() -> None:
    state, tasks = LabState(), ENDED_KEPT + 1_000
    fold(state, long_run(tasks))
    assert state.version == 20 * tasks + 1
    assert len(state.tasks) <= ENDED_KEPT + 1
    assert len(state.tasks[0].children) <= ENDED_KEPT
    assert len(state.ended_tasks) <= ENDED_KEPT
    assert len(state.activity) == LINES_KEPT
    assert len(state.queues) <= KEPT
    assert len(state.primitives) <= KEPT
    assert len(state.timeouts) <= ENDED_TIMEOUTS_KEPT
    assert max(len(queue.items) for queue in state.queues.values()) <= ITEMS_SHOWN
    assert max(len(queue.depth) for queue in state.queues.values()) <= DEPTH_SAMPLES
    assert (state.outer_steps, state.unfinished_lines, len(state.roots)) == ([], {}, 1)
    assert all((state.dropped.tasks, state.dropped.lines, state.dropped.queues, state.dropped.primitives))
    assert state.dropped.tasks + len(state.tasks) == tasks + 1


def long_run(tasks: int) -> Iterator[Event]:
    """A main that creates tasks with a life of 20 events each, one after the other."""
    yield TaskCreated(0.0, 0, "main", "main")
    for task in range(1, tasks + 1):
        at = float(task)
        yield TaskCreated(at, task, "worker", "work", 0)
        for _ in range(3):
            yield StepStarted(at, task)
            yield StepEnded(at, task, 0.0001)
            yield TaskReady(at + 0.1, task, "timer")
        yield StepStarted(at + 0.1, task)
        yield QueueCreated(at + 0.1, task, "Queue", 0)
        yield QueuePut(at + 0.1, task, "tea", 1, 1, task)
        yield QueueGot(at + 0.1, task, "tea", 0, 1, 0, task)
        yield PrimitiveCreated(at + 0.1, task, "lock", task)
        yield TimeoutStarted(at + 0.1, task, at + 1.0, task)
        yield TimeoutMet(at + 0.2, task)
        yield StepEnded(at + 0.2, task, 0.0001)
        yield TaskWaiting(at + 0.2, task, Wait("queue.get", task))
        yield TaskEnded(at + 0.3, task, "done", "None")
