"""What a moment of a task's life is said to be about."""

from __future__ import annotations

import pytest

from asynclab.model.events import (
    Event,
    Output,
    QueueCreated,
    QueueGot,
    StepEnded,
    Stepped,
    StepStarted,
    TaskCancelRequested,
    TaskCreated,
    TaskEnded,
    TaskReady,
    TimeoutExpired,
    TimeoutMet,
    TimeoutStarted,
    Wait,
)
from tests.model.timeline.lives import COFFEE, MAIN, TEA, brewing, step, woken

SLEEP = Wait("sleep", seconds=1.0, deadline=1.3)


def test_before_its_birth_and_after_its_end_a_task_is_told_to_come_and_to_have_ended() -> None:
    run = brewing(TaskCreated(1.0, 4, "late", "brew"), StepStarted(1.0, 4), TaskEnded(2.0, 4, "done", "'x'"))
    assert run.told(4, 0.5) == "created later, at 1.000 s"
    assert run.told(4, 2.0).endswith(", at 2.000 s")
    assert "'x'" in run.told(4, 9.0)
    assert run.told(99, 0.0) == "nothing is kept of it"


def test_the_end_is_told_however_much_was_done_at_the_same_moment() -> None:
    prints = (Output(1.0, f"{number}\n", TEA) for number in range(1_000))
    run = brewing(StepStarted(1.0, TEA), *prints, TaskEnded(1.0, TEA, "failed", "ValueError: cold"))
    assert "ValueError: cold" in run.told(TEA, 1.0)


def test_a_step_is_told_with_what_was_done_in_it() -> None:
    deeds: list[Event] = [Output(0.21, f"line {number}\n", TEA) for number in range(6)]
    run = brewing(*step(TEA, 0.2, 0.3, deeds[0]))
    assert run.told(TEA, 0.25) == "ran for 100 ms: printed “line 0” (0.200 s to 0.300 s)"
    run = brewing(StepStarted(0.2, TEA), *deeds)
    assert run.told(TEA, 0.21).startswith("running for 10 ms: printed “line 0”, printed “line 1”, ")
    assert "“line 3”, … (since 0.200 s)" in run.told(TEA, 0.21)


def test_a_wait_is_told_with_what_ends_it_or_has_ended_it() -> None:
    run = brewing(*step(TEA, 0.2, 0.3, wait=SLEEP))
    assert run.told(TEA, 0.8) == "waiting for 500 ms: sleep 1.00 s, due at 1.300 s (since 0.300 s)"
    run.take(woken(1.3, TEA, "timer"))
    assert run.told(TEA, 0.8) == "waited 1.000 s: sleep 1.00 s, woken by its timer (0.300 s to 1.300 s)"


def test_what_lasts_still_has_lasted_as_long_as_it_had_at_the_moment_that_is_looked_at() -> None:
    run = brewing(*step(TEA, 0.2, 0.3, wait=SLEEP), *step(COFFEE, 0.3, 0.9))
    assert run.told(TEA, 0.5) == "waiting for 200 ms: sleep 1.00 s, due at 1.300 s (since 0.300 s)"


def test_a_wait_that_nobody_looked_at_is_not_guessed() -> None:
    assert brewing(*step(TEA, 0.2, 0.3)).told(TEA, 0.8) == "waiting for 500 ms: can't tell for what (since 0.300 s)"


def test_a_new_task_is_ready_behind_those_that_run_first() -> None:
    run = brewing(*step(TEA, 0.2, 0.3), *step(COFFEE, 0.4, 0.5))
    assert run.told(COFFEE, 0.3) == "ready for 400 ms behind tea, just created by main (0.000 s to 0.400 s)"
    assert run.told(MAIN, 0.0).startswith("ran for 100 ms")


def test_a_crowd_that_goes_first_is_counted() -> None:
    run = brewing(*(TaskCreated(0.1, number, f"t{number}", "t") for number in range(4, 10)))
    run.take(*(event for number in range(4, 10) for event in step(number, number / 10, number / 10 + 0.05)))
    run.take(*step(COFFEE, 2.0, 2.1))
    assert " behind t4, t5, t6 and 3 more, just created by main (" in run.told(COFFEE, 1.0)


