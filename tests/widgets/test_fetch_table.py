"""Tests the table of URLs by the lines that it paints."""

from typing import Any

import pytest

from asynclab.fetch.rows import Failure, Row
from asynclab.widgets.fetch.fetch_table import FetchTable, UrlSelected
from asynclab.widgets.fetch.url_words import in_words
from asynclab.widgets.fetch.waterfall import CUT, MARKS, Phases, legend, nice_scale, staircase, waterfall
from asynclab.widgets.line_view import CURSOR
from asynclab.widgets.spans import plain, width_of
from tests.widgets.folded_labs import HOSTILE
from tests.widgets.url_rows import NOW, PHASES, failed, phases, under_way, url
from tests.widgets.view_stage import Refreshes, on_stage, painted, said

BUSY = Failure("rate_limited", "", status=429)

EXAMPLES = (
    url(1),
    under_way(2, 1.2, status=200, wire=4_080_000, expected=6_000_000, expires_at=NOW + 28.8),
    under_way(3, 4.71, expires_at=NOW + 25.3, phases=phases({"wait": 4.71})),
    under_way(4, 2.1, state="retrying", retry_at=NOW + 3.2, failures=(BUSY,)),
    failed(5, "dns", ended_at=4.05),
    failed(6, "cancelled", state="cancelled", wire=18_000_000, expected=81_000_000, ended_at=7.9),
    under_way(7, 0.0, state="queued", attempts=0, started_at=None),
)
EXAMPLES[2].phases.enter("wait", NOW)


def show(table: FetchTable, *rows: Row) -> None:
    numbered = dict(zip(range(1, max(row.number for row in rows) + 1), [rows[0]] * 5_000, strict=False))
    numbered |= {row.number: row for row in rows}
    table.show([row.number for row in rows], list(numbered.values()), NOW, 1.0)


async def test_it_draws_state_progress_size_rate_and_time() -> None:
    async with on_stage(FetchTable(), 140, 10) as (table, _):
        show(table, *EXAMPLES)
        lines = painted(table)
    assert "✓ 200" in lines[1]
    assert " ━━━━━━━ 100%" in lines[1]
    assert "48.2 kB 120.5 kB/s   0.90 s" in lines[1]
    assert "► 200" in lines[2]
    assert "68%" in lines[2]
    assert "► waiting" in lines[3]
    assert "↻ 429 in 3.2 s" in lines[4]
    assert "try 2" in lines[4]
    assert "✗ no such host  ───" in lines[5]
    assert "⊘ cancelled" in lines[6]
    assert "22%" in lines[6]
    assert "… queued" in lines[7]


async def test_the_phases_are_drawn_beside_it() -> None:
    async with on_stage(FetchTable(), 120, 4) as (table, _):
        show(table, url(1))
        assert painted(table)[1].endswith("  ▁▁▂▂▃▄▄▅▅▅▅▇▇▇▇▇▇▇")


@pytest.mark.parametrize(
    ("width", "header"),
    [
        (203, "# url state progress size rate time left tries ▁queued ▂dns ▃tcp ▄tls ▅wait ▇download 1 s"),
        (140, "# url state progress size rate time ▅wait ▇download 1 s"),
        (120, "# url state progress size time phases 1 s"),
        (105, "# url state progress size time"),
        (95, "# url state done size time"),
        (80, "url state done size time"),
        (72, "url state done time"),
        (64, "url state done"),
        (50, "url state"),
        (30, "url"),
    ],
)
async def test_a_column_that_runs_out_of_room_is_left_out_the_least_important_first(width: int, header: str) -> None:
    async with on_stage(FetchTable(), width, 4) as (table, _):
        show(table, *EXAMPLES)
        assert " ".join(painted(table)[0].split()) == header
        assert "✓" in painted(table)[1]


@pytest.mark.parametrize("width", [8, 20, 33, 41, 57, 80, 99, 120, 160, 200])
async def test_no_line_is_wider_than_the_view_and_columns_stay_where_they_are(width: int) -> None:
    async with on_stage(FetchTable(), width, 12) as (table, _):
        show(table, *EXAMPLES, url(8, url=HOSTILE * 3), url(4_999, wire=10**15, phases=phases({"download": 0.5})))
        assert {table.render_line(y).cell_length for y in range(9)} == {width - 3}


async def test_columns_do_not_move_while_figures_grow() -> None:
    async with on_stage(FetchTable(), 137, 4) as (table, _):
        show(table, url(1))
        before = painted(table)[1].index("0.90 s")
        show(table, url(1, wire=999_900_000, ended_at=4.0 + 1234.56, phases=phases({"download": 8.1})))
        assert painted(table)[1].index("1234.56 s") == before - 3


