from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.state import LabState
from asynclab.widgets import highlighting
from asynclab.widgets.code_marks import CodeMarks, mark_spans
from asynclab.widgets.line_view import CURSOR
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.source_view import SourceView
from asynclab.widgets.spans import plain
from tests.widgets.folded_labs import GATHER, folded, sleeps, step, task
from tests.widgets.view_stage import on_stage, painted, part_at, said, subtitle

SOURCE = """\
import asyncio

async def brew(drink: str, seconds: float) -> str:
    await asyncio.sleep(seconds)
    print(f"{drink} is ready")
    return drink

async def main(cups: int = 3) -> None:
    await asyncio.gather(*map(brew, ["tea"] * cups))
"""

LONG = "\n".join(f"line_{number} = {number}" for number in range(1, 101))


def waiting(*lines: int) -> list[events.Event]:
    """Tasks that are suspended at some lines."""
    numbered = enumerate(lines, 1)
    return [event for number, line in numbered for event in (task(number, "t"), *sleeps(number, 1, line=line))]


@asynccontextmanager
async def showing(state: LabState, source: str = SOURCE) -> AsyncIterator[tuple[SourceView, Pilot[None]]]:
    """A pane with this code, and the marks of the tasks in it."""
    async with on_stage(SourceView(), 70, 12) as (view, pilot):
        view.show_source(GATHER, source)
        view.show(state, 1.0)
        yield view, pilot


async def test_lines_have_numbers_and_a_mark_where_tasks_are_suspended() -> None:
    async with showing(folded(*waiting(4, 4, 9))) as (view, pilot):
        await pilot.pause()
        assert painted(view)[:4] == [
            " 1      import asyncio",
            " 2",
            " 3      async def brew(drink: str, seconds: float) -> str:",
            " 4 ◌2       await asyncio.sleep(seconds)",
        ]
        assert painted(view)[8].startswith(" 9 ◌1 ")
        assert subtitle(view) == "◌ suspended"


@pytest.mark.parametrize(
    ("suspended", "ready", "mark"),
    [
        (2, 1, "◌2▸1 "),
        (0, 3, "▸3   "),
        (9_999, 0, "◌9999"),
        (10_000, 0, "◌+   "),
        (12, 3, "◌12▸3"),
        (12, 34, "◌+▸34"),
        (123, 456, "◌+▸+ "),
    ],
)
def test_marks_of_all_sizes_take_the_same_room(suspended: int, ready: int, mark: str) -> None:
    marks = CodeMarks(waiting={4: [*range(suspended)]}, ready={4: [*range(ready)]})
    assert plain(mark_spans(marks, 4)) == " " + mark


async def test_a_task_that_was_woken_is_marked_as_ready_where_it_waited() -> None:
    state = folded(*waiting(4, 4), events.TaskReady(1.0, 2, "timer"))
    async with showing(state) as (view, _):
        assert painted(view)[3].startswith(" 4 ◌1▸1 ")
        assert subtitle(view) == "◌ suspended · ▸ ready"


async def test_the_line_at_which_the_next_step_goes_on_is_lit() -> None:
    state = folded(*waiting(4, 9), events.TaskReady(1.0, 2, "timer"))
    async with showing(state) as (view, _):
        view.show(state, 1.0, next_task=2)
        assert painted(view)[8].startswith(" 9→▸1   ")
        assert (view.ground(3), view.ground(8)) == ("row", "row strong")
        assert subtitle(view) == "→ next · ◌ suspended · ▸ ready"
        view.show(state, 1.0, next_task=None)
        assert "→" not in "".join(painted(view))


async def test_the_next_line_is_brought_into_sight_where_no_task_is_selected() -> None:
    state = folded(*waiting(4, 90), events.TaskReady(1.0, 2, "timer"))
    async with on_stage(SourceView(), 70, 12) as (view, pilot):
        view.show_source(GATHER, LONG)
        await pilot.pause()
        view.show(state, 1.0, next_task=2)
        assert any("line_90 " in line for line in painted(view))