def test_another_turn_is_told_as_asked_for() -> None:
    run = brewing(StepStarted(0.2, TEA), StepEnded(0.3, TEA, 0.1, True))
    assert run.told(TEA, 0.3) == "ready for 0 s, having asked for another turn (since 0.300 s)"


@pytest.mark.parametrize(
    ("wake", "told"),
    [
        (TaskReady(1.0, TEA, "timer"), "woken by its timer"),
        (TaskReady(1.0, TEA, "callback"), "woken from outside"),
        (TaskReady(1.0, TEA, "cancel"), "woken by cancel()"),
        (TaskReady(1.0, TEA, "cancel", COFFEE), "woken by coffee's cancel()"),
        (TaskReady(1.0, TEA, "task", COFFEE), "woken by coffee"),
        (TaskReady(1.0, TEA, "task"), "woken from outside"),
    ],
)
def test_whoever_woke_a_task_is_named(wake: TaskReady, told: str) -> None:
    run = brewing(*step(TEA, 0.2, 0.3, wait=SLEEP), wake)
    assert f", {told} (" in run.told(TEA, 0.5)
    assert f", {told} (" in run.told(TEA, 1.0)


def test_a_timer_that_is_a_timeouts_is_told_as_that() -> None:
    run = brewing(*step(TEA, 0.2, 0.3, TimeoutStarted(0.2, 1, 1.0, TEA), wait=Wait("event", 1)))
    run.take(TimeoutExpired(1.0, 1), TaskCancelRequested(1.0, TEA), woken(1.0, TEA, "timer"))
    assert run.told(TEA, 1.0).startswith("ready for 0 s, woken by its timeout")


def test_how_timeouts_begin_and_end_is_told_of_the_step() -> None:
    started = TimeoutStarted(0.2, 1, 1.0, TEA), TimeoutStarted(0.2, 2, None, TEA)
    run = brewing(*step(TEA, 0.2, 0.3, *started, TimeoutMet(0.3, 2), TimeoutMet(0.3, 1, 0.15)))
    assert run.told(TEA, 0.2).startswith(
        "ran for 100 ms: started a timeout, due at 1.000 s, started a timeout, without a deadline, "
        "met its timeout, missed its timeout by 150 ms, as the loop was blocked ("
    )


def test_the_deed_that_ended_a_wait_is_told_only_where_it_was_about_what_was_waited_for() -> None:
    got = QueueGot(1.0, 1, "'x'", 0, 0, 0, COFFEE)
    for queue, told in ((1, "woken by coffee's get"), (2, "woken by coffee (")):
        run = brewing(QueueCreated(0.1, 1, "Queue", 1), *step(TEA, 0.2, 0.3, wait=Wait("queue.put", queue)))
        run.take(*step(COFFEE, 1.0, 1.1, got, woken(1.0, TEA, "task", COFFEE)))
        assert told in run.told(TEA, 0.5)


def test_a_wait_for_a_task_is_ended_by_its_end() -> None:
    run = brewing(*step(TEA, 0.2, 0.3, wait=Wait("task", tasks=(COFFEE,))))
    run.take(StepStarted(1.0, COFFEE), TaskEnded(1.1, COFFEE, "done"), woken(1.1, TEA, "task", COFFEE))
    assert run.told(TEA, 0.5) == "waited 800 ms: task coffee, woken by coffee's end (0.300 s to 1.100 s)"


def test_it_is_the_end_that_ends_the_wait_where_that_comes_after_the_last_step() -> None:
    run = brewing(*step(TEA, 0.2, 0.3, wait=Wait("gather", tasks=(COFFEE,))))
    run.take(Stepped(1.0, COFFEE, 0.1, ends=True), TaskEnded(1.1, COFFEE, "done"), woken(1.1, TEA, "task", COFFEE))
    assert run.told(TEA, 0.5) == "waited 800 ms: gather of 1, woken by coffee's end (0.300 s to 1.100 s)"
    assert run.told(TEA, 1.1) == "ready for 0 s, woken by coffee's end (since 1.100 s)"
