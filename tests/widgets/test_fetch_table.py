"""The table of URLs, by what it paints."""

from __future__ import annotations

import pytest

from asynclab.widgets.fetch_columns import in_words
from asynclab.widgets.fetch_row import UrlRow
from asynclab.widgets.fetch_table import FetchTable, UrlSelected
from asynclab.widgets.line_view import CURSOR
from tests.widgets.labs import HOSTILE
from tests.widgets.stage import Refreshes, on_stage, painted, said
from tests.widgets.urls import url

EXAMPLES = (
    url(1),
    url(2, state="running", word="200", fraction=0.68, received=4_100_000, seconds=1.2, left=28.8),
    url(3, state="running", word="waiting", fraction=None, received=0, rate=None, seconds=4.71, left=25.3, phases=()),
    url(4, state="retrying", word="429 in 3.2 s", fraction=None, received=0, rate=None, seconds=2.1, phases=()),
    url(5, state="failed", word="no such host", fraction=None, received=0, rate=None, seconds=0.05, phases=()),
    url(6, state="cancelled", word="cancelled", fraction=0.22, received=18_000_000, rate=None, seconds=3.9, phases=()),
    url(7, state="queued", word="queued", fraction=None, received=0, rate=None, seconds=None, tries=0, phases=()),
)


def show(table: FetchTable, *rows: UrlRow) -> None:
    by_number = {row.number: row for row in rows}
    table.show([row.number for row in rows], by_number.__getitem__, 1.0)


async def test_it_draws_state_progress_size_rate_and_time() -> None:
    table = FetchTable()
    async with on_stage(table, 140, 10):
        show(table, *EXAMPLES)
        lines = painted(table)
    assert "✓ 200" in lines[1]
    assert " ━━━━━━━ 100%" in lines[1]
    assert "48.2 kB   2.4 MB/s   0.90 s" in lines[1]
    assert "► 200" in lines[2]
    assert "68%" in lines[2]
    assert "► waiting" in lines[3]
    assert "↻ 429 in 3.2 s" in lines[4]
    assert "try 2" in lines[4]
    assert "✗ no such host" in lines[5]
    assert "⊘ cancelled" in lines[6]
    assert "22%" in lines[6]
    assert "… queued" in lines[7]


async def test_the_phases_are_drawn_beside_it() -> None:
    table = FetchTable()
    async with on_stage(table, 120, 4):
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
    table = FetchTable()
    async with on_stage(table, width, 4):
        show(table, *EXAMPLES)
        assert " ".join(painted(table)[0].split()) == header
        assert "✓" in painted(table)[1]


@pytest.mark.parametrize("width", [8, 20, 33, 41, 57, 80, 99, 120, 160, 200])
async def test_no_line_is_wider_than_the_view_and_columns_stay_where_they_are(width: int) -> None:
    table = FetchTable()
    async with on_stage(table, width, 12):
        show(table, *EXAMPLES, url(8, url=HOSTILE * 3, word=HOSTILE), url(4_999, received=10**15, rate=1e15))
        assert {table.render_line(y).cell_length for y in range(9)} == {width - 3}


async def test_columns_do_not_move_while_figures_grow() -> None:
    table = FetchTable()
    async with on_stage(table, 137, 4):
        show(table, url(1))
        before = painted(table)[1].index("0.90 s")
        show(table, url(1, received=999_900_000, rate=123_400_000, seconds=1234.56, word="200", fraction=0.1))
        assert painted(table)[1].index("1234.56 s") == before - 3


@pytest.mark.parametrize("width", [91, 100, 120, 131, 160, 200])
async def test_a_url_of_fifty_characters_is_seen_whole_beside_any_columns(width: int) -> None:
    table = FetchTable()
    async with on_stage(table, width, 4):
        show(table, url(1, url="http://127.0.0.1:43210/a/path/of/fifty/characters/"))
        assert " 127.0.0.1:43210/a/path/of/fifty/characters/ " in painted(table)[1]


async def test_before_anything_was_fetched_there_is_no_scale() -> None:
    table = FetchTable()
    async with on_stage(table, 200, 4):
        table.show([1], lambda number: url(number, phases=(("queued", 0.1),)), None)
        assert painted(table)[0].endswith("▇download")


async def test_a_long_url_is_cut_in_the_middle() -> None:
    table = FetchTable()
    async with on_stage(table, 80, 4):
        show(table, url(1, url="https://example.org/a/very/very/very/long/path/that/ends/in/page-17"))
        line = painted(table)[1]
        assert "example.org/a/ver…" in line
        assert "in/page-17 ✓ 200" in line


async def test_only_rows_in_sight_are_looked_at() -> None:
    looked: set[int] = set()

    def look(number: int) -> UrlRow:
        looked.add(number)
        return url(number)

    table = FetchTable()
    async with on_stage(table, 120, 12):
        table.show(range(1, 5_001), look, 1.0)
        assert table.line_count() == 5_000
        assert looked == set(range(1, 10))


async def test_only_lines_that_look_different_are_painted_again() -> None:
    table = FetchTable()
    async with on_stage(table, 120, 12):
        show(table, *EXAMPLES)
        refreshes = Refreshes(table)
        show(table, *EXAMPLES)
        assert refreshes.lines == []
        show(table, EXAMPLES[0], url(2, state="ok", seconds=1.3), *EXAMPLES[2:])
        assert refreshes.lines == [2]


async def test_the_cursor_selects_a_url_and_says_so() -> None:
    table = FetchTable()
    async with on_stage(table, 80, 12) as pilot:
        show(table, *EXAMPLES)
        table.focus()
        await pilot.press("j", "j", "G")
        assert [message.number for message in said(pilot) if isinstance(message, UrlSelected)] == [1, 2, 7]
        assert painted(table)[7].startswith(CURSOR)


async def test_the_cursor_stays_on_its_url_when_the_order_changes() -> None:
    table = FetchTable()
    async with on_stage(table, 80, 12):
        show(table, *EXAMPLES)
        table.select(2)
        show(table, *reversed(EXAMPLES))
        assert table.cursor == 5


async def test_a_url_that_is_filtered_out_stays_selected() -> None:
    table = FetchTable()
    async with on_stage(table, 80, 12):
        show(table, *EXAMPLES)
        table.select(2)
        show(table, *EXAMPLES[3:])
        assert table.cursor is None
        assert table.selected == 2


def test_a_row_is_copied_in_words() -> None:
    assert in_words(url(1, tries=3)) == "https://docs.example.org/guide\t200\t48.2 kB\t0.900 s\t3 attempts"
    assert in_words(EXAMPLES[-1]) == "https://docs.example.org/guide\tqueued\t0 B"
