"""The run as a whole: its beginning and end, its clock, and the loop's health."""

from __future__ import annotations

import pytest

from asynclab.model.events import (
    ClockChanged,
    EventsDropped,
    LoopBlocked,
    LoopFreed,
    LoopLagged,
    Outcome,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    TaskCreated,
    TaskEnded,
    Warned,
)
from asynclab.model.state import LAG_SAMPLES, ClockState
from tests.model.history import COFFEE, MAIN, TEA, lab, tea_party, told_of

BLOCKED = LoopBlocked(0.3, TEA, 0.3, "/home/ada/blocking.py", 12, "fetch")


def test_a_lab_has_not_started_until_its_run_has() -> None:
    state = lab()
    assert (state.started, state.outcome) == (False, None)
    state.apply(RunStarted(0.5, "gather", 1000.5, "3.13.0"))
    assert (state.started, state.name, state.epoch, state.outcome) == (True, "gather", 1000.0, None)
    assert told_of(state, None) == ["run started"]


@pytest.mark.parametrize(
    ("outcome", "detail", "text"),
    [
        ("done", "[1, 4, 9]", "run ended: returned [1, 4, 9]"),
        ("failed", "ValueError: boom", "run ended: raised ValueError: boom"),
        ("cancelled", "", "run ended: cancelled"),
    ],
)
def test_the_end_of_a_run_is_noted_and_told(outcome: Outcome, detail: str, text: str) -> None:
    state = lab(RunEnded(3.0, outcome, detail))
    assert (state.outcome, state.detail, state.leaked) == (outcome, detail, ())
    assert told_of(state, None) == [text]


def test_a_lab_that_runs_again_has_not_ended() -> None:
    state = lab(RunEnded(3.0, "failed", "OSError", (7,)), RunStarted(4.0, "gather", 0.0, "3.13.0"))
    assert (state.outcome, state.detail, state.leaked) == (None, "", ())


def test_leaked_tasks_are_told_by_name() -> None:
    state = tea_party(RunEnded(3.0, "done", "None", (TEA, COFFEE)))
    assert state.leaked == (TEA, COFFEE)
    assert told_of(state, None) == ["run ended: returned None", "2 tasks leaked: tea, coffee"]


def test_the_main_task_needs_no_line_of_its_own() -> None:
    state = lab(RunStarted(0.0, "gather", 0.0, "3.13.0"), TaskCreated(0.0, 1, "main", "main"))
    assert len(state.activity) == 1


def test_changes_of_the_clock_are_told_as_what_changed() -> None:
    state = lab(
        ClockChanged(0.0, False, 1.0, False),
        ClockChanged(1.0, True, 1.0, False),
        ClockChanged(1.0, True, 0.25, False),
        ClockChanged(1.0, False, 0.25, True),
        ClockChanged(1.0, False, 0.25, False),
    )
    assert state.clock == ClockState(paused=False, speed=0.25, instant=False)
    assert told_of(state, None) == ["paused", "speed 1/4×", "resumed, idle time is skipped", "idle time is waited for"]


def test_a_lab_that_is_held_when_main_ends_goes_on_for_that_reason() -> None:
    ended = tea_party(ClockChanged(1.0, True, 1.0, False), TaskEnded(1.0, MAIN, "done", "None"))
    ended.apply(ClockChanged(1.0, False, 1.0, False))
    assert told_of(ended, None) == ["paused", "resumed, as main has ended"]


def test_a_warning_is_told_of_its_task() -> None:
    state = tea_party(Warned(0.0, "coroutine 'greet' was never awaited", TEA))
    assert told_of(state, TEA) == ["coroutine 'greet' was never awaited"]
    assert state.activity[-1].kind == "warned"


def test_a_blocked_loop_is_told_with_its_culprit() -> None:
    state = tea_party(BLOCKED)
    assert state.blocked == BLOCKED
    assert told_of(state, TEA) == ["blocks the loop: 0.30 s so far at blocking.py:12 in fetch"]


def test_a_block_that_goes_on_is_told_once_and_the_next_one_again() -> None:
    longer = LoopBlocked(0.5, TEA, 0.5, "blocking.py", 12, "fetch")
    state = tea_party(StepStarted(0.0, TEA), BLOCKED, longer)
    assert state.blocked == longer
    state.fold([StepEnded(0.6, TEA, 0.09, ready=True), StepStarted(0.6, TEA), BLOCKED])
    assert len(told_of(state, TEA)) == 2


def test_the_file_of_a_block_is_told_without_its_folders() -> None:
    state = tea_party(LoopBlocked(0.3, None, 0.3, "C:\\labs\\a.py", 1, "f"))
    assert told_of(state, None)[-1].endswith("at a.py:1 in f")


def test_the_latest_lags_are_kept() -> None:
    state = lab(*(LoopLagged(0.0, float(lag)) for lag in range(LAG_SAMPLES + 2)))
    assert list(state.lag) == [float(lag) for lag in range(2, LAG_SAMPLES + 2)]


def test_lost_events_are_counted_and_told() -> None:
    state = lab(EventsDropped(0.0, 3), EventsDropped(0.0, 1))
    assert state.dropped.events == 4
    assert told_of(state, None) == ["3 events lost", "1 event lost"]


def test_a_callback_that_blocks_the_loop_is_told_and_how_long_it_did() -> None:
    blocked = LoopBlocked(0.3, None, 0.3, "/home/ada/reader.py", 4, "read")
    state = tea_party(blocked)
    assert told_of(state, None)[-1] == "a callback blocks the loop: 0.30 s so far at reader.py:4 in read"
    assert state.is_blocking
    state.fold([LoopFreed(0.8, 0.5, "read")])
    assert told_of(state, None)[-1] == "the callback read blocked the loop for 0.500 s"
    assert not state.is_blocking


def test_a_callback_without_python_code_is_told_by_its_function() -> None:
    state = tea_party(LoopBlocked(0.3, None, 0.3, "", 0, "sleep"))
    assert told_of(state, None)[-1] == "a callback blocks the loop: 0.30 s so far in sleep"
