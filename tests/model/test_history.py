"""Tests that each past moment is shown exactly as it was."""

import gc
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

import asynclab.model.history
from asynclab.model import events
from asynclab.model.fold import fold
from asynclab.model.history import History, Snapshot
from asynclab.model.state import LabState
from tests.model.anything import any_history
from tests.model.short_histories import COFFEE, MAIN, TEA, tea_party


def history_of(*batches: Sequence[events.Event]) -> History:
    """The history of a lab in which these batches of events came."""
    live = LabState()
    history = History(live)
    for batch in batches:
        fold(live, batch)
        history.take(batch)
    return history


def folded(happened: Iterable[events.Event]) -> LabState:
    state = LabState()
    fold(state, happened)
    return state


def busy(happened: int) -> list[events.Event]:
    """A task that steps all the time."""
    told: list[events.Event] = [events.TaskCreated(0.0, 1, "main", "main")]
    while len(told) < happened:
        at = len(told) / 1000
        told += [events.StepStarted(at, 1), events.StepEnded(at, 1, 0.0, True)]
    return told[:happened]


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynclab.model.history, "SPACING", 10)
    monkeypatch.setattr(asynclab.model.history, "EVENTS_KEPT", 40)


@given(any_history(), st.data())
def test_the_state_at_any_moment_is_the_one_that_was_there(happened: list[events.Event], data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asynclab.model.history, "SPACING", 7)
        cut = data.draw(st.integers(0, len(happened)))
        history = history_of(happened[:cut], happened[cut:])
        for moment in range(len(happened) + 1):
            assert history.state_at(moment) == folded(happened[:moment])


@given(any_history(), any_history())
def test_a_copy_goes_its_own_way(before: list[events.Event], after: list[events.Event]) -> None:
    state = folded(before)
    copy = Snapshot(state).restored()
    assert copy == state
    fold(copy, after)
    assert state == folded(before)
    assert copy == folded([*before, *after])


def test_a_copy_shares_no_list_and_nothing_else_that_can_change() -> None:
    state = tea_party()
    copy = Snapshot(state).restored()
    for field in fields(LabState):
        value = getattr(state, field.name)
        if is_dataclass(value) or hasattr(value, "clear"):
            assert getattr(copy, field.name) is not value, field.name


def test_what_has_not_changed_is_kept_once_for_all_snapshots() -> None:
    state = tea_party()
    first = Snapshot(state)
    fold(state, [events.StepStarted(1.0, TEA), events.StepEnded(1.0, TEA, 0.0)])
    second = Snapshot(state, first)
    shared = [number for number in state.tasks if first.tasks[number] is second.tasks[number]]
    assert shared == [MAIN, COFFEE]
    assert second.restored() == state


def test_the_garbage_collector_has_nothing_to_look_at_in_the_tasks_of_a_snapshot() -> None:
    snapshot = Snapshot(tea_party())
    for _ in range(2):  # the second time it sees that a tuple is of none but tuples that it let go
        gc.collect()
    assert not any(gc.is_tracked(values) for values in snapshot.tasks.values())


def test_going_to_a_moment_takes_no_more_events_than_tasks_or_a_spacing(monkeypatch: pytest.MonkeyPatch) -> None:
    births: list[events.Event] = [events.TaskCreated(0.0, number, "task", "work") for number in range(1, 8_001)]
    happened, batch = [*births, *busy(20_000)], 500
    history = history_of(*(happened[start : start + batch] for start in range(0, len(happened), batch)))
    taken: list[int] = []

    def count(state: LabState, told: Iterable[events.Event]) -> None:
        taken.append(len(list(told)))

    monkeypatch.setattr(asynclab.model.history, "fold", count)
    for moment in range(0, len(happened), 250):
        history.state_at(moment)
    assert 7_000 < max(taken) < 8_000 + batch


def test_the_tasks_of_the_past_are_listed_as_they_were() -> None:
    state = tea_party()
    rows = list(state.rows())
    assert list(Snapshot(state).restored().rows()) == rows


