"""Tests how the creation, cancelling and end of tasks is folded, and how old tasks are dropped."""

import pytest

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.fold.births_and_ends import DROPPED_AT_ONCE, ENDED_KEPT
from asynclab.model.state import LabState
from asynclab.model.wording.outcome import ending
from tests.model.short_histories import COFFEE, MAIN, TEA, kinds_of, lab, suspended, tea_party, told, told_of


def test_a_birth_is_told_of_the_parent() -> None:
    state = tea_party()
    assert told(state) == ["main: created tea", "main: created coffee"]
    assert state.tasks[MAIN].children == [TEA, COFFEE]


def test_a_task_made_by_other_code_on_the_loop_is_told_of_nobody() -> None:
    assert told(tea_party(events.TaskCreated(0.0, 4, "handler", "handle")))[-1] == ": created handler"


def test_a_task_keeps_what_is_known_of_its_birth() -> None:
    task = lab(events.TaskCreated(0.5, 7, "tea", "brew", None, "gather.py", 18, internal=True)).tasks[7]
    assert (task.name, task.coroutine, task.parent) == ("tea", "brew", None)
    assert (task.file, task.line, task.internal, task.created_at) == ("gather.py", 18, True, 0.5)


def test_a_second_birth_of_the_same_task_is_ignored() -> None:
    state = tea_party(events.TaskCreated(1.0, TEA, "impostor", "brew"))
    assert (state.tasks[TEA].name, state.counts["ready"], len(state.rows())) == ("tea", 2, 3)


def test_a_new_name_is_used_from_then_on() -> None:
    state = tea_party(events.TaskRenamed(0.0, TEA, "kettle"))
    assert state.task_name(TEA) == "kettle"


def test_a_task_without_a_name_goes_by_its_number() -> None:
    state = lab(events.TaskCreated(0.0, 4, "", "brew"))
    assert [state.task_name(task) for task in (4, 99, None)] == ["task 4", "task 99", ""]


@pytest.mark.parametrize("by", [MAIN, TEA, None])
def test_a_request_to_cancel_is_not_yet_an_end(by: int | None) -> None:
    state = tea_party(events.TaskCancelRequested(0.5, TEA, by))
    task = state.tasks[TEA]
    assert (task.state, task.cancel_requested, task.cancel_requested_by) == ("ready", True, by)
    assert kinds_of(state, TEA) == ["cancel"]


def test_a_cancel_of_the_task_that_somebody_waits_for_is_for_the_sake_of_who_waits() -> None:
    waits = suspended(1.0, MAIN, events.Wait("task", tasks=(TEA,)))
    state = tea_party(*waits, *(events.TaskCancelRequested(2.0, task, MAIN) for task in (TEA, COFFEE)))
    assert [state.tasks[task].cancelled_for for task in (TEA, COFFEE)] == [MAIN, None]


@pytest.mark.parametrize(("outcome", "detail"), [("done", "'tea'"), ("failed", "ValueError: boom"), ("cancelled", "")])
def test_an_end_is_noted_and_told(outcome: events.Outcome, detail: str) -> None:
    state = tea_party(events.TaskEnded(1.0, TEA, outcome, detail))
    task = state.tasks[TEA]
    assert (task.state, task.detail, task.ended_at, task.since) == (outcome, detail, 1.0, 1.0)
    assert (state.counts[outcome], state.counts["ready"]) == (1, 1)
    assert kinds_of(state, TEA) == [outcome]
    assert told_of(state, TEA) == [ending(outcome, detail)[0]]


@pytest.mark.parametrize(
    ("before", "ready", "waiting"),
    [([], 1.0, 0.0), ([events.StepStarted(0.25, TEA)], 0.25, 0.0), (suspended(0.25, TEA), 0.25, 0.75)],
)
def test_a_task_can_end_in_any_state_with_its_time(before: list[events.Event], ready: float, waiting: float) -> None:
    state = tea_party(*before, events.TaskEnded(1.0, TEA, "cancelled"))
    task = state.tasks[TEA]
    assert (task.state, state.running, sum(state.counts.values())) == ("cancelled", None, 3)
    assert (task.ready_seconds, task.waiting_seconds) == (ready, waiting)


def test_a_task_ends_once() -> None:
    state = tea_party(
        events.TaskEnded(1.0, TEA, "done"), events.TaskEnded(2.0, TEA, "failed"), events.TaskCollected(3.0, TEA)
    )
    assert (state.tasks[TEA].state, state.tasks[TEA].ended_at) == ("done", 1.0)


@pytest.mark.parametrize("others", [(TEA,), ()])
def test_what_a_task_has_acquired_is_that_of_who_waits_for_it(others: tuple[int, ...]) -> None:
    state = lab(
        events.TaskCreated(0.0, MAIN, "main", "main"),
        events.TaskCreated(0.0, TEA, "", "Semaphore.acquire", MAIN),
        *suspended(0.0, MAIN, events.Wait("wait_for", tasks=others)),
        events.PrimitiveCreated(0.0, 1, "semaphore", 1, 1),
        events.PrimitiveChanged(0.1, 1, 0, TEA),
        events.TaskEnded(0.1, TEA, "done", "True"),
    )
    assert state.primitives[1].takers == {MAIN if others else TEA: 1}


