"""Tests the state: equal for equal events, without errors for odd events, and limited in size."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args, get_type_hints

import pytest
from hypothesis import given

from asynclab.model import events
from asynclab.model.fold import HANDLERS, apply, births_and_ends, fold
from asynclab.model.fold.births_and_ends import ENDED_KEPT
from asynclab.model.fold.deadlines import ENDED_TIMEOUTS_KEPT
from asynclab.model.progress_bars import bar_of
from asynclab.model.resources import DEPTH_SAMPLES, KEPT
from asynclab.model.state import LINES_KEPT, LabState
from asynclab.model.tasks import ENDED
from asynclab.model.text import one_line
from asynclab.model.wording.wait import short_wait
from tests.model.anything import any_history
from tests.model.short_histories import lab


@given(any_history())
def test_the_same_events_give_the_same_state_in_whatever_batches(happened: list[events.Event]) -> None:
    at_once, one_by_one = lab(*happened), LabState()
    for event in happened:
        apply(one_by_one, event)
    assert at_once == one_by_one == lab(*happened)


@given(any_history())
def test_no_history_breaks_what_is_always_true_of_a_state(happened: list[events.Event]) -> None:
    state = LabState()
    for event in happened:
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
def test_whatever_happened_can_be_shown(happened: list[events.Event]) -> None:
    state = lab(*happened)
    for task in state.tasks.values():
        assert bar_of(task, state, state.now).forms
        assert task.waits_for is None or short_wait(task.waits_for, state)
    for line in state.activity:
        assert all(one_line(text, len(text)) == text for text in line.forms)
    assert len([row.guide for row in state.rows()]) == len(state.tasks)


@pytest.mark.parametrize("kind", get_args(events.AnyEvent))
def test_each_kind_of_event_is_folded_by_a_function_for_that_kind(kind: type[events.Event]) -> None:
    hint = get_type_hints(HANDLERS[kind])["event"]
    assert kind in (hint, *get_args(hint))


def test_the_version_changes_with_every_batch_that_holds_something() -> None:
    state = lab()
    versions = [state.version]
    for batch in (
        [],
        [events.TaskCreated(0.0, 1, "main", "main")],
        [events.StepStarted(0.0, 1), events.StepEnded(0.0, 1, 0.0)],
    ):
        fold(state, batch)
        versions.append(state.version)
    assert versions == [0, 0, 1, 3]


def test_time_never_goes_back() -> None:
    state = lab(events.TaskCreated(2.0, 1, "main", "main"), events.StepStarted(1.0, 1))
    assert state.now == 2.0
    assert state.tasks[1].since == 2.0


def test_the_numbers_of_lines_go_on_when_old_lines_go() -> None:
    state = lab(*(events.Output(0.0, "x\n") for _ in range(LINES_KEPT + 10)))
    assert (len(state.activity), state.dropped.lines) == (LINES_KEPT, 10)
    assert (state.activity[0].number, state.activity[-1].number) == (10, LINES_KEPT + 9)


def test_a_long_name_is_cut_and_cleaned_where_it_is_shown() -> None:
    state = lab(events.TaskCreated(0.0, 1, "\x1b" + "x" * 500, "main"))
    assert len(state.task_name(1)) == 80
    assert state.task_name(1).startswith("␛xxx")


def test_many_events_leave_a_small_state(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ENDED_KEPT // 10
    monkeypatch.setattr(births_and_ends, "ENDED_KEPT", kept)
    state, tasks = LabState(), kept + 1_000
    fold(state, long_run(tasks))
    assert state.version == 20 * tasks + 1
    assert len(state.tasks) <= kept + 1
    assert len(state.tasks[0].children) <= kept
    assert len(state.ended_tasks) <= kept
    assert len(state.activity) == LINES_KEPT
    assert len(state.queues) <= KEPT
    assert len(state.primitives) <= KEPT
    assert len(state.timeouts) <= ENDED_TIMEOUTS_KEPT
    assert max(len(queue.items) for queue in state.queues.values()) <= events.ITEMS_SHOWN
    assert max(len(queue.depth) for queue in state.queues.values()) <= DEPTH_SAMPLES
    assert (state.outer_steps, state.unfinished_lines, len(state.roots)) == ([], {}, 1)
    assert all((state.dropped.tasks, state.dropped.lines, state.dropped.queues, state.dropped.primitives))
    assert state.dropped.tasks + len(state.tasks) == tasks + 1


def long_run(tasks: int) -> Iterator[events.Event]:
    """A main that creates tasks with a life of 20 events each, one after the other."""
    yield events.TaskCreated(0.0, 0, "main", "main")
    for task in range(1, tasks + 1):
        at = float(task)
        yield events.TaskCreated(at, task, "worker", "work", 0)
        for _ in range(3):
            yield events.StepStarted(at, task)
            yield events.StepEnded(at, task, 0.0001)
            yield events.TaskReady(at + 0.1, task, "timer")
        yield events.StepStarted(at + 0.1, task)
        yield events.QueueCreated(at + 0.1, task, "Queue", 0)
        yield events.QueuePut(at + 0.1, task, "tea", 1, 1, task)
        yield events.QueueGot(at + 0.1, task, "tea", 0, 1, 0, task)
        yield events.PrimitiveCreated(at + 0.1, task, "lock", task)
        yield events.TimeoutStarted(at + 0.1, task, at + 1.0, task)
        yield events.TimeoutMet(at + 0.2, task)
        yield events.StepEnded(at + 0.2, task, 0.0001)
        yield events.TaskWaiting(at + 0.2, task, events.Wait("queue.get", task))
        yield events.TaskEnded(at + 0.3, task, "done", "None")
