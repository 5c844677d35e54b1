from __future__ import annotations

import pytest

from asynclab.screens.lab.layout import shares

MIDDLE = {"timeline"}


@pytest.mark.parametrize(("tasks", "lines"), [(0, 7), (3, 7), (4, 7), (7, 10), (8, 10), (1000, 10)])
def test_tasks_get_what_they_need_up_to_half_of_what_is_left(tasks: int, lines: int) -> None:
    assert shares(40, MIDDLE, lesson=8, tasks=tasks, gauges=0).tasks == lines


@pytest.mark.parametrize(("tasks", "loop", "lines"), [(0, 0, 7), (3, 0, 7), (4, 9, 11), (8, 3, 12), (1000, 40, 15)])
def test_lanes_and_loop_get_what_they_need_up_to_a_quarter_of_the_screen(tasks: int, loop: int, lines: int) -> None:
    assert shares(60, MIDDLE, lesson=8, tasks=tasks, gauges=0, loop=loop).middle == lines


def test_what_does_not_show_takes_nothing_from_the_tasks() -> None:
    panes = (MIDDLE | {"gauges"}, MIDDLE, {"gauges"})
    both, one, other = (shares(40, shown, lesson=8, tasks=100, gauges=4).tasks for shown in panes)
    assert both < one < other


@pytest.mark.parametrize(("lines", "share"), [(1, 5), (4, 6), (100, 10)])
def test_queues_get_what_they_need_up_to_a_fifth_of_the_screen(lines: int, share: int) -> None:
    assert shares(40, {"gauges"}, lesson=8, tasks=3, gauges=lines).gauges == share


@pytest.mark.parametrize(
    ("height", "tasks", "given"), [(30, 0, (7, 7)), (30, 1, (5, 5)), (30, 3, (6, 7)), (30, 9, (7, 7)), (40, 1, (7, 7))]
)
def test_panes_give_the_code_the_lines_that_they_dont_need(height: int, tasks: int, given: tuple[int, int]) -> None:
    share = shares(height, MIDDLE, lesson=8, tasks=tasks, gauges=0)
    assert (share.tasks, share.middle) == given
