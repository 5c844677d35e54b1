"""Tests how the events of a whole run are folded: its begin and end, its clock, and the lag of the loop."""

import pytest

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.state import BLOCKS_KEPT, LAG_SAMPLES, Block, ClockState
from asynclab.model.wording.outcome import ending
from tests.model.short_histories import COFFEE, MAIN, TEA, kinds_of, lab, tea_party, told_of

BLOCKED = events.LoopBlocked(0.3, TEA, 0.3, "/home/ada/blocking.py", 12, "fetch")


def test_a_callback_blocks_the_loop_until_that_is_freed_or_a_measurement_comes_through() -> None:
    report = events.LoopBlocked(0.3, None, 0.2, "/x/protocol.py", 7, "data_received")
    state = tea_party(report, events.LoopBlocked(0.5, None, 0.4, "/x/protocol.py", 7, "data_received"))
    assert (state.blocked is not None, state.is_blocking) == (True, True)
    assert kinds_of(state, None) == ["blocked"]
    apply(state, events.LoopLagged(0.5, 0.4))
    assert not state.is_blocking
    fold(state, [report, events.LoopFreed(0.8, 0.5, "data_received")])
    assert "0.500 s" in told_of(state, None)[-1]
    assert not state.is_blocking


@pytest.mark.parametrize(
    ("file", "line", "place"),
    [("/x/protocol.py", 7, "at protocol.py:7 in f"), ("C:\\labs\\a.py", 1, "at a.py:1 in f"), ("", 0, " in f")],
)
def test_a_block_is_told_by_the_name_of_its_file_or_by_its_function_alone(file: str, line: int, place: str) -> None:
    (told,) = told_of(tea_party(events.LoopBlocked(0.3, None, 0.3, file, line, "f")), None)
    assert told.endswith(place)


def test_a_measurement_ends_no_step_that_blocks() -> None:
    state = tea_party(
        events.StepStarted(0.0, TEA),
        events.LoopBlocked(0.3, TEA, 0.2, "/x/tea.py", 7, "brew"),
        events.LoopLagged(0.5, 0.4),
    )
    assert state.is_blocking


def test_a_lab_has_not_started_until_its_run_has() -> None:
    state = lab()
    assert (state.started, state.outcome) == (False, None)
    apply(state, events.RunStarted(0.5, "gather", 1000.5, "3.13.0"))
    assert (state.started, state.name, state.epoch, state.outcome) == (True, "gather", 1000.0, None)
    assert kinds_of(state, None) == ["run"]


@pytest.mark.parametrize(
    ("outcome", "detail"), [("done", "[1, 4, 9]"), ("failed", "ValueError: boom"), ("cancelled", "")]
)
def test_the_end_of_a_run_is_noted_and_told(outcome: events.Outcome, detail: str) -> None:
    state = lab(events.RunEnded(3.0, outcome, detail))
    assert (state.outcome, state.detail, state.leaked) == (outcome, detail, ())
    assert kinds_of(state, None) == ["run"]
    assert told_of(state, None)[0].endswith(ending(outcome, detail)[0])


def test_a_lab_that_runs_again_has_not_ended() -> None:
    state = lab(events.RunEnded(3.0, "failed", "OSError", (7,)), events.RunStarted(4.0, "gather", 0.0, "3.13.0"))
    assert (state.outcome, state.detail, state.leaked) == (None, "", ())


def test_leaked_tasks_are_told_by_name() -> None:
    state = tea_party(events.RunEnded(3.0, "done", "None", (TEA, COFFEE)))
    assert state.leaked == (TEA, COFFEE)
    assert kinds_of(state, None) == ["run", "run"]
    assert told_of(state, None)[1] == "2 tasks leaked: tea, coffee"


def test_the_main_task_needs_no_line_of_its_own() -> None:
    state = lab(events.RunStarted(0.0, "gather", 0.0, "3.13.0"), events.TaskCreated(0.0, 1, "main", "main"))
    assert len(state.activity) == 1