def test_a_lock_that_a_helper_takes_for_who_waits_for_it_is_his() -> None:
    state = lab(
        events.TaskCreated(0.0, MAIN, "main", "main"),
        events.TaskCreated(0.0, TEA, "", "Lock.acquire", MAIN),
        *suspended(0.0, MAIN, events.Wait("wait_for", tasks=(TEA,))),
        events.PrimitiveCreated(0.0, 1, "lock", 1),
        events.PrimitiveChanged(0.1, 1, 1, TEA),
        events.TaskEnded(0.1, TEA, "done", "True"),
    )
    assert state.primitives[1].holders == [MAIN]


def test_a_collected_task_has_failed_and_says_why() -> None:
    state = tea_party(*suspended(0.0, TEA), events.TaskCollected(1.0, TEA))
    assert state.tasks[TEA].state == "failed"
    assert told_of(state, TEA) == ["garbage-collected while pending"]


def test_progress_is_kept_and_told_at_each_tenth() -> None:
    reports = [events.Progressed(0.0, TEA, done, 100, "cups") for done in range(25)]
    state = tea_party(*reports)
    assert state.tasks[TEA].progress == reports[-1]
    assert told_of(state, TEA) == ["progress 10 of 100 cups", "progress 20 of 100 cups"]


def test_progress_without_a_total_is_kept_and_not_told() -> None:
    state = tea_party(events.Progressed(0.0, TEA, 3))
    assert state.tasks[TEA].progress == events.Progressed(0.0, TEA, 3)
    assert told_of(state, TEA) == []


def crowd(count: int) -> LabState:
    """A lab whose main created so many tasks, the first of which lives on while all others end."""
    state = lab(events.TaskCreated(0.0, 1, "main", "main"))
    for task in range(2, count + 2):
        apply(state, events.TaskCreated(0.0, task, "", "work", 1))
        if task > 2:
            apply(state, events.TaskEnded(0.0, task, "done"))
    return state


def test_the_oldest_ended_tasks_go_when_there_are_too_many_and_still_count() -> None:
    state = crowd(ENDED_KEPT + 2)
    assert state.dropped.tasks == DROPPED_AT_ONCE
    assert list(state.tasks)[:3] == [1, 2, 3 + DROPPED_AT_ONCE]
    assert state.tasks[1].children == list(state.tasks)[1:]
    assert state.counts["done"] == ENDED_KEPT + 1
    assert sum(state.counts.values()) == len(state.tasks) + state.dropped.tasks


def test_letting_tasks_go_changes_the_rows() -> None:
    state = crowd(ENDED_KEPT + 1)
    assert (len(state.rows()), state.dropped.tasks) == (ENDED_KEPT + 2, 0)
    apply(state, events.TaskCollected(1.0, 2))
    assert len(state.rows()) == ENDED_KEPT + 2 - DROPPED_AT_ONCE


def test_dropped_tasks_without_a_parent_are_gone_too() -> None:
    state = lab()
    for task in range(ENDED_KEPT + 1):
        fold(state, [events.TaskCreated(0.0, task, "", "work"), events.TaskEnded(0.0, task, "done")])
    assert [row.task for row in state.rows()] == list(range(DROPPED_AT_ONCE, ENDED_KEPT + 1))


def test_a_task_with_an_incident_stays() -> None:
    state = lab()
    for task in range(ENDED_KEPT + 1):
        happened = [events.CoroutineDropped(0.0, "brew", "tea.py", 7, task)] if task in (1, 3) else []
        fold(state, [events.TaskCreated(0.0, task, "", "work"), *happened, events.TaskEnded(0.0, task, "done")])
    assert [row.task for row in state.rows()][:3] == [1, 3, DROPPED_AT_ONCE]
    assert len(state.tasks) + state.dropped.tasks == ENDED_KEPT + 1


def test_the_children_of_a_dropped_task_stand_for_themselves_in_the_order_of_their_creation() -> None:
    state = lab(
        events.TaskCreated(0.0, 1, "main", "main"),
        events.TaskCreated(0.0, 2, "gone", "work", 1),
        events.TaskCreated(0.0, 3, "orphan", "work", 2),
        events.TaskCreated(0.0, 4, "grandchild", "work", 3),
        events.TaskCreated(0.0, 5, "server", "serve"),
        events.TaskEnded(0.0, 2, "done"),
    )
    structure = state.structure
    for task in range(6, ENDED_KEPT + 6):
        fold(state, [events.TaskCreated(0.0, task, "", "work", 5), events.TaskEnded(0.0, task, "done")])
    assert 2 not in state.tasks
    assert state.structure > structure
    assert [(row.guide, row.task) for row in state.rows()[:4]] == [("", 1), ("", 3), ("└ ", 4), ("", 5)]


def test_a_task_that_was_found_waits_and_nobody_is_said_to_have_created_it() -> None:
    state = lab(events.TaskCreated(0.5, 7, "tea", "brew", found=True))
    assert (state.tasks[7].state, state.tasks[7].found, state.counts["waiting"]) == ("waiting", True, 1)
    assert not state.ready_queue
    assert not told(state)
    fold(
        state,
        [
            events.TaskReady(0.75, 7, "timer"),
            events.Stepped(0.75, 7, 0.0, ends=True),
            events.TaskEnded(0.75, 7, "done"),
        ],
    )
    assert (state.tasks[7].state, state.tasks[7].waiting_seconds) == ("done", 0.25)