@pytest.mark.usefixtures("_small")
def test_the_oldest_events_are_forgotten_and_counted() -> None:
    happened = busy(500)
    history = history_of(*(happened[start : start + 5] for start in range(0, 500, 5)))
    assert history.end == 500
    assert 30 <= len(history.events) <= 40
    assert history.first == 500 - len(history.events)
    assert history.state_at(0) == folded(happened[: history.first])
    for moment in range(history.first, 501, 3):
        assert history.state_at(moment) == folded(happened[:moment])


def test_a_moment_is_found_by_its_lab_time() -> None:
    history = history_of(
        [events.Output(0.1, "a\n"), events.Output(0.2, "b\n"), events.Output(0.2, "c\n"), events.Output(0.3, "d\n")]
    )
    assert [history.moment_at(now) for now in (0.0, 0.1, 0.15, 0.2, 9.0)] == [0, 1, 1, 3, 4]


def test_going_from_event_to_event_passes_over_measurements_and_looks() -> None:
    history = history_of(
        [
            events.Output(0.1, "a\n"),
            events.LoopLagged(0.2, 0.0),
            events.TaskStands(0.3, 1, ()),
            events.Output(0.4, "b\n"),
        ]
    )
    assert history.next_moment(1, 1) == 4
    assert history.next_moment(4, -1) == 1
    assert history.next_moment(0, -1) == 0
    assert history.next_moment(4, 1) == 4
    assert history.next_moment(0, 2) == 4
    history = history_of(
        [events.Output(0.1, "a\n"), events.Output(0.2, "b\n"), events.LoopLagged(0.3, 0.0), events.LoopLagged(0.4, 0.0)]
    )
    assert (history.next_moment(4, -1), history.next_moment(1, 1)) == (1, 4)


@pytest.mark.parametrize(
    "report",
    [
        events.TaskHeld(0.2, 1),
        events.TaskReleased(0.2, 1),
        events.StepReported(0.2, "step"),
        events.RunningTo(0.2, 1),
        events.EndRequested(0.2),
        events.RunStalled(0.2),
    ],
    ids=lambda report: type(report).__name__,
)
def test_going_from_event_to_event_passes_over_reports(report: events.Event) -> None:
    history = history_of([events.Output(0.1, "a\n"), report, events.Output(0.4, "b\n")])
    assert (history.next_moment(1, 1), history.next_moment(3, -1)) == (3, 1)
    assert history.number_of(history.end) == 2


def test_the_past_knows_what_was_held_then() -> None:
    history = history_of(
        [events.TaskCreated(0.0, 1, "main", "main"), events.TaskHeld(0.1, 1), events.Output(0.2, "a\n")]
    )
    history.state_at(2).held.clear()
    assert [list(history.state_at(moment).held) for moment in (1, 2)] == [[], [1]]


def test_measurements_are_not_counted_as_events() -> None:
    history = history_of(
        [events.Output(0.1, "a\n"), events.LoopLagged(0.2, 0.0)],
        [events.LoopLagged(0.3, 0.0), events.Output(0.4, "b\n")],
    )
    assert [history.number_of(moment) for moment in range(5)] == [0, 1, 1, 1, 2]


@pytest.mark.usefixtures("_small")
def test_measurements_are_not_counted_though_they_are_forgotten() -> None:
    history = history_of(*([events.Output(at / 100, "a\n"), events.LoopLagged(at / 100, 0.0)] for at in range(100)))
    assert history.first > 0
    assert history.number_of(history.end) == 100
    assert history.next_moment(history.end, -1) == history.end - 3


def test_the_event_that_led_to_a_moment_is_known_and_was_no_mere_look() -> None:
    happened = [events.Output(0.1, "a\n"), events.Output(0.2, "b\n")]
    history = history_of([*happened, events.LoopLagged(0.2, 0.0), events.LoopLagged(0.3, 0.0)])
    assert [history.event_before(moment) for moment in range(6)] == [None, *happened, happened[1], happened[1], None]
