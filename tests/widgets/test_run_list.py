from dataclasses import replace

import pytest

from asynclab.widgets.run_list import RunChosen, RunHighlighted, RunList, RunRow
from tests.widgets.view_stage import Refreshes, on_stage, painted, said

ROWS = (
    RunRow("1", "coroutines", "Basics", "done"),
    RunRow("2", "await", "Basics", "waiting", "62%"),
    RunRow("6", "timeout", "Time", "cancelled"),
    RunRow("7", "queue", "Queues"),
)


async def test_demos_stand_under_their_sections_with_their_state_at_the_right() -> None:
    async with on_stage(RunList("Demos"), 27, 12) as (demos, pilot):
        demos.show_rows(ROWS)
        demos.highlight("2")
        assert painted(demos) == [
            " BASICS",
            " 1 coroutines          ✓",
            "▌2 await           ◌ 62%",
            "",
            " TIME",
            " 6 timeout             ⊘",
            "",
            " QUEUES",
            " 7 queue",
            "",
        ]
        await pilot.resize_terminal(27, 9)
        await pilot.pause()
        assert painted(demos)[-2:] == [" QUEUES", " 7 queue"], "where it is low the space between them goes"


@pytest.mark.parametrize(
    ("width", "first", "second"),
    [
        (26, " 4 create_task ✓ 2 leaks", " 7 queue      ✓ 2 leaks"),
        (24, " 4 crea…task ✓ 2 leaks", " 7 queue    ✓ 2 leaks"),
        (21, " 4 create_task   ✓", " 7 queue ✓ 2 leaks"),
    ],
)
async def test_where_it_is_narrow_a_note_goes_before_much_of_a_name_does(width: int, first: str, second: str) -> None:
    async with on_stage(RunList("Demos"), width, 12) as (demos, _):
        demos.show_rows(
            [RunRow(key, name, "", "done", "2 leaks") for key, name in (("4", "create_task"), ("7", "queue"))]
        )
        assert painted(demos)[:2] == [first, second]


async def test_the_cursor_passes_over_headings_and_tells_what_it_is_on() -> None:
    async with on_stage(RunList("Demos"), 27, 14) as (demos, pilot):
        demos.show_rows(ROWS)
        demos.highlight("2")
        demos.focus()
        await pilot.press("down", "j", "j", "up", "G", "g", "k")
        keys = [message.row.key for message in said(pilot) if isinstance(message, RunHighlighted)]
        assert keys == ["6", "7", "6", "7", "1"]


async def test_enter_chooses_the_highlighted_demo() -> None:
    async with on_stage(RunList("Demos"), 27, 14) as (demos, pilot):
        demos.show_rows(ROWS)
        demos.focus()
        await pilot.press("enter")
        demos.highlight("6")
        await pilot.press("enter")
        assert [message.row.name for message in said(pilot)] == ["timeout"]  # type: ignore[attr-defined]


async def test_a_click_highlights_and_another_chooses() -> None:
    async with on_stage(RunList("Demos"), 27, 14) as (demos, pilot):
        demos.show_rows(ROWS)
        await pilot.click(demos, offset=(5, 2))
        await pilot.click(demos, offset=(5, 1))
        assert demos.highlighted == ROWS[0]
        await pilot.click(demos, offset=(5, 2))
        assert [type(message) for message in said(pilot)] == [RunHighlighted, RunChosen]


async def test_the_highlight_stays_on_its_demo_while_states_change() -> None:
    async with on_stage(RunList("Demos"), 27, 14) as (demos, _):
        demos.show_rows(ROWS)
        demos.highlight("6")
        refreshes = Refreshes(demos)
        demos.show_rows((*ROWS[:2], replace(ROWS[2], state="running", note="3/5"), ROWS[3]))
        assert painted(demos)[5] == "▌6 timeout         ► 3/5"
        assert refreshes.lines == [5]


async def test_a_highlighted_demo_comes_into_sight_with_its_heading() -> None:
    async with on_stage(RunList("Demos"), 27, 5) as (demos, pilot):
        demos.show_rows(ROWS)
        await pilot.pause()
        demos.highlight("7")
        await pilot.pause()
        assert "▌7 queue" in painted(demos)
        demos.highlight("1")
        await pilot.pause()
        assert painted(demos)[:2] == [" BASICS", "▌1 coroutines         ✓"]


@pytest.mark.parametrize(("number", "end"), [(1, "✗2 ✓ 3"), (301, "✗2 ✓ 3"), (12_345, "✗2 ✓")])
async def test_findings_and_state_show_however_long_key_and_name_are(number: int, end: str) -> None:
    async with on_stage(RunList("Loops"), 23, 3) as (loops, _):
        loops.show_rows([RunRow(f"{number:>2}", "a thread of a pool", "", "done", "3", 2)])
        assert painted(loops)[0].endswith(f" {end}")