def test_changes_of_the_clock_are_told_as_what_changed() -> None:
    state = lab(
        events.ClockChanged(0.0, False, 1.0, False),
        events.ClockChanged(1.0, True, 1.0, False),
        events.ClockChanged(1.0, True, 0.25, False),
        events.ClockChanged(1.0, False, 0.25, True),
        events.ClockChanged(1.0, False, 0.25, False),
    )
    assert state.clock == ClockState(paused=False, speed=0.25, instant=False, kept_real_time=False)
    assert kinds_of(state, None) == ["clock"] * 4


def test_a_lab_that_is_held_when_main_ends_goes_on_for_that_reason() -> None:
    ended = tea_party(events.ClockChanged(1.0, True, 1.0, False), events.TaskEnded(1.0, MAIN, "done", "None"))
    apply(ended, events.ClockChanged(1.0, False, 1.0, False))
    assert told_of(ended, None) == ["paused", "resumed: main has ended"]


def test_a_warning_is_told_of_its_task() -> None:
    state = tea_party(events.Warned(0.0, "coroutine 'greet' was never awaited", TEA))
    assert told_of(state, TEA) == ["coroutine 'greet' was never awaited"]
    assert state.activity[-1].kind == "warned"


def test_a_blocked_loop_is_told_with_its_culprit() -> None:
    state = tea_party(BLOCKED)
    assert state.blocked == BLOCKED
    assert kinds_of(state, TEA) == ["blocked"]
    assert "blocking.py:12" in told_of(state, TEA)[0]


def test_a_block_that_goes_on_is_told_once_and_the_next_one_again() -> None:
    longer = events.LoopBlocked(0.5, TEA, 0.5, "blocking.py", 12, "fetch")
    state = tea_party(events.StepStarted(0.0, TEA), BLOCKED, longer)
    assert state.blocked == longer
    fold(state, [events.StepEnded(0.6, TEA, 0.09, ready=True), events.StepStarted(0.6, TEA), BLOCKED])
    assert len(told_of(state, TEA)) == 2


def test_the_times_in_which_the_loop_was_blocked_are_kept_with_who_did_it() -> None:
    state = tea_party(
        events.StepStarted(0.0, TEA), BLOCKED, events.StepEnded(0.6, TEA, 0.6), events.LoopFreed(0.9, 0.2, "f")
    )
    assert state.blocks == (
        Block(TEA, 0.0, 0.6, 0.6, BLOCKED, True, event=8),
        Block(None, 0.9 - 0.2, 0.9, 0.2, event=9),
    )
    fold(state, [events.Stepped(1.0, COFFEE, 0.3)])
    assert state.blocks[-1] == Block(COFFEE, 1.0, 1.3, 0.3, event=10)
    fold(state, [events.Stepped(2.0 + number, COFFEE, 0.3) for number in range(BLOCKS_KEPT)])
    assert (len(state.blocks), state.blocks[0].begin) == (BLOCKS_KEPT, 2.0)
    apply(state, events.RunStarted(0.0, "again", 0.0, "3.13.0"))
    assert not state.blocks


@pytest.mark.parametrize(("late", "ready", "kept"), [(0, 0, False), (1, 1, True), (0, 1, True)])
def test_a_callback_that_blocks_keeps_others_where_any_are_late_or_ready(late: int, ready: int, kept: bool) -> None:
    report = events.LoopBlocked(0.3, None, 0.3, "", 0, "sleep", late=late, ready=ready)
    assert lab(report, events.LoopFreed(0.4, 0.4, "sleep")).blocks[0].kept_others == kept


def test_the_latest_lags_are_kept() -> None:
    state = lab(*(events.LoopLagged(0.0, float(lag)) for lag in range(LAG_SAMPLES + 2)))
    assert list(state.lag) == [float(lag) for lag in range(2, LAG_SAMPLES + 2)]


def test_lost_events_are_counted_and_told() -> None:
    state = lab(events.EventsDropped(0.0, 3), events.EventsDropped(0.0, 1))
    assert state.dropped.events == 4
    assert told_of(state, None) == ["3 events lost", "1 event lost"]


