"""Tests the columns of a lane: they show what its intervals say, at every scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model import events
from asynclab.model.lanes import READY, RUNNING, WAITING, Lane
from asynclab.model.lanes.lane import MARK_KINDS
from asynclab.model.timeline.columns import BRIEF, FEW, STEPS, Scale, fitting, landing, marks, paint_kinds
from tests.model.anything import any_history
from tests.model.short_histories import timeline_of

CODES = {"running": RUNNING, "ready": READY, "waiting": WAITING}

TENTHS = Scale(15)
"""Columns of 0.1 s."""


def lane_of(*happened: events.Event) -> Lane:
    return timeline_of(events.TaskCreated(0.0, 1, "main", "main"), *happened).lanes[1]


def painted(lane: Lane, scale: Scale, first: int, width: int, now: float) -> list[int]:
    cells = bytearray(width)
    paint_kinds(cells, lane, scale, first, now)
    return list(cells)


def read_off(lane: Lane, scale: Scale, first: int, width: int, now: float) -> list[int]:
    """The kind of each column, found by looking at every interval: the greatest in it; brief if that is half a step."""
    cells, ran = [0] * width, [0.0] * width
    for index in range(len(lane.begins)):
        interval = lane.interval(index)
        end = now if interval.end is None else interval.end
        for column in range(first, first + width):
            left, right = scale.begin(column), scale.begin(column + 1)
            if interval.begin < right and (end > left or interval.begin >= left):
                cells[column - first] = max(cells[column - first], CODES[interval.word])
                if interval.word == "running":
                    ran[column - first] += min(end, right) - max(interval.begin, left)
    few = scale.seconds / 2
    return [BRIEF if kind == RUNNING and seconds < few else kind for kind, seconds in zip(cells, ran, strict=True)]


@given(any_history(), st.integers(15, 21), st.integers(0, 3), st.integers(1, 60))
def test_a_column_shows_its_greatest_kind(happened: list[events.Event], step: int, first: int, width: int) -> None:
    timeline = timeline_of(*happened)
    scale, now = Scale(step), timeline.now
    for lane in timeline.lanes.values():
        assert painted(lane, scale, first, width, now) == read_off(lane, scale, first, width, now)


def test_what_begins_in_the_middle_of_a_column_that_lost_its_beginning_is_shown() -> None:
    for gone in range(4):
        lane = lane_of(
            *(event for at in (0.31, 0.33) for event in (events.StepStarted(at, 1), events.StepEnded(at, 1, 0.0)))
        )
        lane.drop_intervals(gone)
        assert painted(lane, TENTHS, 0, 4, 0.35) == read_off(lane, TENTHS, 0, 4, 0.35)


@pytest.mark.parametrize(
    ("began", "ended", "kind"), [(0.3, 0.3, BRIEF), (0.35, 0.350001, BRIEF), (0.35, 0.39, BRIEF), (0.33, 0.39, RUNNING)]
)
def test_a_step_shows_however_short_and_whether_it_fills_its_column(began: float, ended: float, kind: int) -> None:
    lane = lane_of(events.StepStarted(began, 1), events.StepEnded(ended, 1, ended - began))
    assert painted(lane, TENTHS, 0, 6, 0.45) == [READY, READY, READY, kind, WAITING, 0]


def test_several_steps_in_a_column_count_together_and_very_many_fill_it() -> None:
    for steps, kind in ((2, BRIEF), (3, RUNNING), (FEW, RUNNING)):
        begun = [0.3 + number * 0.1 / steps for number in range(steps)]
        length = 0.02 if steps < FEW else 0.0
        lane = lane_of(
            *(each for at in begun for each in (events.StepStarted(at, 1), events.StepEnded(at + length, 1, length)))
        )
        assert painted(lane, TENTHS, 3, 1, 0.45) == [kind]


def test_nothing_is_drawn_before_birth_and_after_the_end() -> None:
    timeline = timeline_of(
        events.TaskCreated(0.2, 1, "main", "main"), events.StepStarted(0.3, 1), events.TaskEnded(0.45, 1, "done")
    )
    assert painted(timeline.lanes[1], TENTHS, 0, 8, 9.0) == [0, 0, READY, RUNNING, RUNNING, 0, 0, 0]


def test_the_mark_that_matters_most_is_shown_of_those_in_a_column() -> None:
    puts = [events.QueuePut(0.2, 1, "tea", 1, 1, 1) for _ in range(FEW)]
    for before, after in ((1, 1), (FEW, FEW), (0, FEW)):
        lane = lane_of(*puts[:before], events.TaskCancelRequested(0.2, 1), *puts[:after])
        assert list(marks(lane, TENTHS, 0, 9)) == [(2, MARK_KINDS.index("cancel"))]


def test_the_mark_of_the_end_is_not_among_them() -> None:
    lane = lane_of(
        events.QueuePut(0.2, 1, "tea", 1, 1, 1), events.TaskEnded(0.2, 1, "failed"), events.Warned(0.2, "late", 1)
    )
    assert list(marks(lane, TENTHS, 0, 9)) == [(2, MARK_KINDS.index("put"))]


def test_one_lands_where_what_is_drawn_begins() -> None:
    lane = lane_of(events.StepStarted(0.35, 1), events.StepEnded(0.36, 1, 0.01))
    assert landing(lane, TENTHS, 3) == 0.35
    assert landing(lane, TENTHS, 2) == TENTHS.round_time(2)
    assert landing(lane, TENTHS, 5) == TENTHS.round_time(5)
    lane = lane_of(events.StepStarted(0.15, 1), events.StepEnded(0.16, 1, 0.01), events.TaskReady(0.25, 1, "timer"))
    lane.begin(RUNNING, 0.35, 9, None)
    assert landing(lane, TENTHS, 2) == 0.25  # whatever begins in the next column


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=30), st.booleans(), st.integers(13, 18))
def test_a_column_shows_the_mark_that_matters_most(made: list[tuple[float, bool]], has_ended: bool, step: int) -> None:
    happenings = [
        events.TaskCancelRequested(at, 1) if cancels else events.QueuePut(at, 1, "tea", 1, 1, 1)
        for at, cancels in sorted(made)
    ]
    lane, scale = lane_of(*happenings, *[events.TaskEnded(2.0, 1, "failed")] * has_ended), Scale(step)
    found: dict[int, int] = {}
    for mark in happenings:
        kind = MARK_KINDS.index("cancel" if isinstance(mark, events.TaskCancelRequested) else "put")
        found[scale.column(mark.at)] = min(kind, found.get(scale.column(mark.at), kind))
    assert dict(marks(lane, scale, 0, 9)) == {at: kind for at, kind in found.items() if at < 10}


@given(st.integers(0, STEPS - 1), st.integers(0, 2_000_000))
def test_a_column_begins_with_its_round_time(step: int, column: int) -> None:
    scale = Scale(step)
    assert scale.column(scale.round_time(column)) == column
    assert scale.begin(column) <= scale.round_time(column) <= scale.begin(column) + scale.seconds


@given(st.floats(0, 10_000), st.integers(1, 300))
def test_the_scale_that_fits_is_the_finest_that_does(seconds: float, columns: int) -> None:
    scale = fitting(seconds, columns)
    assert scale.column(seconds) < columns or scale.step == STEPS - 1
    assert scale.step == 0 or Scale(scale.step - 1).column(seconds) >= columns


def test_zooming_ends_at_a_microsecond_and_at_a_thousand_seconds() -> None:
    assert Scale(0).zoomed(1).seconds == 0.000001
    assert Scale(STEPS - 1).zoomed(-1).seconds == 1000.0
