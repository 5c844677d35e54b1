"""Tests demos 1 to 5 (coroutines, await, gather, create_task, results): their mistakes and parameters."""

import pytest

from asynclab.demos import awaiting
from tests.demos.performances import perform


def test_coroutines_with_a_forgotten_await_runs_nothing_and_python_warns() -> None:
    demo = perform("coroutines", forget_await=True)
    assert demo.printed == []
    assert demo.error is None
    assert demo.warnings == ["coroutine 'greet' was never awaited"]


def test_await_takes_one_step_more_than_it_suspends_not_than_it_awaits() -> None:
    coroutine = awaiting.main(seconds=0)
    assert coroutine.send(None) is None
    with pytest.raises(StopIteration):
        coroutine.send(None)


def test_await_in_a_row_takes_the_sum() -> None:
    demo = perform("await", in_a_row=True)
    assert demo.printed == ["Starting...", "Hello", "World", "Hello", "World", "Finished!"]
    assert demo.times == [0, 0, 2, 2, 4, 4]


def test_gather_with_the_shortest_first_ends_in_the_order_of_the_list() -> None:
    demo = perform("gather", tasks=3, first="shortest")
    assert demo.printed == ["Task 1 complete", "Task 2 complete", "Task 3 complete"]
    assert demo.seconds == pytest.approx(3)


def test_gather_one_by_one_takes_the_sum() -> None:
    demo = perform("gather", one_by_one=True)
    assert demo.printed == ["Task 1 complete", "Task 2 complete"]
    assert demo.times == [2, 3]


@pytest.mark.parametrize("first", ["longest", "shortest"])
def test_gather_with_a_failing_child_lets_its_siblings_go_on(first: str) -> None:
    demo = perform("gather", tasks=3, first=first, one_fails=True)
    failing, slow = ("3", "12") if first == "longest" else ("1", "23")
    assert demo.printed[0] == f"gather raised: Task {failing} failed"
    assert sorted(demo.printed[1:]) == [f"Task {number} complete" for number in slow]
    assert demo.times == [1, 2, 3]
    assert demo.is_clean


def test_create_task_without_awaiting_lets_main_end_before_its_tasks() -> None:
    demo = perform("create_task", forget_await=True)
    assert demo.printed == []
    assert demo.leftovers == ["task-1", "task-2"]
    assert demo.error is None


def test_create_task_is_cancelled_one_task_at_a_time() -> None:
    """Cancelling main cancels the task that it awaits, and no other: they are its own to control."""
    demo = perform("create_task", cancel_at=0.5)
    assert demo.cancelled
    assert demo.leftovers == ["task-2"]


def test_results_are_lost_when_one_fails_and_the_others_run_on() -> None:
    demo = perform("results", one_fails=True)
    assert demo.printed == []
    assert isinstance(demo.error, ValueError)
    assert len(demo.leftovers) == 2


def test_results_can_include_the_exception() -> None:
    demo = perform("results", one_fails=True, return_exceptions=True)
    assert demo.printed == ["[1, 4, ValueError('no square of 3 today')]"]
    assert demo.is_clean
