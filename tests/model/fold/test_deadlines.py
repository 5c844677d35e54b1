"""Tests how timeouts are folded: how they start, move and end."""

import pytest

from asynclab.model.events import Event, TimeoutExpired, TimeoutMet, TimeoutRescheduled, TimeoutStarted
from asynclab.model.fold import fold
from asynclab.model.fold.deadlines import ENDED_TIMEOUTS_KEPT
from asynclab.model.wording import deed
from tests.model.short_histories import TEA, kinds_of, lab, tea_party, told_of

STARTED = TimeoutStarted(1.0, 1, 3.0, TEA)


def test_a_running_timeout_counts_down() -> None:
    timeout = tea_party(STARTED).timeouts[1]
    assert (timeout.outcome, timeout.length) == ("running", 2.0)
    assert [timeout.left(now) for now in (1.0, 2.5, 9.0)] == [2.0, 0.5, 0.0]


def test_a_met_timeout_keeps_what_was_left() -> None:
    state = tea_party(STARTED, TimeoutMet(2.6, 1))
    assert (state.timeouts[1].outcome, state.timeouts[1].ended_at) == ("met", 2.6)
    assert state.timeouts[1].left(99.0) == pytest.approx(0.4)
    assert kinds_of(state, TEA) == ["timeout", "met"]
    assert "0.400 s" in told_of(state, TEA)[-1]


@pytest.mark.parametrize("at", [3.001, 3.5])
def test_an_expired_timeout_has_nothing_left_and_says_how_late_its_timer_fired(at: float) -> None:
    state = tea_party(STARTED, TimeoutExpired(at, 1))
    assert (state.timeouts[1].outcome, state.timeouts[1].left(3.0)) == ("expired", 0.0)
    assert kinds_of(state, TEA) == ["timeout", "expired"]
    assert told_of(state, TEA)[-1] == deed.timeout_expired(TimeoutExpired(at, 1), tea_party(STARTED))[0]


@pytest.mark.parametrize("late", [0.5, 0.002])
def test_a_block_that_ends_after_the_deadline_has_not_met_it_though_its_timer_never_fired(late: float) -> None:
    state = tea_party(STARTED, TimeoutMet(3.0 + late, 1, late))
    timeout = state.timeouts[1]
    assert (timeout.outcome, timeout.late, timeout.ended_at, timeout.left(3.0)) == ("late", late, 3.0 + late, 0.0)
    assert kinds_of(state, TEA) == ["timeout", "late"]
    assert told_of(state, TEA)[-1] == deed.timeout_met(TimeoutMet(3.0 + late, 1, late), tea_party(STARTED))[0]


def test_a_deadline_may_never_come() -> None:
    state = tea_party(TimeoutStarted(1.0, 1, None, TEA), TimeoutRescheduled(2.0, 1, 5.0), STARTED)
    assert (state.timeouts[1].length, state.timeouts[1].left(2.0)) == (4.0, 3.0)
    fold(state, [TimeoutRescheduled(2.0, 1, None)])
    assert (state.timeouts[1].length, state.timeouts[1].left(2.0)) == (None, None)
    fold(state, [TimeoutMet(9.0, 1)])
    assert kinds_of(state, TEA) == ["timeout", "timeout", "timeout", "met"]


def test_a_timeout_can_be_moved() -> None:
    state = tea_party(STARTED, TimeoutRescheduled(2.0, 1, 5.0))
    assert (state.timeouts[1].length, state.timeouts[1].left(4.0)) == (4.0, 1.0)
    assert "5.000 s" in told_of(state, TEA)[-1]


@pytest.mark.parametrize(
    "event", [TimeoutMet(4.0, 1), TimeoutExpired(4.0, 1), TimeoutRescheduled(4.0, 1, 9.0), STARTED]
)
def test_a_timeout_ends_once(event: Event) -> None:
    state = tea_party(STARTED, TimeoutMet(2.0, 1), event)
    assert (state.timeouts[1].outcome, state.timeouts[1].ended_at, state.timeouts[1].deadline) == ("met", 2.0, 3.0)


def test_only_so_many_ended_timeouts_are_kept_and_every_running_one() -> None:
    state = lab(TimeoutStarted(0.0, 0, 9.0))
    for timeout in range(1, ENDED_TIMEOUTS_KEPT + 4):
        fold(state, [TimeoutStarted(0.0, timeout, 9.0), TimeoutMet(0.0, timeout)])
    assert list(state.timeouts)[:2] == [0, 4]
    assert (len(state.timeouts), state.dropped.timeouts) == (ENDED_TIMEOUTS_KEPT + 1, 3)
