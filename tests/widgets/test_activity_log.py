from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.state import LINES_KEPT, LabState
from asynclab.widgets.activity_log import ActivityLog
from asynclab.widgets.line_view import CURSOR
from asynclab.widgets.messages import TaskSelected
from tests.widgets.folded_labs import folded, gather, printing, said_at, task
from tests.widgets.view_stage import Refreshes, on_stage, painted, part_at, said, subtitle


@asynccontextmanager
async def showing(state: LabState, width: int = 80, height: int = 12) -> AsyncIterator[tuple[ActivityLog, Pilot[None]]]:
    """A log of what has happened in a lab."""
    async with on_stage(ActivityLog(), width, height, shows=(state, 1.0)) as (log, pilot):
        yield log, pilot


async def test_a_line_has_the_time_the_task_and_what_happened() -> None:
    async with showing(gather(), 60, 16) as (log, _):
        assert painted(log)[0] == "   0.000              run started"
        assert "   1.000 brew tea     “tea is ready”" in painted(log)
        assert "   1.000 brew tea     returned 'tea'" in painted(log)
        parts = {text: part_at(log.compose_line(index, 57), text) for index, text in ((1, "created"), (5, "sleeps"))}
        assert parts == {"created": "past", "sleeps": "waiting"}


async def test_a_narrow_log_takes_shorter_forms_and_never_shortens_what_was_printed() -> None:
    state = folded(task(1, "main"), events.Output(1.0, "x" * 30 + "\n", 1))
    state.tell(2.0, 1, "timeout", ("timeout of 30.00 s started", "timeout of 30.00 s"))
    async with showing(state, 60, 16) as (log, _):
        assert painted(log)[2].endswith("timeout of 30.00 s started")
    async with showing(state, 42, 16) as (log, _):
        assert "“xxxxx" in painted(log)[1]
        assert painted(log)[2].endswith("timeout of 30.00 s")


async def test_the_narrowest_log_cuts_nothing_that_queues_do() -> None:
    state = folded(
        task(1, "producer-1"),
        events.QueueCreated(0.0, 1, "Queue", 3),
        events.QueuePut(0.5, 1, "4", 1, 1, 1),
        events.QueueTaskDone(1.0, 1, 0, 1),
        events.Progressed(1.0, 1, 4, 9),
        events.StepStarted(1.0, 1),
        events.StepEnded(1.0, 1, 0.0),
        events.TaskWaiting(1.0, 1, events.Wait("queue.put", number=1)),
    )
    async with showing(state, 34, 16) as (log, _):
        assert [line.partition("r-1 ")[2] for line in painted(log)[1:5]] == [
            "put 4",
            "task_done()",
            "4 of 9",
            "put queue#1",
        ]


async def test_it_follows_the_end() -> None:
    async with showing(state := printing(50)) as (log, pilot):
        assert painted(log)[-1].endswith("“line 49”")
        apply(state, said_at(50))
        log.show(state, 0.5)
        await pilot.pause()
        assert painted(log)[-1].endswith("“line 50”")
        await pilot.resize_terminal(80, 8)
        await pilot.pause()
        assert painted(log)[-1].endswith("“line 50”"), "also where there is less room"
        assert subtitle(log) == "following"


async def test_it_stays_where_the_reader_scrolled_and_counts_what_is_new_below() -> None:
    async with showing(state := printing(50)) as (log, pilot):
        await pilot.pause()
        log.scroll_to(y=20, animate=False)
        before = painted(log)
        fold(state, (said_at(50 + number) for number in range(1_200)))
        log.show(state, 13.0)
        await pilot.pause()
        assert painted(log) == before
        assert subtitle(log) == "1,200 new below"


async def test_a_growing_log_moves_its_scrollbar_without_a_new_layout_of_the_screen() -> None:
    async with showing(state := printing(50)) as (log, pilot):
        await pilot.pause()
        refreshes = Refreshes(log)
        apply(state, said_at(50))
        log.show(state, 0.5)
        assert refreshes.layouts == 0
        assert log.vertical_scrollbar.window_virtual_size == log.line_count() == 52
        assert log.vertical_scrollbar.position == log.scroll_offset.y == log.max_scroll_y


async def test_scrolling_back_to_the_end_follows_again() -> None:
    async with showing(state := printing(50)) as (log, pilot):
        await pilot.pause()
        log.scroll_to(y=20, animate=False)
        apply(state, said_at(50))
        log.show(state, 0.5)
        log.focus()
        await pilot.press("k", "G")
        await pilot.pause()
        assert (log.is_following, log.cursor) == (True, None)
        assert subtitle(log) == "following"
        assert painted(log)[-1].endswith("“line 50”")


async def test_a_cursor_on_a_line_before_the_end_stops_following() -> None:
    async with showing(state := printing(50)) as (log, pilot):
        log.focus()
        await pilot.press("k", "k")
        assert log.text_to_copy() == "0.480  main  “line 48”"
        fold(state, (said_at(50 + number) for number in range(30)))
        log.show(state, 0.8)
        assert log.text_to_copy() == "0.480  main  “line 48”"
        assert sum(line.startswith(CURSOR) for line in painted(log)) == 1


async def test_moving_to_a_line_tells_whose_it_is() -> None:
    async with showing(gather(), 60, 20) as (log, pilot):
        await pilot.click(log, offset=(10, 6))
        assert log.selected == 2
        assert [message.task for message in said(pilot) if isinstance(message, TaskSelected)] == [2]


