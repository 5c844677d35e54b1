"""Tests that text can be selected with the mouse in every view."""

import pytest
from textual.pilot import Pilot
from textual.selection import SELECT_ALL

from asynclab.widgets.activity_log import ActivityLog
from asynclab.widgets.line_view import LineView
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.source_view import SourceView
from asynclab.widgets.static_lines import StaticLines
from asynclab.widgets.task_table import TaskTable
from asynclab.widgets.timeline import TimelineView
from tests.widgets.folded_labs import GATHER, gather, printing
from tests.widgets.view_stage import on_stage, said

SELECTED = "screen--selection"


async def drag(pilot: Pilot[None], begin: tuple[int, int], end: tuple[int, int]) -> str | None:
    """Drag the mouse from one cell of the view to another, and return what is selected then."""
    (view,) = pilot.app.query(LineView)
    await pilot.mouse_down(view, offset=begin)
    await pilot.hover(view, offset=end)
    await pilot.mouse_up(view, offset=end)
    return pilot.app.screen.get_selected_text()


def lit(view: LineView, y: int) -> str:
    """The text of a line that is painted as selected."""
    background = view.screen.get_component_rich_style(SELECTED).bgcolor
    return "".join(text for text, style, _ in view.render_line(y) if style and style.bgcolor == background)


async def test_what_the_mouse_is_dragged_over_is_selected_and_lit() -> None:
    async with on_stage(StaticLines()) as (view, pilot):
        view.show([(("first line", ""),), (("second", "past"), (" line", "strong")), (("third line", ""),)])
        assert await drag(pilot, (7, 1), (6, 3)) == "line\nsecond line\nthird"
        assert [lit(view, y).rstrip() for y in range(4)] == ["line", "second line", "third", ""]
        await pilot.click(view, offset=(2, 2))
        assert pilot.app.screen.get_selected_text() is None
        assert lit(view, 0) == ""


async def test_wide_characters_are_selected_as_a_whole() -> None:
    async with on_stage(StaticLines(), shows=([(("a日本b", ""),)],)) as (view, pilot):
        assert await drag(pilot, (2, 1), (4, 1)) == "日本"
        assert lit(view, 0) == "日本"


async def test_what_is_selected_stays_so_when_the_view_scrolls() -> None:
    async with on_stage(ActivityLog(), 60, 8, shows=(printing(30), 0.0)) as (log, pilot):
        log.scroll_to(y=10, animate=False, force=True)
        await pilot.pause()
        assert await drag(pilot, (23, 1), (30, 1)) == "“line 9”"
        log.scroll_to(y=12, animate=False, force=True)
        await pilot.pause()
        assert lit(log, 0) == ""
        assert pilot.app.screen.get_selected_text() == "“line 9”"


async def test_marks_and_line_numbers_are_not_selected() -> None:
    async with on_stage(SourceView(), 70, 12) as (view, pilot):
        view.show_source(GATHER, "import asyncio\n\nasync def main() -> None:\n    await asyncio.sleep(1)\n")
        await pilot.pause()
        assert await drag(pilot, (1, 3), (40, 4)) == "async def main() -> None:\n    await asyncio.sleep(1)"
    async with on_stage(TaskTable(), 80, 12, shows=(gather(), 1.24)) as (_, pilot):
        selected = await drag(pilot, (1, 1), (12, 3))
        assert selected is not None
        assert [line[:6].strip() for line in selected.splitlines()] == ["task", "main", "├ brew"]


async def test_code_that_is_scrolled_sideways_is_selected_where_the_mouse_is() -> None:
    async with on_stage(SourceView(), 40, 6) as (view, pilot):
        view.show_source(GATHER, "x = 1  # " + "".join(chr(ord("a") + number % 26) for number in range(100)))
        await pilot.pause()
        view.scroll_to(x=20, animate=False, force=True)
        await pilot.pause()
        begin = view.render_line(0).text.index("abc")
        assert await drag(pilot, (1 + begin, 1), (5 + begin, 1)) == "abcde"
        assert lit(view, 0) == "abcde"


async def test_dragging_does_not_do_what_a_click_does_and_a_double_click_does_no_more() -> None:
    async with on_stage(TaskTable(), 80, 12, shows=(gather(), 1.24)) as (table, pilot):
        await drag(pilot, (3, 3), (9, 3))
        assert table.cursor is None
        await pilot.click(table, offset=(3, 4), times=2)
        assert table.cursor == 2
        assert pilot.app.screen.get_selected_text() is None
        assert isinstance(said(pilot)[-1], TaskSelected)


async def test_on_the_timeline_the_mouse_drags_the_moment_instead() -> None:
    async with on_stage(TimelineView(), 80, 12) as (_, pilot):
        assert await drag(pilot, (30, 3), (40, 3)) is None


@pytest.mark.parametrize("lines", [0, 1, 500])
async def test_everything_can_be_selected(lines: int) -> None:
    async with on_stage(StaticLines(), 40, 6) as (view, _):
        view.show([((f"line {number}", ""),) for number in range(lines)])
        assert view.get_selection(SELECT_ALL) == ("\n".join(f"line {number}" for number in range(lines)), "\n")
