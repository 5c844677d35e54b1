"""Tests the times above and below the lanes, and which part of the run is visible."""

import pytest

from asynclab.model.timeline.columns import STEPS, Scale
from asynclab.widgets.spans import plain, width_of
from asynclab.widgets.time_window import Window, pointer, ruler, width_text

TENTHS = Scale(15)
"""Columns of 0.1 s."""


@pytest.mark.parametrize(
    ("step", "first", "text"),
    [
        (0, 0, "0 µs ·    ·    ·    20 µs"),
        (10, 0, "0 ms ·    ·    ·    ·    50 ms"),
        (14, 0, "0 s  ·    ·    ·    1 s"),
        (18, 0, "0 s  ·    ·    ·    20 s"),
        (12, 100, "1.0 s     ·    ·    1.2 s"),
        (27, 0, "0 s  ·    ·    ·    20000 s"),
    ],
)
def test_labels_are_round_and_in_a_unit_that_suits_them(step: int, first: int, text: str) -> None:
    assert plain(ruler(Scale(step), first, 60)).startswith(text)


def test_the_time_in_which_the_loop_was_blocked_is_marked() -> None:
    marked = ruler(TENTHS, 5, 30, [(0.0, 0.6), (1.2, 1.5), (9.0, 10.0)])
    assert plain(marked) == "!!   · !!!!    2 s  ·    ·    "
    assert [part for text, part in marked if "!" in text] == ["failed", "failed"]


def test_no_mark_goes_through_a_time() -> None:
    assert plain(ruler(TENTHS, 0, 30, [(0.0, 3.0)])) == "0 s !!!!!!!!!!!!!!!!2 s !!!!!!"


@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("first", [0, 1, 7, 123_456])
@pytest.mark.parametrize("moment", [None, 0.0, 0.003, 1e6])
def test_a_ruler_is_as_wide_as_its_lanes(step: int, first: int, moment: float | None) -> None:
    for width in (0, 1, 6, 80):
        assert width_of(ruler(Scale(step), first, width, (), moment)) == width


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (1.24, "0 s  ·    · ▼ 1.24 s     ·    ·    ·"),
        (1.9, "0 s  ·    ·    ·   ▼ 1.90 s   ·    · "),
        (3.4, "0 s  ·    ·    ·    2 s  · 3.40 s ▼  "),
        (9.0, "0 s  ·    ·    ·    2 s  ·   9.00 s ▸"),
    ],
)
def test_the_ruler_names_a_moment_in_the_place_of_what_would_stand_there(moment: float, text: str) -> None:
    assert plain(ruler(TENTHS, 0, len(text), (), moment)) == text


def test_labels_stay_at_their_times_when_one_scrolls() -> None:
    for first in range(30):
        shown = plain(ruler(TENTHS, first, 80))
        assert shown.index("4 s") + first == 40


@pytest.mark.parametrize(
    ("step", "text"),
    [(0, "1 µs"), (2, "5 µs"), (8, "500 µs"), (9, "1 ms"), (16, "200 ms"), (18, "1 s"), (27, "1000 s")],
)
def test_the_width_of_a_column_is_told(step: int, text: str) -> None:
    assert width_text(Scale(step)) == text


def test_the_pointer_names_the_moment_it_points_at() -> None:
    assert plain(pointer(TENTHS, 0, 40, 1.24)) == " " * 12 + "▲ 1.24 s"
    assert plain(pointer(TENTHS, 0, 14, 1.24)) == "     1.24 s ▲"


def test_a_moment_out_of_sight_is_pointed_to() -> None:
    assert plain(pointer(TENTHS, 20, 20, 1.24)) == "◂ 1.24 s"
    assert plain(pointer(TENTHS, 0, 10, 1.24)) == "  1.24 s ▸"


@pytest.mark.parametrize("width", [1, 4, 8, 12, 40])
def test_a_pointer_is_never_wider_than_its_lanes(width: int) -> None:
    for column in range(60):
        assert width_of(pointer(TENTHS, 5, width, column / 10)) <= max(width, 8)


def window(width: int = 100) -> Window:
    made = Window()
    made.width = width
    return made


def test_a_run_that_goes_on_changes_its_scale_seldom() -> None:
    shown = window()
    scales = []
    for frame in range(1, 30 * 60):
        shown.fit(frame / 30, goes_on=True)
        scales.append(shown.scale.step)
    assert scales == sorted(scales)
    assert len(set(scales)) <= 12


def test_a_run_that_has_ended_is_shown_as_large_as_it_can_be() -> None:
    shown = window()
    shown.fit(0.00042, goes_on=True)
    assert shown.scale.seconds == 0.001
    shown.fit(0.00042, goes_on=False)
    assert shown.scale.seconds == 0.000005


def test_zooming_keeps_the_moment_in_its_place() -> None:
    shown = window()
    shown.scale = TENTHS
    shown.zoom(1, 4.0)
    assert shown.scale.column(4.0) - shown.first == 40
    assert not shown.is_following
    shown.first, shown.scale = 0, TENTHS
    shown.zoom(1, 4.07)
    assert shown.scale.column(4.07) - shown.first == 40, "not the beginning of its column"


def test_one_does_not_scroll_out_of_the_run() -> None:
    shown = window()
    shown.scale = TENTHS
    shown.scroll(-50, 4.0)
    assert (shown.first, shown.is_following) == (0, True)
    shown.scroll(500, 4.0)
    assert (shown.first, shown.is_following) == (40, False)


def test_a_moment_that_is_out_of_sight_is_brought_into_it() -> None:
    shown = window()
    shown.scale, shown.first = TENTHS, 100
    for at in (5.0, 50.0, 10.0, 9.9):
        shown.reveal(at)
        assert shown.first <= shown.scale.column(at) <= shown.last