@pytest.mark.parametrize("width", [91, 100, 120, 131, 160, 200])
async def test_a_url_of_fifty_characters_is_seen_whole_beside_any_columns(width: int) -> None:
    async with on_stage(FetchTable(), width, 4) as (table, _):
        show(table, url(1, url="http://127.0.0.1:43210/a/path/of/fifty/characters/"))
        assert " 127.0.0.1:43210/a/path/of/fifty/characters/ " in painted(table)[1]


async def test_before_anything_was_fetched_there_is_no_scale() -> None:
    async with on_stage(FetchTable(), 200, 4) as (table, _):
        table.show([1], [url(1, phases=phases({"queued": 0.1}))], NOW, None)
        assert painted(table)[0].endswith("▇download")


async def test_a_long_url_is_cut_in_the_middle() -> None:
    async with on_stage(FetchTable(), 80, 4) as (table, _):
        show(table, url(1, url="https://example.org/a/very/very/very/long/path/that/ends/in/page-17"))
        line = painted(table)[1]
        assert "example.org/a/ver…" in line
        assert "in/page-17 ✓ 200" in line


async def test_only_rows_in_sight_are_looked_at() -> None:
    looked: set[int] = set()

    class Rows(tuple[Row, ...]):
        def __getitem__(self, index: Any) -> Any:
            looked.add(index)
            return super().__getitem__(index)

    async with on_stage(FetchTable(), 120, 12) as (table, _):
        table.show(range(1, 5_001), Rows([url(1)] * 5_000), NOW, 1.0)
        assert table.line_count() == 5_000
        assert looked == set(range(9))


async def test_only_lines_that_look_different_are_painted_again() -> None:
    async with on_stage(FetchTable(), 120, 12) as (table, _):
        show(table, *EXAMPLES)
        refreshes = Refreshes(table)
        show(table, *EXAMPLES)
        assert refreshes.lines == []
        show(table, EXAMPLES[0], url(2, ended_at=5.3), *EXAMPLES[2:])
        assert refreshes.lines == [2]


async def test_the_cursor_selects_a_url_and_says_so() -> None:
    async with on_stage(FetchTable(), 80, 12) as (table, pilot):
        show(table, *EXAMPLES)
        table.focus()
        await pilot.press("j", "j", "G")
        assert [message.number for message in said(pilot) if isinstance(message, UrlSelected)] == [1, 2, 7]
        assert painted(table)[7].startswith(CURSOR)


async def test_the_cursor_stays_on_its_url_when_the_order_changes() -> None:
    async with on_stage(FetchTable(), 80, 12) as (table, _):
        show(table, *EXAMPLES)
        table.select(2)
        show(table, *reversed(EXAMPLES))
        assert table.cursor == 5


async def test_the_selected_url_stays_in_sight_where_the_order_moves_it_away() -> None:
    async with on_stage(FetchTable(), 80, 10) as (table, pilot):
        rows = [url(number) for number in range(1, 41)]
        show(table, *rows)
        table.select(3)
        show(table, *rows[3:], *rows[:3])
        await pilot.pause()
        assert any(CURSOR in line for line in painted(table))


async def test_a_url_that_is_filtered_out_stays_selected() -> None:
    async with on_stage(FetchTable(), 80, 12) as (table, _):
        show(table, *EXAMPLES)
        table.select(2)
        show(table, *EXAMPLES[3:])
        assert table.cursor is None
        assert table.selected == 2


def test_a_row_is_copied_in_words() -> None:
    assert in_words(url(1, attempts=3), NOW) == "https://docs.example.org/guide\t200\t48.2 kB\t0.900 s\t3 attempts"
    assert in_words(EXAMPLES[-1], NOW) == "https://docs.example.org/guide\tqueued\t0 B"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (url(1, state="failed", outcome="http_error", status=404, wire=312, expected=312), "✗ 404           ──────"),
        (url(1, state="failed", outcome="rate_limited", status=429, wire=5, expected=5), "✗ 429           ──────"),
        (failed(1, "missing_fragment", status=200, wire=50, expected=50), "✗ no fragment   ──────"),
        (failed(1, "incomplete", wire=50, expected=100), "✗ incomplete    ━━━───"),
        (failed(1, "truncated", status=200, wire=315, decoded=126, expected=315), "✗ cut short     ━━╸───"),
    ],
    ids=["404", "429", "anchor", "incomplete", "truncated"],
)
async def test_the_bar_of_what_failed_is_as_long_as_what_came_of_what_was_asked_for(row: Row, told: str) -> None:
    async with on_stage(FetchTable(), 90, 4) as (table, _):
        show(table, row)
        assert told in painted(table)[1]


async def test_an_error_page_is_not_so_many_percent_and_of_a_body_that_was_too_large_its_part_is_counted() -> None:
    missing = url(1, state="failed", outcome="http_error", status=404, wire=312, expected=312)
    async with on_stage(FetchTable(), 140, 5) as (table, _):
        show(table, missing, failed(2, "truncated", status=200, wire=315, decoded=10, expected=315))
        assert "%" not in painted(table)[1]
        assert "3%         10 B" in painted(table)[2]


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
