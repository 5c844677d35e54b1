"""The bars that show where the time of a fetch went."""

from __future__ import annotations

import pytest

from asynclab.widgets.lines import plain, width_of
from asynclab.widgets.waterfall import CUT, MARKS, Phases, legend, nice_scale, staircase, waterfall
from tests.widgets.urls import PHASES


@pytest.mark.parametrize(
    ("phases", "scale", "width", "drawn"),
    [
        (PHASES, 1.0, 20, "▁▁▂▂▃▃▄▄▅▅▅▅▇▇▇▇▇▇▇▇"),
        (PHASES, 2.0, 20, "▁▂▃▄▅▅▇▇▇▇"),
        ((("wait", 0.5), ("download", 0.5)), 1.0, 10, "▅▅▅▅▅▇▇▇▇▇"),
        ((("queued", 60.0), ("wait", 0.5)), 1.0, 12, f"{CUT}▁▁▅▅▅▅▅▅"),
        ((("tcp", 0.0001), ("wait", 0.0003)), 10.0, 20, "▅"),
        ((), 1.0, 20, ""),
    ],
    ids=["all", "shrunk", "two", "long_in_the_queue", "next_to_nothing", "nothing"],
)
def test_each_phase_has_its_share_of_the_scale(phases: Phases, scale: float, width: int, drawn: str) -> None:
    assert plain(waterfall(phases, scale, width)) == drawn


def test_every_phase_has_a_mark_and_a_colour_of_its_own() -> None:
    assert len({mark for mark, _ in MARKS.values()}) == len({part for _, part in MARKS.values()}) == len(MARKS)


@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 50.0])
def test_a_bar_is_never_wider_than_its_column(scale: float) -> None:
    assert width_of(waterfall(PHASES, scale, 15)) <= 15


@pytest.mark.parametrize(
    ("seconds", "scale"), [(0.0, 0.01), (0.01, 0.01), (0.03, 0.05), (0.9, 1.0), (1.1, 2.0), (21.0, 50.0), (99.0, 100.0)]
)
def test_the_scale_is_a_round_number_that_fits(seconds: float, scale: float) -> None:
    assert nice_scale(seconds) == pytest.approx(scale)


def test_a_staircase_has_a_phase_a_line_with_its_time() -> None:
    assert [plain(line) for line in staircase((("tcp", 0.05), ("wait", 0.15), ("download", 0.2)), 41)] == [
        "tcp       ▃▃ 0.050 s",
        "wait        ▅▅▅▅▅▅▅▅ 0.150 s",
        "download            ▇▇▇▇▇▇▇▇▇▇ 0.200 s",
    ]


def test_a_staircase_has_a_step_even_for_what_took_no_time() -> None:
    lines = [plain(line) for line in staircase((("wait", 1.0), ("download", 0.0)), 30)]
    assert lines[1].endswith("▇ 0.000 s")
    assert all(width_of(line) <= 30 for line in staircase(PHASES, 30))


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (50, "▁queued ▂dns ▃tcp ▄tls ▅wait ▇download         2 s"),
        (45, "▁queued ▂dns ▃tcp ▄tls ▅wait ▇download    2 s"),
        (44, "▂dns ▃tcp ▄tls ▅wait ▇download           2 s"),
        (32, "▃tcp ▄tls ▅wait ▇download    2 s"),
        (24, "▅wait ▇download      2 s"),
        (18, "phases         2 s"),
        (6, "   2 s"),
    ],
)
def test_the_legend_names_what_there_is_room_for(width: int, text: str) -> None:
    assert plain(legend(width, 2.0)) == text


@pytest.mark.parametrize("width", range(6, 60))
def test_the_names_of_the_legend_stay_when_a_scale_comes_up(width: int) -> None:
    names = plain(legend(width, None)).rstrip()
    for scale in (0.05, 2.0, 1_000.0):
        told = plain(legend(width, scale))
        assert told.startswith(names)
        assert len(told) == width
        assert told.removeprefix(names).strip() == f"{scale:g} s"