GONE_ON = (events.TaskReady(1.0, 1, "timer"), events.StepStarted(1.0, 1), events.TaskEnded(1.0, 1, "done"))
ELSEWHERE = events.TaskWaiting(0.0, 1, events.Wait("sleep", seconds=1.0, file="/other.py", line=4))
TOO_LATE = events.LoopBlocked(0.2, 1, 0.2, GATHER, 5, "brew")


@pytest.mark.parametrize(
    "happened",
    [(*waiting(4), *GONE_ON), (task(1, "main"), ELSEWHERE), (task(1, "main"), *step(1), TOO_LATE)],
    ids=["they_went_on", "they_are_in_another_file", "the_block_is_over"],
)
async def test_tasks_leave_no_mark_where(happened: tuple[events.Event, ...]) -> None:
    async with showing(folded(*happened)) as (view, _):
        assert not {"◌", "►"} & set("".join(painted(view)))


async def test_the_line_that_blocks_the_loop_is_marked_as_running() -> None:
    state = folded(task(1, "main"), events.StepStarted(0.0, 1), events.LoopBlocked(0.2, 1, 0.2, GATHER, 5, "brew"))
    async with showing(state) as (view, _):
        assert painted(view)[4].startswith(" 5► ")
        assert (view.ground(4), subtitle(view)) == ("row strong", "► blocks the loop")
        apply(state, events.StepEnded(0.3, 1, 0.3))
        view.show(state, 0.3)
        assert "►" not in "".join(painted(view))


async def test_the_line_of_the_selected_task_stands_out() -> None:
    async with showing(folded(*waiting(4, 9))) as (view, _):
        view.select(2)
        assert [line[0] for line in painted(view) if line.startswith(CURSOR)] == [CURSOR]
        assert painted(view)[8].startswith(CURSOR)
        assert (view.ground(3), view.ground(8)) == ("row-blurred", "row")


async def test_the_selected_task_is_kept_in_sight_until_the_reader_scrolls() -> None:
    state = folded(*waiting(60))
    async with on_stage(SourceView(), 70, 12) as (view, pilot):
        view.show_source(GATHER, LONG)
        await pilot.pause()
        view.show(state, 0.0)
        view.select(1)
        assert any("line_60 " in line for line in painted(view))
        await pilot.resize_terminal(70, 8)
        await pilot.pause()
        assert any("line_60 " in line for line in painted(view)), "also where there is less room"
        view.scroll_to(y=0, animate=False)
        fold(state, (events.TaskReady(1.0, 1, "timer"), *sleeps(1, 1.0, at=1.0, line=80)))
        view.show(state, 1.0)
        assert view.scroll_offset.y == 0


async def test_a_file_opens_at_its_first_line_of_code() -> None:
    async with on_stage(SourceView(), 70, 12) as (view, pilot):
        view.show_source(GATHER, '"""What it teaches.\n\nAt length.\n"""\n\n' + LONG)
        await pilot.pause()
        assert "line_1 = 1" in painted(view)[0]


async def test_a_click_on_a_marked_line_selects_its_tasks_in_turn() -> None:
    async with showing(folded(*waiting(4, 4))) as (view, pilot):
        for _ in range(3):
            await pilot.click(view, offset=(20, 4))
        await pilot.click(view, offset=(20, 2))
        assert [message.task for message in said(pilot) if isinstance(message, TaskSelected)] == [1, 2, 1]


async def test_it_scrolls_both_ways() -> None:
    async with on_stage(SourceView(), 40, 8) as (view, pilot):
        view.show_source(GATHER, f"start = 1  # {'x' * 80} end\n{LONG}")
        view.focus()
        await pilot.pause()
        await pilot.press(*"llll")
        await pilot.pause()
        assert view.scroll_offset.x == 4
        await pilot.press("G")
        await pilot.pause()
        assert view.scroll_offset.y == view.max_scroll_y


async def test_the_code_is_painted_at_once_and_coloured_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlighting, "remembered", {})
    async with on_stage(SourceView(), 70, 12) as (view, pilot):
        view.show_source(GATHER, SOURCE)
        assert (painted(view)[0], part_at(view.compose_line(0, 70), "import")) == (" 1      import asyncio", "")
        await pilot.pause()
        assert (painted(view)[0], part_at(view.compose_line(0, 70), "import")) == (
            " 1      import asyncio",
            "keyword",
        )
