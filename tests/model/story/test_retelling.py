"""A story that is told again as its task lives on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import asynclab.model.story.retelling
from asynclab.model.events import Event, TaskCreated, TaskEnded, TaskReady, Wait
from asynclab.model.fold import fold
from asynclab.model.history import History
from asynclab.model.state import LabState
from asynclab.model.story import Retelling, tell_life
from tests.model.anything import any_history
from tests.model.history import MAIN, TEA, suspended, tea_party
from tests.model.story.lives import told


def recorded(events: list[Event]) -> tuple[History, LabState]:
    """A history of these events, and the state after them."""
    state = LabState()
    history = History(state)
    fold(state, events)
    history.take(events)
    return history, state


@given(any_history(), st.lists(st.integers(0, 60), max_size=5))
def test_it_is_the_story_of_any_moment_in_whatever_order_moments_are_looked_at(
    events: list[Event], moments: list[int]
) -> None:
    history, live = recorded(events)
    retelling = Retelling(1)
    for moment in moments:
        state = history.state_at(moment)
        assert retelling.tell(history, state) == tell_life(events[:moment], 1, state)
    assert retelling.tell(history, live) == tell_life(events, 1, live)


def test_it_reads_each_event_once_while_time_goes_on() -> None:
    class Counting(list[Event]):
        read = 0

        def __getitem__(self, index: Any) -> Any:
            found = super().__getitem__(index)
            self.read += len(found)
            return found

    state = tea_party()
    history = History(state)
    history.events = events = Counting([TaskEnded(0.0, 99, "done")] * state.version)
    retelling = Retelling(TEA)
    for at in range(1, 11):
        new: list[Event] = [*suspended(at - 0.5, TEA, Wait("sleep")), TaskReady(at, TEA, "timer")]
        fold(state, new)
        history.take(new)
        retelling.tell(history, state)
    assert events.read == len(events)


def test_a_long_run_is_read_piece_by_piece_up_to_the_same_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynclab.model.story.retelling, "READ_AT_ONCE", 4)
    naps = [event for at in range(1, 6) for event in suspended(at, TEA, Wait("sleep"))]
    history, state = recorded([TaskCreated(0.0, MAIN, "main", "main"), TaskCreated(0.0, TEA, "tea", "brew"), *naps])
    retelling = Retelling(TEA)
    stories, unread = [], []
    for _ in range(5):
        stories.append(retelling.tell(history, state))
        unread.append(retelling.unread)
    assert unread == [13, 9, 5, 1, 0]
    assert [line.kind for paragraph in stories[0].paragraphs for line in paragraph][:2] == ["created", "created"]
    assert "13 of 17 events" in told(stories[0])[-1]
    assert stories[-1] == tell_life(history.events, TEA, state)


def test_a_task_whose_birth_is_yet_to_be_read_is_not_said_to_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynclab.model.story.retelling, "READ_AT_ONCE", 1)
    history, state = recorded([TaskCreated(0.0, MAIN, "main", "main"), TaskCreated(0.0, TEA, "tea", "brew", MAIN)])
    (said,) = told(Retelling(TEA).tell(history, state))
    assert "1 of 2 events" in said


def test_what_was_forgotten_before_it_was_read_is_said_to_be() -> None:
    history, state = recorded([*suspended(0.0, TEA), *suspended(1.0, TEA)])
    retelling = Retelling(TEA)
    assert "before 0.000 s" in told(retelling.tell(history, state))[0]
    del history.events[:2]
    history.first = 2
    assert "before 1.000 s" in told(Retelling(TEA).tell(history, state))[0]


def test_another_run_s_story_begins_anew() -> None:
    retelling = Retelling(TEA)
    retelling.tell(*recorded([*suspended(0.0, TEA)]))
    history, state = recorded([*suspended(2.0, TEA)])
    assert "before 2.000 s" in told(retelling.tell(history, state))[0]