@pytest.mark.parametrize(("dropped", "note"), [(1, "1 earlier line"), (1_234, "1,234 earlier lines")])
async def test_lines_that_the_model_dropped_are_counted_at_the_top(dropped: int, note: str) -> None:
    state = printing(LINES_KEPT + dropped - 1)
    async with on_stage(ActivityLog(), shows=(state, 60.0)) as (log, pilot):
        log.focus()
        await pilot.press("g")
        assert painted(log)[0].lstrip(CURSOR) == f"{note} no longer kept"
        assert log.line_count() == LINES_KEPT + 1


async def test_a_filter_that_no_line_matches_says_so_and_how_to_come_back() -> None:
    state = printing(5)
    async with on_stage(ActivityLog(), shows=(state, 0.5)) as (log, pilot):
        log.set_filter("elephant")
        log.focus()
        await pilot.press("k", "j")
        assert painted(log)[0].lstrip(CURSOR) == "nothing matches the filter"
        assert (log.selected, log.text_to_copy(), log.visible_text()) == (None, "", "")
        apply(state, events.Output(0.6, "an elephant\n", 1))
        log.show(state, 0.6)
        assert log.visible_text() == "0.600  main  “an elephant”"
        log.set_filter("")
        assert log.line_count() == len(state.activity)


async def test_a_reader_stays_on_the_same_lines_while_older_ones_are_dropped() -> None:
    state = printing(LINES_KEPT + 9)
    async with on_stage(ActivityLog(), shows=(state, 60.0)) as (log, pilot):
        await pilot.pause()
        log.scroll_to(y=3000, animate=False)
        before = painted(log)
        fold(state, (said_at(LINES_KEPT + 9 + number) for number in range(40)))
        log.show(state, 60.0)
        assert painted(log) == before


async def test_the_filter_keeps_lines_by_text_or_task() -> None:
    async with showing(gather(), 60, 20) as (log, pilot):
        log.set_filter("TEA is")
        assert [line for line in painted(log) if line] == ["   1.000 brew tea     “tea is ready”"]
        log.set_filter("coffee")
        assert log.line_count() == 2
        await pilot.pause()
        assert subtitle(log) == "filtered: coffee · following"
        log.set_filter("line 1")
        log.show(state := printing(5), 0.1)
        fold(state, (said_at(10), said_at(20)))
        log.show(state, 0.2)
        assert log.visible_text() == "0.010  main  “line 1”\n0.100  main  “line 10”"
        log.set_filter("")
        assert log.line_count() == len(state.activity)


async def test_long_lines_are_cut_on_the_screen_and_copied_in_full() -> None:
    async with showing(
        folded(task(1, "main"), events.Output(0.0, "x" * 150 + "\n", 1), events.TaskEnded(0.0, 1, "done")), 60, 20
    ) as (log, pilot):
        assert painted(log)[1].endswith("xxx…")
        log.focus()
        await pilot.press("k", "k")
        assert "x" * 150 in log.text_to_copy()
        assert "x" * 150 in log.visible_text()


async def test_another_lab_starts_from_its_own_beginning() -> None:
    async with on_stage(ActivityLog(), shows=(printing(100), 1.0)) as (log, pilot):
        await pilot.pause()
        log.scroll_to(y=20, animate=False)
        log.show(printing(3), 1.0)
        assert log.is_following
        assert len([line for line in painted(log) if line]) == 4


def warned(text: str) -> LabState:
    """A lab that printed, warned, and printed again."""
    return folded(task(1, "main"), said_at(0), events.Warned(0.5, text, 1), said_at(60))


async def test_what_went_wrong_is_wrapped_and_stays_one_line_for_copying() -> None:
    async with showing(warned("coroutine 'greet' was never awaited"), 40, 12) as (log, pilot):
        assert [line for line in painted(log) if line][-3:] == [
            "   0.500 main     coroutine 'greet'",
            "                  was never awaited",
            "   0.600 main     “line 60”",
        ]
        assert part_at(log.compose_line(log.line_count() - 2, 37), "was never") == "failed"
        log.focus()
        await pilot.press("k", "k")
        assert log.selected == 1
        assert log.text_to_copy() == "0.500  main  coroutine 'greet' was never awaited"
        assert log.visible_text().count("0.500") == 1


async def test_in_another_width_lines_are_divided_anew_and_the_cursor_stays_on_its_line() -> None:
    async with showing(warned("coroutine 'greet' was never awaited"), 40, 12) as (log, pilot):
        log.focus()
        await pilot.press("k", "k")
        await pilot.resize_terminal(90, 12)
        await pilot.pause()
        assert next(line for line in painted(log) if "0.500" in line).endswith("coroutine 'greet' was never awaited")
        assert log.text_to_copy().startswith("0.500")
        assert len([line for line in painted(log) if line]) == log.line_count()


async def test_a_very_long_warning_takes_four_rows_and_a_line_about_no_task_the_column_of_names() -> None:
    async with showing(warned("so " * 300), 40, 20) as (log, _):
        assert sum("so so" in line for line in painted(log)) == 4
        log.show(folded(events.RunEnded(0.5, "done", "None")), 1.0)
        assert painted(log)[1] == "   0.500 run ended: returned None"


async def test_only_a_log_that_may_grow_says_that_it_follows() -> None:
    async with on_stage(ActivityLog(), 60, 8) as (log, _):
        assert subtitle(log) == ""
        state = printing(3)
        log.show(state, 0.0)
        assert subtitle(log) == "following"
        log.show(printing(2), 0.0, is_past=True)
        assert subtitle(log) == "up to this moment"
        log.show(state, 1.0, goes_on=False)
        assert subtitle(log) == "", "also where nothing told of the end"
        log.set_filter("line")
        assert subtitle(log) == "filtered: line"
