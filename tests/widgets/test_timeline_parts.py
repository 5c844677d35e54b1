"""What the timeline is put together from: glyphs, the ruler, the pointer, the window, and what lies in the past."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from asynclab.model.events import TaskCreated
from asynclab.model.state import LabState
from asynclab.model.timeline import Timeline
from asynclab.model.timeline.scale import STEPS, Scale, fitting
from asynclab.widgets.lane_cells import DOWN, KINDS, LATER, LINE, MARKS, UP, spans
from asynclab.widgets.lines import plain
from asynclab.widgets.messages import MomentChosen
from asynclab.widgets.ruler import BEFORE, BEYOND, HERE, TICK, pointer, ruler, width_text
from asynclab.widgets.timeline import TimelineView
from asynclab.widgets.window import Window
from tests.widgets.labs import sleeps, task
from tests.widgets.stage import on_stage, painted, said

TENTHS = fitting(9.9, 100)
"""Columns of a tenth of a second."""


def asleep() -> tuple[LabState, Timeline]:
    """A task that sleeps from 0 s on."""
    state, timeline = LabState(), Timeline()
    events = (task(1, "main"), *sleeps(1, 9.0))
    state.fold(events)
    timeline.take(events)
    return state, timeline


def test_every_glyph_there_is_takes_one_cell() -> None:
    glyphs = [glyph for glyph, _ in (*MARKS.values(), *KINDS.values())]
    glyphs += [TICK, HERE, BEFORE, BEYOND, *plain(spans(bytes((LINE, DOWN, UP))))]
    assert {glyph: cell_len(glyph) for glyph in glyphs} == dict.fromkeys(glyphs, 1)


def test_the_marks_look_different_unless_both_complain() -> None:
    alike = [kind for kind, (glyph, _) in MARKS.items() if glyph == "!"]
    assert alike == ["warned", "blocked"]
    assert len({glyph for glyph, _ in MARKS.values()}) == len(MARKS) - 1


def test_every_scale_has_a_ruler_with_round_times_and_ticks() -> None:
    assert width_text(TENTHS) == "100 ms"
    text = plain(ruler(TENTHS, 0, 50))
    assert text.index("0 s") == 0
    assert text.index("2 s") == 20
    assert text.index("4 s") == 40
    assert [column for column, cell in enumerate(text) if cell == TICK] == [5, 10, 15, 25, 30, 35, 45]
    for step in range(STEPS):
        for width in (0, 1, 7, 80):
            assert len(plain(ruler(Scale(step), 13, width))) == width


def test_the_pointer_stands_under_its_moment_or_says_where_that_is() -> None:
    assert plain(pointer(TENTHS, 0, 40, 1.24)).startswith(" " * 12 + "▲ 1.24 s")
    assert plain(pointer(TENTHS, 20, 40, 1.24)) == "◂ 1.24 s"
    assert plain(pointer(TENTHS, 0, 40, 7.0)) == "7.00 s ▸".rjust(40)
    assert plain(pointer(TENTHS, 0, 40, 3.9)) == "3.90 s ▲".rjust(40)


def test_a_moment_keeps_its_place_while_time_is_zoomed() -> None:
    window = Window()
    window.width = 80
    window.fit(7.0, goes_on=False)
    place = window.scale.column(5.0) - window.first
    for by in (1, 1, -1):
        window.zoom(by, 5.0)
        assert window.scale.column(5.0) - window.first == place
    assert not window.is_following


def test_zooming_ends_at_the_finest_and_at_the_coarsest_scale() -> None:
    window = Window()
    window.width = 80
    window.zoom(STEPS, 0.0)
    assert (window.can_zoom_in, window.can_zoom_out) == (False, True)
    window.zoom(-2 * STEPS, 0.0)
    assert (window.can_zoom_in, window.can_zoom_out) == (True, False)


def test_scrolling_never_leaves_the_run_behind() -> None:
    window = Window()
    window.width = 80
    window.fit(7.0, goes_on=False)
    window.scroll(-5, 7.0)
    assert (window.first, window.is_following) == (0, True)
    window.scroll(10_000, 7.0)
    assert window.first == window.scale.column(7.0)


@pytest.mark.parametrize("moment", [0.0, 2.0, 30.0, 500.0])
def test_a_moment_that_is_looked_at_is_brought_into_sight(moment: float) -> None:
    window = Window()
    window.width = 80
    window.fit(7.0, goes_on=False)
    window.zoom(3, 5.0)
    window.reveal(moment)
    assert window.first <= window.scale.column(moment) <= window.last


async def test_what_comes_after_the_moment_looked_at_is_grey() -> None:
    view = TimelineView()
    async with on_stage(view, 80, 8):
        view.show(*asleep(), 4.0)
        assert "rest" not in [part for _, part in view.compose_line(0, 76)]
        view.show(*asleep(), 4.0, 2.0)
        line = view.compose_line(0, 76)
        assert [part for _, part in line[-4:]] == ["waiting", "cell waiting", "rest", "past"]
        assert "▲ 2.00 s" in painted(view)[2]
    assert spans(bytes((3 | LATER,)))[0][1] == "past"


async def test_scrolled_time_stays_where_it_is_until_the_whole_run_is_wanted() -> None:
    view = TimelineView()
    async with on_stage(view, 80, 8) as pilot:
        state, timeline = asleep()
        view.show(state, timeline, 4.0)
        whole = painted(view)
        view.focus()
        await pilot.press("ctrl+right")
        scrolled = painted(view)[0]
        assert not view.is_following
        assert scrolled != whole[0]
        view.show(state, timeline, 4.5)
        assert painted(view)[0] == scrolled
        await pilot.press("F")
        assert view.is_following
        assert "0 s" in painted(view)[0]


async def test_shifted_keys_go_ten_columns_and_past_the_end_is_now() -> None:
    view = TimelineView()
    async with on_stage(view, 80, 8) as pilot:
        view.show(*asleep(), 4.0)
        view.focus()
        await pilot.press("shift+left", "right", "shift+right")
        moments = [message.at for message in said(pilot) if isinstance(message, MomentChosen)]
        assert moments == [pytest.approx(3.0), pytest.approx(3.1), None]
        assert view.moment is None


async def test_a_click_beside_the_lanes_chooses_no_moment() -> None:
    view = TimelineView()
    async with on_stage(view, 80, 10) as pilot:
        view.show(*asleep(), 4.0)
        await pilot.click(TimelineView, offset=(3, 2))
        await pilot.click(TimelineView, offset=(40, 6))
        assert not [message for message in said(pilot) if isinstance(message, MomentChosen)]
        await pilot.click(TimelineView, offset=(40, 2))
        assert [message for message in said(pilot) if isinstance(message, MomentChosen)]


async def test_columns_do_not_move_when_more_tasks_come() -> None:
    view = TimelineView()
    async with on_stage(view, 80, 8):
        state, timeline = asleep()
        view.show(state, timeline, 4.0)
        lane = painted(view)[1]
        birth = TaskCreated(4.0, 2, "a task with a long name " * 3, "main", 1)
        state.apply(birth)
        timeline.take([birth])
        view.show(state, timeline, 4.0)
        assert painted(view)[1] == lane
