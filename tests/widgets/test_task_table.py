import pytest

import asynclab.model.fold.births_and_ends
from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.widgets.line_view import CURSOR
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.task_table import WIDEST_BAR, TaskTable
from asynclab.widgets.timeline import TimelineView
from tests.model.short_histories import lab_with_timeline
from tests.widgets.folded_labs import crowd, folded, gather, sleeps, step, task
from tests.widgets.view_stage import Refreshes, on_stage, painted, part_at, said, subtitle

STOPPED: list[events.Event] = [
    events.Progressed(0.1, 2, 2, 5),
    events.TaskCancelRequested(0.2, 2, 1),
    events.TaskEnded(0.2, 2, "cancelled"),
]


async def test_it_draws_a_tree_with_state_reason_bar_busy_time_and_steps() -> None:
    async with on_stage(TaskTable(), 105, 8, shows=(gather(), 1.24)) as (table, _):
        assert painted(table) == [
            " task                state       waiting for                progress                       busy  steps",
            " main                ◌ waiting   gather of 3                ━━━━──────── 1 of 3         0.21 ms      1",
            " ├ brew tea          ✓ done      returned 'tea'             ━━━━━━━━━━━━ 100%           0.18 ms      2",
            " ├ brew coffee       ◌ waiting   sleep 2.00 s               ━━━━━━━╸──── 62%            0.10 ms      1",
            " └ brew cocoa        ▸ ready     woken by brew coffee       ──────────── ready          0.10 ms      1",
            "",
        ]
        assert subtitle(table) == "1 ready · 2 waiting · 1 done"


@pytest.mark.parametrize(
    "proof",
    [events.RunStalled(3.0, True), events.Outside(3.0), events.TasksStranded(3.0, (1,))],
    ids=lambda event: type(event).__name__,
)
async def test_a_task_of_unknown_length_shows_that_it_lives_unless_nothing_can_wake_it(proof: events.Event) -> None:
    state = folded(task(1, "main"), *step(1, 0.0, 0.001), events.TaskWaiting(0.0, 1, events.Wait("future")))
    async with on_stage(TaskTable(), 105, 4) as (table, _):

        def drawn(now: float) -> str:
            table.show(state, now)
            return painted(table)[1]

        assert [drawn(now).count("┅") for now in (0.0, 0.5)] == [3, 3]
        assert drawn(0.0) != drawn(0.5) != drawn(3.0)
        assert " 3 s " in drawn(3.0)
        apply(state, proof)
        assert "┅" not in drawn(3.0)


@pytest.mark.parametrize(
    ("width", "header"),
    [
        (90, " task           state       waiting for          progress                   busy  steps"),
        (74, " task          state       waiting for        progress            steps"),
        (60, " task         state       waiting for  progress"),
        (50, " task       state       waiting for   progress"),
        (38, " task      state       waiting for"),
        (30, " task          state"),
        (22, " task"),
    ],
)
async def test_a_column_that_runs_out_of_room_is_left_out_the_least_important_first(width: int, header: str) -> None:
    async with on_stage(TaskTable(), width, 8, shows=(gather(), 1.24)) as (table, _):
        assert painted(table)[0] == header
        assert "◌" in painted(table)[1]


async def test_where_there_is_much_room_it_is_for_what_a_task_returned_not_for_its_bar() -> None:
    result = "'" + "page " * 15 + "'"
    state = folded(task(1, "main"), events.TaskEnded(0.1, 1, "done", result))
    async with on_stage(TaskTable(), 200, 8, shows=(state, 0.1)) as (table, _):
        assert result in painted(table)[1]
        assert painted(table)[1].count("━") == WIDEST_BAR - 1


async def test_figures_keep_their_columns_while_they_grow() -> None:
    state = gather()
    async with on_stage(TaskTable(), 112, 8, shows=(state, 1.24)) as (table, _):
        before = [line.index(" ms") for line in painted(table) if " ms" in line]
        fold(state, (event for _ in range(500) for event in step(4, 1.3, 0.02)))
        table.show(state, 1.3)
        assert [line.index(" ms") for line in painted(table) if " ms" in line] == before
        assert painted(table)[4].endswith("10000.10 ms    501")


async def test_the_selected_task_stays_in_sight_where_new_tasks_come_above_it() -> None:
    state = folded(task(1, "main"), *(task(number, f"worker-{number}") for number in range(2, 7)))
    async with on_stage(TaskTable(), 60, 8, shows=(state, 0.1)) as (table, pilot):
        table.select(5)
        fold(state, (task(number, f"child-{number}", 1) for number in range(7, 12)))
        table.show(state, 0.2)
        await pilot.pause()
        assert any("worker-5" in line for line in painted(table))