def test_tasks_that_came_and_went_in_what_was_lost_count_as_ended() -> None:
    state = lab(
        events.EventsDropped(0.0, 9, ended={"done": 2, "failed": 1}),
        events.EventsDropped(0.0, 4, ended={"done": 1, "cancelled": 1}),
        events.EventsDropped(0.0, 4, ended={"done": 0, "failed": -9}),
    )
    assert (state.counts["done"], state.counts["failed"], state.counts["cancelled"]) == (3, 1, 1)
    assert sum(state.counts.values()) == len(state.tasks) + state.dropped.tasks


HELD = (events.ClockChanged(1.0, True, 1.0, False), events.TaskHeld(1.0, COFFEE), events.TaskHeld(1.0, TEA))


def test_held_tasks_are_known_in_the_order_in_which_they_were_held() -> None:
    assert list(tea_party(*HELD).held) == [COFFEE, TEA]


@pytest.mark.parametrize(
    "event",
    [
        events.Stepped(1.0, COFFEE, 0.1),
        events.StepStarted(1.0, COFFEE),
        events.TaskEnded(1.0, COFFEE, "cancelled"),
        events.TaskCollected(1.0, COFFEE),
        events.TaskReleased(1.0, COFFEE),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_held_task_is_let_go(event: events.Event) -> None:
    assert list(tea_party(*HELD, event).held) == [TEA]


@pytest.mark.parametrize("event", [events.ClockChanged(1.0, False, 1.0, False), events.RunEnded(1.0, "done")])
def test_all_held_tasks_are_let_go(event: events.Event) -> None:
    assert not tea_party(*HELD, event).held


def test_a_change_of_speed_lets_no_held_task_go() -> None:
    assert list(tea_party(*HELD, events.ClockChanged(1.0, True, 2.0, False)).held) == [COFFEE, TEA]


def test_no_task_is_held_that_is_unknown_or_has_ended() -> None:
    assert not tea_party(events.TaskEnded(1.0, TEA, "done"), events.TaskHeld(1.0, TEA), events.TaskHeld(1.0, 99)).held


def test_a_run_to_the_next_event_of_a_task_is_known_until_it_stops() -> None:
    state = tea_party(events.RunningTo(1.0, TEA))
    assert state.running_to == TEA
    apply(state, events.RunningTo(1.5))
    assert state.running_to is None


def test_a_run_cleans_up_from_when_it_is_asked_to_end_until_it_has() -> None:
    state = tea_party(events.EndRequested(1.0))
    assert state.is_cleaning_up
    apply(state, events.RunEnded(1.5, "cancelled"))
    assert not state.is_cleaning_up


def test_a_standstill_is_known_until_something_goes_on() -> None:
    state = tea_party(events.RunStalled(1.0))
    assert state.is_stalled
    apply(state, events.RunStalled(1.5, stalled=False))
    assert not state.is_stalled


def test_reports_of_steps_are_counted_as_two_may_say_the_same() -> None:
    state = lab(
        events.StepReported(1.0, "step"), events.StepReported(1.0, "outside"), events.StepReported(1.0, "outside")
    )
    assert (state.step_report, state.step_reports) == ("outside", 3)


@pytest.mark.parametrize(
    ("change", "is_kept"),
    [
        (events.ClockChanged(0.0, False, 1.0, False), True),
        (events.ClockChanged(0.0, True, 1.0, False), False),
        (events.ClockChanged(0.0, False, 0.5, False), False),
        (events.ClockChanged(0.0, False, 1.0, True), False),
    ],
)
def test_time_that_was_once_held_scaled_or_skipped_was_not_real(change: events.ClockChanged, is_kept: bool) -> None:
    state = lab(change, events.ClockChanged(2.0, False, 1.0, False))
    assert state.clock.kept_real_time == is_kept


def test_mere_reports_add_no_line() -> None:
    reports = (
        *HELD[1:],
        events.TaskReleased(1.0, TEA),
        events.StepReported(1.0, "nothing"),
        events.RunningTo(1.0, TEA),
        events.RunningTo(1.0),
    )
    assert tea_party(*reports, events.EndRequested(1.0), events.RunStalled(1.0)).activity == tea_party().activity
