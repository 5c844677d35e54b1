"""Tests how the lines of suspended tasks are folded: each is known from a look until the next step."""

import pytest

from asynclab.model import events
from tests.model.short_histories import MAIN, TEA, suspended, tea_party

SLEEP = events.Wait("sleep", seconds=1.0, file="tea.py", line=4)
BREWS = events.TaskStands(
    0.5, TEA, (events.StackFrame("brew", "tea.py", 4), events.StackFrame("sleep", library="asyncio"))
)


def test_a_waiting_task_stands_where_it_was_seen_to_wait() -> None:
    assert tea_party(*suspended(0.0, TEA, SLEEP)).tasks[TEA].place == ("tea.py", 4)


def test_a_task_that_was_woken_still_stands_there() -> None:
    task = tea_party(*suspended(0.0, TEA, SLEEP), events.TaskReady(1.0, TEA, "timer")).tasks[TEA]
    assert (task.state, task.waits_for, task.place) == ("ready", None, ("tea.py", 4))


@pytest.mark.parametrize("look", [events.TaskWaiting(0.5, TEA, SLEEP), BREWS])
@pytest.mark.parametrize(
    "after",
    [
        [events.StepStarted(1.0, TEA)],
        [events.StepStarted(1.0, TEA), events.StepEnded(1.0, TEA, 0.0)],
        [events.StepStarted(1.0, TEA), events.StepEnded(1.0, TEA, 0.0, ready=True)],
        [events.StepStarted(1.0, TEA), events.TaskEnded(1.0, TEA, "done")],
        [events.TaskEnded(1.0, TEA, "cancelled")],
        [events.TaskCollected(1.0, TEA)],
    ],
)
def test_after_its_next_step_has_begun_it_stands_there_no_longer(look: events.Event, after: list[events.Event]) -> None:
    task = tea_party(*suspended(0.0, TEA), look, *after).tasks[TEA]
    assert (task.place, task.stands) == (None, None)


def test_a_ready_task_can_be_looked_at_before_its_first_step_and_after_it_yielded() -> None:
    new = tea_party(BREWS).tasks[TEA]
    yielded = tea_party(events.StepStarted(0.0, TEA), events.StepEnded(0.0, TEA, 0.0, ready=True), BREWS).tasks[TEA]
    for task in (new, yielded):
        assert (task.state, task.place, task.stands) == ("ready", ("tea.py", 4), BREWS)


def test_a_look_at_a_task_that_runs_or_has_ended_is_stale() -> None:
    for event in (events.StepStarted(0.0, TEA), events.TaskEnded(0.0, TEA, "done")):
        assert tea_party(event, BREWS).tasks[TEA].stands is None


def test_a_look_at_nobody_changes_nothing() -> None:
    assert set(tea_party(events.TaskStands(0.0, 99, ())).tasks) <= {MAIN, TEA, 3}


@pytest.mark.parametrize(
    ("frames", "opaque", "place"),
    [
        ((events.StackFrame("main", "a.py", 1), events.StackFrame("brew", "b.py", 2)), False, ("b.py", 2)),
        (
            (events.StackFrame("main", "a.py", 1), events.StackFrame("get", library="aiohttp", count=5)),
            False,
            ("a.py", 1),
        ),
        ((events.StackFrame("main", "a.py", 1),), True, None),
        ((events.StackFrame("sleep", library="asyncio"),), False, None),
        ((), False, None),
    ],
)
def test_its_place_is_the_innermost_line_of_user_code_or_cannot_be_told(
    frames: tuple[events.StackFrame, ...], opaque: bool, place: tuple[str, int] | None
) -> None:
    assert tea_party(events.TaskStands(0.0, TEA, frames, opaque)).tasks[TEA].place == place


def test_a_wait_whose_line_cannot_be_told_has_no_place() -> None:
    state = tea_party(*suspended(0.0, TEA, SLEEP), *suspended(1.0, TEA, events.Wait("async_generator")))
    assert state.tasks[TEA].place is None