async def test_a_reader_who_has_scrolled_away_is_left_alone() -> None:
    async with on_stage(TaskTable(), 60, 8) as (table, pilot):
        state = crowd(40)
        table.show(state, 0.1)
        table.select(30)
        await pilot.pause()
        table.scroll_to(y=0, animate=False)
        await pilot.pause()
        fold(state, [task(100, "child", 1)])
        table.show(state, 0.2)
        await pilot.pause()
        assert table.scroll_offset.y == 0


CHAIN = [task(number, f"level-{number}", number - 1 or None) for number in range(1, 15)]


@pytest.mark.parametrize(
    ("width", "told", "row", "drawn"),
    [
        (112, [task(1, "main"), *step(1, 0.0, 123.456)], 1, "123.46 s      1"),
        (60, [task(1, "consumer-with-a-very-long-name-17")], 1, " consum…me-17 ▸ ready"),
        (58, [task(1, "main"), task(2, "producer-1", parent=1)], 2, "└ producer-1 ▸"),
        (60, CHAIN, 14, "lev…14"),
        (112, [task(1, "main")], 1, "not started yet"),
        (112, [task(1, "main"), task(2, "child", 1), *STOPPED], 2, "⊘ cancelled by main"),
        (112, [task(1, "main"), task(2, "child", 1), *STOPPED], 2, " 40% "),
    ],
    ids=["very_busy", "long_name", "at_80_columns", "deep_tree", "new", "cancelled_by_whom", "how_far_it_was"],
)
async def test_a_line_says_what_matters_most(width: int, told: list[events.Event], row: int, drawn: str) -> None:
    async with on_stage(TaskTable(), width, 20, shows=(folded(*told), 0.2)) as (table, _):
        assert drawn in painted(table)[row]


async def test_millions_of_steps_are_told_in_millions() -> None:
    state = folded(task(1, "main"))
    state.tasks[1].steps = 1_250_000
    async with on_stage(TaskTable(), 112, 8, shows=(state, 0.1)) as (table, _):
        assert painted(table)[1].endswith("   1.2M")


async def test_ended_tasks_turn_grey_and_their_word_keeps_its_colour() -> None:
    async with on_stage(TaskTable(), 112, 8, shows=(gather(), 1.24)) as (table, _):
        line = table.compose_line(1, 109)
        assert part_at(line, "brew tea") == "past"
        assert part_at(line, "✓ done") == "done"


@pytest.mark.parametrize(
    ("ready", "reason"),
    [
        (events.TaskReady(0.1, 2, "timer"), "its sleep is over"),
        (events.TaskReady(0.1, 2, "task", 1), "woken by main"),
        (events.TaskReady(0.1, 2, "cancel"), "cancel() was called"),
        (events.TaskReady(0.1, 2, "callback"), "woken from outside"),
    ],
)
async def test_a_ready_task_says_who_woke_it(ready: events.TaskReady, reason: str) -> None:
    state = folded(task(1, "main"), task(2, "child", 1), *sleeps(2, 1.0), ready)
    async with on_stage(TaskTable(), 112, 6, shows=(state, 0.1)) as (table, _):
        assert reason in painted(table)[2]


async def test_keys_and_mouse_move_the_cursor_which_tells_where_it_is() -> None:
    async with on_stage(TaskTable(), shows=(gather(), 1.24)) as (table, pilot):
        table.focus()
        await pilot.press("down", "j", "j", "k")
        assert table.selected == 2
        assert painted(table)[2].startswith(CURSOR)
        assert [message.task for message in said(pilot) if isinstance(message, TaskSelected)] == [1, 2, 3, 2]
        for y in (4, 1, 6):  # a task; the header and the line below the last task, which do nothing
            await pilot.click(table, offset=(5, y))
            assert table.selected == 3


async def test_keys_jump_to_the_ends_and_by_pages() -> None:
    async with on_stage(TaskTable(), 80, 13, shows=(crowd(100), 0.0)) as (table, pilot):
        table.focus()
        await pilot.press("G")
        assert (table.selected, table.scroll_offset.y) == (100, 90)
        await pilot.press("pageup")
        assert table.selected == 91
        await pilot.press("g")
        assert (table.selected, table.scroll_offset.y) == (1, 0)
        await pilot.press("pagedown", "end", "home")
        assert table.selected == 1


async def test_selecting_from_outside_brings_the_task_into_sight_and_says_nothing() -> None:
    async with on_stage(TaskTable(), 80, 13, shows=(crowd(100), 0.0)) as (table, pilot):
        table.select(60)
        await pilot.pause()
        assert any(line.startswith(CURSOR) and "main-59 " in line for line in painted(table))
        assert said(pilot) == []
        await pilot.resize_terminal(80, 8)
        await pilot.pause()
        assert any(line.startswith(CURSOR) for line in painted(table)), "also where there is less room"


