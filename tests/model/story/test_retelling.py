"""Tests a story that is extended while its task lives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import asynclab.model.story.narrative
from asynclab.model.events import Event, TaskCreated, TaskEnded, TaskReady, Wait
from asynclab.model.fold import fold
from asynclab.model.history import History
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story import Retelling
from asynclab.model.story.life import Life
from tests.model.anything import any_history
from tests.model.short_histories import MAIN, TEA, lab_with_timeline, suspended
from tests.model.story.told_lives import story_from, tell_life, told


@given(any_history(), st.lists(st.integers(0, 60), max_size=5))
def test_it_is_the_story_of_any_moment_whatever_was_looked_at_before(events: list[Event], moments: list[int]) -> None:
    live = LabState(timeline=Timeline())
    history = History(live)
    fold(live, events)
    history.take(events)
    assert live.timeline is not None
    retelling = Retelling(1)
    for moment in moments:
        assert retelling.tell(live.timeline, history.state_at(moment)) == story_from(1, *events[:moment])
    assert retelling.tell(live.timeline, live) == story_from(1, *events)


def test_it_reads_each_interval_once_while_time_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    state, timeline = lab_with_timeline(TaskCreated(0.0, TEA, "tea", "brew"))
    retelling = Retelling(TEA)
    asked: list[int] = []
    read = Life.read

    def note(life: Life, timeline: Timeline, state: LabState, limit: int) -> int:
        asked.append(life.intervals_read)
        return read(life, timeline, state, limit)

    monkeypatch.setattr(Life, "read", note)
    for at in range(1, 11):
        fold(state, [*suspended(at - 0.5, TEA, Wait("sleep")), TaskReady(at, TEA, "timer")])
        retelling.tell(timeline, state)
    assert asked == [0, *range(4, 31, 3)]


def test_a_long_life_is_read_piece_by_piece_up_to_the_same_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynclab.model.story.narrative, "READ_AT_ONCE", 4)
    naps = [event for at in range(1, 6) for event in suspended(at, TEA, Wait("sleep"))]
    birth = (TaskCreated(0.0, MAIN, "main", "main"), TaskCreated(0.0, TEA, "tea", "brew"))
    state, timeline = lab_with_timeline(*birth, *naps)
    retelling = Retelling(TEA)
    stories, unread = [], []
    for _ in range(3):
        stories.append(retelling.tell(timeline, state))
        unread.append(retelling.unread)
    assert unread == [7, 3, 0]
    assert [line.kind for paragraph in stories[0].paragraphs for line in paragraph][:2] == ["created", "created"]
    assert "7 intervals" in told(stories[0])[-1]
    assert stories[-1] == tell_life(timeline, TEA, state)


def test_what_was_forgotten_before_it_was_read_is_said_to_be() -> None:
    born = TaskCreated(0.0, TEA, "tea", "brew")
    state, timeline = lab_with_timeline(born, *suspended(1.0, TEA), *suspended(2.0, TEA))
    timeline.lanes[TEA].drop_intervals(2)
    assert "before 1.000 s" in told(Retelling(TEA).tell(timeline, state))[1]


def test_what_was_read_is_told_though_the_lane_has_forgotten_it_since() -> None:
    state, timeline = lab_with_timeline(TaskCreated(0.0, TEA, "tea", "brew"), *suspended(1.0, TEA))
    retelling = Retelling(TEA)
    retelling.tell(timeline, state)
    fold(state, suspended(2.0, TEA))
    before = tell_life(timeline, TEA, state)
    timeline.lanes[TEA].drop_intervals(3)
    assert retelling.tell(timeline, state) == before


def test_the_end_of_a_task_whose_lane_is_gone_is_known_from_its_state() -> None:
    events = (TaskCreated(0.0, TEA, "tea", "brew"), *suspended(1.0, TEA), TaskEnded(1.0, TEA, "done", "'hot'"))
    state, _ = lab_with_timeline(*events)
    assert "Returned 'hot'." in told(tell_life(Timeline(), TEA, state))


def test_another_run_s_story_begins_anew() -> None:
    retelling = Retelling(TEA)
    for at in (1.0, 2.0):
        state, timeline = lab_with_timeline(TaskCreated(0.0, TEA, "tea", "brew"), *suspended(at, TEA))
        assert retelling.tell(timeline, state) == tell_life(timeline, TEA, state)
