"""Tests the parts of the timeline: glyphs, ruler, pointer, window, and the shown past."""

from collections import Counter

import pytest
from rich.cells import cell_len

from asynclab.model.events import LoopFreed, TaskCreated
from asynclab.model.fold import apply
from asynclab.model.lanes import Timeline
from asynclab.model.lanes.lane import DRAWN, MARK_KINDS
from asynclab.model.state import LabState
from asynclab.model.timeline.columns import fitting
from asynclab.widgets.event_marks import MARKS
from asynclab.widgets.lane_painter import DOWN, KINDS, LATER, LINE, UP, spans
from asynclab.widgets.messages import MomentChosen
from asynclab.widgets.spans import fill, plain, width_of
from asynclab.widgets.time_window import BEFORE, BEYOND, BLOCKED, HERE, TICK
from asynclab.widgets.timeline import TimelineView
from tests.model.short_histories import lab_with_timeline
from tests.widgets.folded_labs import sleeps, task
from tests.widgets.view_stage import on_stage, painted, said

TENTHS = fitting(9.9, 100)
"""Columns of a tenth of a second."""


def asleep() -> tuple[LabState, Timeline]:
    """A task that sleeps from 0 s on."""
    return lab_with_timeline(task(1, "main"), *sleeps(1, 9.0))


def test_every_glyph_there_is_takes_one_cell() -> None:
    glyphs = [glyph for glyph, _ in (*MARKS.values(), *KINDS.values())]
    glyphs += [TICK, HERE, BEFORE, BEYOND, *plain(spans(bytes((LINE, DOWN, UP))))]
    assert {glyph: cell_len(glyph) for glyph in glyphs} == dict.fromkeys(glyphs, 1)


def test_the_marks_look_different_unless_they_complain_or_are_about_primitives() -> None:
    drawn = MARK_KINDS[:DRAWN]
    glyphs = Counter(MARKS[kind][0] for kind in drawn)
    assert [kind for kind in drawn if glyphs[MARKS[kind][0]] > 1] == [
        *("warned", "blocked"),
        *("raised", "lowered", "changed"),
    ]


async def test_a_lane_is_as_wide_as_the_view_whatever_the_task_s_name_is() -> None:
    async with on_stage(TimelineView(), 80, 8) as (view, _):
        for name in ("", "a", "🍵" * 50, "a\u200db", "☕\ufe0f tea"):
            state, timeline = lab_with_timeline(task(1, "main"), task(2, name, parent=1), *sleeps(2, 9.0))
            view.show(state, timeline, 4.0)
            for width in (9, 10, 40, 76, 120):
                for line in range(2):
                    assert width_of(fill(view.compose_line(line, width), width)) == width


async def test_where_no_room_is_left_the_time_of_the_moment_stands_before_its_mark() -> None:
    async with on_stage(TimelineView(), 40, 8, shows=(*asleep(), 12.4)) as (view, _):
        (footer,) = (line for line in painted(view) if HERE in line)
        assert footer.endswith(f" s {HERE}")


async def test_what_comes_after_the_moment_looked_at_is_grey() -> None:
    async with on_stage(TimelineView(), 80, 8, shows=(*asleep(), 4.0)) as (view, _):
        assert "rest" not in [part for _, part in view.compose_line(0, 76)]
        view.show(*asleep(), 4.0, 2.0)
        line = view.compose_line(0, 76)
        assert [part for _, part in line[-4:]] == ["waiting", "cell waiting", "rest", "past"]
        assert "▲ 2.00 s" in painted(view)[2]
    assert spans(bytes((3 | LATER, 2 | LATER))) == (("▄", "past"), ("░", "past"))


async def test_scrolled_time_stays_where_it_is_until_the_whole_run_is_wanted() -> None:
    async with on_stage(TimelineView(), 80, 8) as (view, pilot):
        state, timeline = asleep()
        view.show(state, timeline, 4.0)
        whole = painted(view)
        view.focus()
        await pilot.press("ctrl+right")
        scrolled = painted(view)[0]
        assert not view.window.is_following
        assert scrolled != whole[0]
        view.show(state, timeline, 4.5)
        assert painted(view)[0] == scrolled
        await pilot.press("F")
        assert view.window.is_following
        assert "0 s" in painted(view)[0]


async def test_shifted_keys_go_ten_columns_and_past_the_end_is_now() -> None:
    async with on_stage(TimelineView(), 80, 8, shows=(*asleep(), 4.0)) as (view, pilot):
        view.focus()
        await pilot.press("shift+left", "right", "shift+right")
        moments = [message.at for message in said(pilot) if isinstance(message, MomentChosen)]
        assert moments == [pytest.approx(3.0), pytest.approx(3.1), None]
        assert view.moment is None


async def test_a_click_beside_the_lanes_chooses_no_moment() -> None:
    async with on_stage(TimelineView(), 80, 10, shows=(*asleep(), 4.0)) as (_, pilot):
        await pilot.click(TimelineView, offset=(3, 2))
        await pilot.click(TimelineView, offset=(40, 6))
        assert not [message for message in said(pilot) if isinstance(message, MomentChosen)]
        await pilot.click(TimelineView, offset=(40, 2))
        assert [message for message in said(pilot) if isinstance(message, MomentChosen)]


async def test_columns_do_not_move_when_more_tasks_come() -> None:
    async with on_stage(TimelineView(), 80, 8) as (view, _):
        state, timeline = asleep()
        view.show(state, timeline, 4.0)
        lane = painted(view)[1]
        apply(state, TaskCreated(4.0, 2, "a task with a long name " * 3, "main", 1))
        view.show(state, timeline, 4.0)
        assert painted(view)[1] == lane


async def test_the_time_in_which_a_callback_blocked_the_loop_is_marked_above_the_lanes() -> None:
    async with on_stage(TimelineView(), 80, 8) as (view, _):
        state, timeline = asleep()
        apply(state, LoopFreed(3.0, 1.0, "read"))
        view.show(state, timeline, 4.0)
        assert BLOCKED * 5 in painted(view)[0]
