"""Tests the progress of a task, from the best source that is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.progress_bars import Bar, bar_of
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from tests.model.short_histories import COFFEE, MAIN, TEA, lab, suspended, tea_party

SLEEP = events.Wait("sleep", seconds=2.0, deadline=2.0)
GATHER = events.Wait("gather", tasks=(TEA, COFFEE), count=3)


def bar(state: LabState, task: int, now: float = 0.0) -> tuple[float | None, str]:
    """How far a task is, and its longest words."""
    return told(bar_of(state.tasks[task], state, now))


def told(bar: Bar) -> tuple[float | None, str]:
    return bar.fraction, bar.forms[0]


@pytest.mark.parametrize(
    ("began", "wait", "now", "expected"),
    [
        (0.0, SLEEP, 1.25, (0.625, "62%")),
        (0.0, SLEEP, 9.0, (1.0, "100%")),
        (0.0, SLEEP, -9.0, (0.0, "0%")),
        (1.0, events.Wait("sleep", seconds=2.0), 1.5, (0.25, "25%")),
    ],
)
def test_a_sleep_is_as_far_as_its_timer(
    began: float, wait: events.Wait, now: float, expected: tuple[float, str]
) -> None:
    assert bar(tea_party(*suspended(began, TEA, wait)), TEA, now) == expected


def test_a_task_that_gathers_is_as_far_as_its_children() -> None:
    state = tea_party(events.TaskWaiting(0.0, MAIN, GATHER), events.TaskEnded(1.0, TEA, "done"))
    assert bar(state, MAIN) == (1 / 3, "1 of 3")


def test_where_a_count_has_no_room_the_percentage_has() -> None:
    state = tea_party(events.TaskWaiting(0.0, MAIN, GATHER), events.TaskEnded(1.0, TEA, "done"))
    assert bar_of(state.tasks[MAIN], state, 1.0).forms == ("1 of 3", "1/3", "33%")


def test_an_ended_child_that_is_no_longer_kept_still_counts() -> None:
    state = tea_party(events.TaskWaiting(0.0, MAIN, events.Wait("task_group", tasks=(TEA, 99))))
    assert bar(state, MAIN) == (0.5, "1 of 2")


def test_of_large_groups_it_is_told_how_many_have_ended_by_now() -> None:
    first, second = tuple(range(2, 202)), tuple(range(202, 402))
    state = lab(*(events.TaskCreated(0.0, number, f"task-{number}", "work") for number in range(1, 402)))
    for task, group in ((2, first), (202, second)):
        fold(state, suspended(0.0, task, events.Wait("gather", tasks=group)))
    for ended, number in enumerate((301, 302, 303)):
        assert bar(state, 2)[1] == "0 of 200"
        assert [bar(state, 202)[1] for _ in range(2)] == [f"{ended} of 200"] * 2
        apply(state, events.TaskEnded(1.0, number, "done"))
    assert (bar(state, 202)[1], bar(state, 2)[1]) == ("3 of 200", "0 of 200")


def test_how_often_a_large_group_is_looked_at_makes_no_difference() -> None:
    group = tuple(range(2, 202))
    looked_at, alone = lab(events.TaskCreated(0.0, 1, "main", "main")), lab(events.TaskCreated(0.0, 1, "main", "main"))
    for state in (looked_at, alone):
        fold(state, suspended(0.0, 1, events.Wait("gather", tasks=group)))
    bar(looked_at, 1)
    for state in (looked_at, alone):
        fold(
            state,
            [
                *(events.TaskCreated(0.0, number, f"task-{number}", "work") for number in group),
                events.TaskReady(1.0, 1, "task"),
            ],
        )
    assert looked_at == alone


class CountedTasks(dict[int, TaskState]):
    """Knows how often a task was looked up."""

    looks = 0

    def get(self, *args: Any) -> Any:
        self.looks += 1
        return super().get(*args)


def test_a_large_group_is_counted_again_only_when_something_has_changed() -> None:
    group = tuple(range(2, 202))
    state = lab(*(events.TaskCreated(0.0, number, f"task-{number}", "work") for number in range(1, 202)))
    state.tasks = tasks = CountedTasks(state.tasks)
    assert [state.ended_among(group) for _ in range(10)] == [0] * 10
    assert tasks.looks == 200
    apply(state, events.TaskEnded(1.0, 7, "done"))
    tasks.looks = 0
    assert state.ended_among(group) == 1
    assert tasks.looks == 200


@pytest.mark.parametrize(
    "wait", [events.Wait("gather", count=3), events.Wait("sleep", seconds=0.0), events.Wait("future")]
)
def test_where_nothing_tells_how_far_the_state_does(wait: events.Wait) -> None:
    state = tea_party(events.TaskWaiting(0.0, MAIN, wait))
    assert bar(state, MAIN) == (None, "waiting")


def test_where_nothing_tells_how_far_the_seconds_of_the_wait_are_counted() -> None:
    state = tea_party(*suspended(0.5, MAIN, events.Wait("future")))
    assert [bar(state, MAIN, now)[1] for now in (1.4, 1.5, 61.0)] == ["waiting", "1 s", "60 s"]


def test_a_task_that_does_not_wait_shows_its_state() -> None:
    state = tea_party(events.StepStarted(0.0, TEA))
    assert bar(state, TEA) == (None, "running")
    assert bar(state, COFFEE) == (None, "ready")


def test_what_a_task_reports_comes_before_its_timer() -> None:
    state = tea_party(*suspended(0.0, TEA, SLEEP), events.Progressed(0.0, TEA, 3, 5, "items"))
    assert bar(state, TEA, 1.0) == (0.6, "3 of 5 items")


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (events.Progressed(0.0, 1, 2), (None, "2")),
        (events.Progressed(0.0, 1, 2.5, None, "MB"), (None, "2.50 MB")),
        (events.Progressed(0.0, 1, 2500, 10_000), (0.25, "25%")),
        (events.Progressed(0.0, 1, 0.5, 2.0), (0.25, "25%")),
        (events.Progressed(0.0, 1, 7, 5), (1.0, "7 of 5")),
        (events.Progressed(0.0, 1, -1, 5), (0.0, "-1 of 5")),
        (events.Progressed(0.0, 1, 3, 0), (None, "3")),
        (events.Progressed(0.0, 1, 3, -1), (None, "3")),
        (events.Progressed(0.0, 1, 1, 2, "\x1b[31m"), (0.5, "1 of 2 ␛[31m")),
    ],
)
def test_a_report_is_told_briefly(progress: events.Progressed, expected: tuple[float | None, str]) -> None:
    assert told(bar_of(TaskState(1, "tea", progress=progress), lab(), 0.0)) == expected


@given(st.floats(), st.none() | st.floats())
def test_no_report_breaks_a_bar(done: float, total: float | None) -> None:
    fraction, text = told(bar_of(TaskState(1, "tea", progress=events.Progressed(0.0, 1, done, total)), lab(), 0.0))
    assert text
    assert fraction is None or 0.0 <= fraction <= 1.0


def test_done_is_full_whatever_was_reported() -> None:
    state = tea_party(events.Progressed(0.0, TEA, 3, 5), events.TaskEnded(1.0, TEA, "done"))
    assert bar(state, TEA) == (1.0, "100%")


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_task_that_did_not_get_through_stays_where_it_was_and_says_so(outcome: events.Outcome) -> None:
    reported = tea_party(events.Progressed(0.0, TEA, 3, 5), events.TaskEnded(1.0, TEA, outcome))
    asleep = tea_party(
        *suspended(0.0, TEA, SLEEP), events.TaskReady(0.5, TEA, "cancel"), events.TaskEnded(0.6, TEA, outcome)
    )
    gathering = tea_party(
        events.TaskWaiting(0.0, MAIN, GATHER), events.TaskEnded(0.5, TEA, "done"), events.TaskEnded(0.6, MAIN, outcome)
    )
    unknown = tea_party(events.TaskEnded(0.6, TEA, outcome))
    assert bar(reported, TEA, 9.0) == (0.6, "60%")
    assert bar(asleep, TEA, 9.0) == (0.25, "25%")
    assert bar(gathering, MAIN, 9.0) == (1 / 3, "33%")
    assert bar(unknown, TEA, 9.0) == (None, outcome)


def test_a_wait_that_was_over_is_not_how_far_a_cancelled_task_came() -> None:
    slept = tea_party(
        *suspended(0.0, TEA, SLEEP), events.TaskReady(2.0, TEA, "timer"), events.TaskCancelRequested(2.0, TEA)
    )
    assert bar(slept, TEA, 2.0) == (None, "ready")
    apply(slept, events.TaskEnded(2.0, TEA, "cancelled"))
    assert bar(slept, TEA, 2.0) == (None, "cancelled")


def test_those_who_are_cancelled_with_a_task_do_not_take_it_further() -> None:
    both = events.Wait("gather", tasks=(TEA, COFFEE))
    state = tea_party(
        events.TaskWaiting(0.0, MAIN, both), events.TaskEnded(1.0, TEA, "done"), events.TaskCancelRequested(2.0, MAIN)
    )
    fold(
        state,
        (
            events.TaskEnded(2.0, COFFEE, "cancelled"),
            events.TaskReady(2.0, MAIN, "task"),
            events.TaskEnded(2.0, MAIN, "cancelled"),
        ),
    )
    assert bar(state, MAIN) == (0.5, "50%")


def test_a_clean_up_does_not_take_a_cancelled_task_further() -> None:
    asleep = tea_party(
        *suspended(0.0, TEA, SLEEP), events.TaskCancelRequested(0.5, TEA), events.TaskReady(0.5, TEA, "cancel")
    )
    fold(asleep, (*suspended(0.5, TEA, events.Wait("sleep", seconds=1.0)), events.TaskReady(1.5, TEA, "timer")))
    apply(asleep, events.TaskEnded(1.5, TEA, "cancelled"))
    assert bar(asleep, TEA) == (0.25, "25%")