async def test_the_selection_stays_on_its_task_when_rows_come_in_between() -> None:
    state = folded(task(1, "main"), task(2, "first", 1), task(3, "last"))
    async with on_stage(TaskTable(), shows=(state, 0.0)) as (table, _):
        table.select(3)
        apply(state, task(4, "second", 1, at=0.1))
        table.show(state, 0.1)
        assert table.selected == 3
        assert [line.split()[0] for line in painted(table)[1:5]] == ["main", "├", "└", f"{CURSOR}last"]


async def test_a_selection_outlives_a_state_in_which_its_task_does_not_exist() -> None:
    async with on_stage(TaskTable(), shows=(gather(), 1.24)) as (table, _):
        table.select(3)
        table.show(folded(), 0.0)
        assert (table.selected, table.cursor) == (3, None)
        table.show(gather(), 1.24)
        assert (table.selected, table.cursor) == (3, 2)


@pytest.mark.parametrize("kind", [TaskTable, TimelineView])
async def test_tasks_that_the_state_has_forgotten_since_are_not_asked_for(
    kind: type[TaskTable | TimelineView], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asynclab.model.fold.births_and_ends, "ENDED_KEPT", 2)
    monkeypatch.setattr(asynclab.model.fold.births_and_ends, "DROPPED_AT_ONCE", 1)
    births: list[events.Event] = [task(1, "main"), *(task(number, f"job {number}", 1) for number in range(2, 12))]
    state, timeline = lab_with_timeline(*births)
    async with on_stage(kind()) as (view, _):
        if isinstance(view, TaskTable):
            view.show(state, 0.0)
        else:
            view.show(state, timeline, 0.0)
        fold(state, [events.TaskEnded(1.0, number, "done") for number in range(2, 12)])
        assert 2 not in state.tasks
        assert [view.line_text(index) for index in range(view.line_count())]
        if isinstance(view, TaskTable):
            assert set(view.tasks_in_sight()) <= set(state.tasks)


@pytest.mark.parametrize("kind", [TaskTable, TimelineView])
async def test_ended_tasks_make_room_for_living_until_the_run_ends(kind: type[TaskTable | TimelineView]) -> None:
    births: list[events.Event] = [task(1, "main"), *(task(number, f"job {number}", 1) for number in range(2, 102))]
    state, timeline = lab_with_timeline(*births)
    async with on_stage(kind(), 80, 12) as (view, _):

        def listed() -> list[int]:
            if isinstance(view, TaskTable):
                view.show(state, 0.0)
            else:
                view.show(state, timeline, 0.0)
            return [view.task_at(index) for index in range(view.line_count())]

        view.keep_ended(False)
        assert listed() == list(range(1, 102))
        fold(state, [events.TaskEnded(1.0, number, "done") for number in range(2, 100)])
        room = view.page_height
        assert listed() == [1, *range(103 - room, 102)]
        view.select(7)
        assert listed() == [1, 7, *range(104 - room, 102)]
        view.keep_ended(True)
        assert listed() == list(range(1, 102))
        view.keep_ended(False)
        apply(state, events.RunEnded(2.0, "done"))
        assert listed() == list(range(1, 102))


async def test_the_frame_says_how_many_tasks_are_not_listed() -> None:
    state = crowd(100)
    async with on_stage(TaskTable(), 80, 12, shows=(state, 0.0)) as (table, pilot):
        table.keep_ended(False)
        fold(state, [events.TaskEnded(1.0, number, "done") for number in range(2, 96)])
        table.show(state, 1.0)
        assert subtitle(table) == "1 ready · 5 waiting · 94 done · 91 not listed"
        table.keep_ended(True)
        await pilot.pause()
        assert subtitle(table) == "1 ready · 5 waiting · 94 done"


async def test_only_the_lines_that_changed_are_painted_again() -> None:
    state = crowd(1000)
    async with on_stage(TaskTable(), 80, 24, shows=(state, 0.0)) as (table, _):
        refreshes = Refreshes(table)
        apply(state, events.TaskRenamed(0.0, 3, "renamed"))
        apply(state, events.TaskRenamed(0.0, 900, "out of sight"))
        table.show(state, 0.0)
        assert refreshes.lines == [3]


async def test_new_counts_paint_the_last_line_of_the_frame_alone() -> None:
    state = crowd(100)
    async with on_stage(TaskTable(), 80, 12, shows=(state, 0.0)) as (table, pilot):
        await pilot.pause()
        refreshes = Refreshes(table)
        apply(state, events.TaskEnded(0.0, 90, "done"))
        table.show(state, 0.0)
        await pilot.pause()
        assert refreshes.lines == []
        assert subtitle(table) == "1 ready · 98 waiting · 1 done"


async def test_only_tasks_in_sight_are_looked_at() -> None:
    async with on_stage(TaskTable(), 80, 13, shows=(crowd(10_000), 0.0)) as (table, pilot):
        await pilot.pause()
        table.scroll_to(y=5_000, animate=False)
        assert table.tasks_in_sight() == list(range(5_001, 5_011))
        assert "main-5000 " in painted(table)[1]
