"""Tests focus, tabs, zoom, filter and copying."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.events import MouseMove
from textual.widgets import Input

from asynclab.curriculum.catalogue import DEMOS, Demo, find
from asynclab.screens.lab.layout import LEAST_FINDINGS, PANES, STAGE_PANES, shares
from asynclab.screens.lab.pane_tabs import PaneTabs
from asynclab.screens.shared.key_bar import KeyBar
from asynclab.widgets.line_view import LineView
from tests.screens.dashboard_stage import Stage, opened, quick_lab
from tests.screens.test_learn import replace_main
from tests.widgets.view_stage import painted


def shown_panes(stage: Stage) -> list[str]:
    """The panes that are on the screen."""
    panes = ((pane, stage.screen.query_one(f"#{pane}")) for pane in PANES)
    return [pane for pane, view in panes if view.display and view.region.area]


async def finish(stage: Stage, key: str) -> None:
    await stage.press(key)
    await stage.until(lambda: stage.app.runs[key].standing().state == "done")
    await stage.until(lambda: stage.views.activity.line_count() > 0)


@asynccontextmanager
async def finished(key: str, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Stage]:
    """The dashboard after the run of a demo."""
    async with opened(size, make_lab=quick_lab) as stage:
        await finish(stage, key)
        yield stage


async def test_at_120_columns_timeline_queues_and_event_loop_take_turns_and_all_else_shows() -> None:
    async with finished("7") as stage:
        always = {"demos", "tasks", "source", "activity", "concept"}
        for pane in ("gauges", "loop", "timeline", "gauges"):
            await stage.until(lambda pane=pane: set(shown_panes(stage)) == always | {pane})  # type: ignore[misc]
            await stage.press("w")


async def test_where_there_is_room_more_panes_show_and_none_take_turns() -> None:
    async with finished("3", (140, 40)) as stage:
        assert {"timeline", "loop"} < set(shown_panes(stage))
        assert not stage.views.has_turns
        assert "gauges" not in shown_panes(stage)  # there are none
    async with finished("7", (200, 60)) as stage:
        assert shown_panes(stage) == [pane for pane in PANES if pane != "findings"]
        await stage.press("w")
        assert stage.notices == ["all panes are visible already"]


@pytest.mark.parametrize("tabs", [1, 2])
async def test_a_pane_of_tasks_that_gets_the_focus_has_a_cursor_and_no_task_is_chosen_by_that(tabs: int) -> None:
    async def main(**_: object) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(5))
            await asyncio.sleep(0)

    async with opened((120, 40)) as stage:
        run = stage.app.runs["1"]
        replace_main(run, main)
        await stage.press("n", "n")
        await stage.until(lambda: run.lab is not None and len(run.lab.held) == 2)
        await stage.press(*["tab"] * tabs)
        view = stage.views.task_views[tabs - 1]
        assert view is stage.app.focused
        assert (view.cursor, view.selected) == (0, 1)
        await stage.pilot.pause()
        assert stage.screen.selected_task == 1
        assert run.record.chosen is None


async def test_a_focused_pane_without_tasks_has_its_cursor_as_soon_as_there_are_some() -> None:
    async with opened((120, 40), make_lab=quick_lab) as stage:
        await stage.press("tab")
        assert stage.views.tasks.cursor is None
        await finish(stage, "3")
        await stage.until(lambda: stage.views.tasks.cursor == 0)


async def test_a_wish_for_another_pane_is_kept_for_its_demo_alone() -> None:
    async with finished("3") as stage:
        await stage.press("w")
        assert "loop" in shown_panes(stage)
        await finish(stage, "7")
        assert "gauges" in shown_panes(stage)  # what its lesson tells to watch
        await stage.press("k", "k", "k", "k")
        await stage.until(lambda: stage.screen.program.demo.name == "gather")
        assert "loop" in shown_panes(stage)


async def test_w_brings_the_next_of_its_panes_to_the_front_where_one_shows_at_a_time() -> None:
    async with finished("3", (80, 24)) as stage:
        for pane in ("timeline", "gauges", "loop", "timeline"):
            await stage.press("w")
            shown = ["demos", pane, *(["activity"] if pane == "timeline" else []), "concept"]
            await stage.until(lambda shown=shown: shown_panes(stage) == shown)  # type: ignore[misc]
            assert stage.focused == pane


async def test_the_queues_below_the_tasks_give_way_to_a_zoomed_pane() -> None:
    async with finished("7", (120, 24)) as stage:
        await stage.press("tab", "z")
        await stage.until(lambda: shown_panes(stage) == ["tasks"])


@pytest.mark.parametrize(("count", "rows"), [(5, 6), (50, 7)])
async def test_the_tasks_get_the_lines_that_they_need_as_far_as_the_code_can_spare_them(count: int, rows: int) -> None:
    async def main(**_: object) -> None:
        async with asyncio.TaskGroup() as group:
            for _number in range(count):
                group.create_task(asyncio.sleep(0))

    async with opened((140, 40), make_lab=quick_lab) as stage:
        replace_main(stage.app.runs["3"], main)
        await finish(stage, "3")
        await stage.until(lambda: stage.views.tasks.line_count() == count + 1)
        assert stage.views.tasks.page_height == rows
        assert stage.views.source.page_height >= rows


@pytest.mark.parametrize(
    ("demo", "keys", "before", "then", "after"),
    [
        ("3", "tab tab", "timeline", "w", "loop"),
        ("7", "tab tab", "gauges", "w", "loop"),
        ("7", "tab z w", "timeline", "z", "gauges"),
    ],
    ids=["its_turn_is_over", "that_of_queues_is_over", "it_is_no_longer_zoomed"],
)
async def test_a_hidden_pane_leaves_its_focus_to_the_next(
    demo: str, keys: str, before: str, then: str, after: str
) -> None:
    async with finished(demo) as stage:
        await stage.press(*keys.split())
        assert stage.focused == before
        await stage.press(then)
        assert stage.focused == after, "at once: the next key is for it"
        assert after in shown_panes(stage)


async def test_a_pane_that_is_hidden_as_room_gets_short_gives_its_focus_to_the_one_that_shows() -> None:
    async with finished("3") as stage:
        await stage.pilot.click("#source")
        assert stage.focused == "source"
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: stage.focused == "tasks")
        assert "source" not in shown_panes(stage)
        await stage.pilot.resize_terminal(120, 40)
        await stage.until(lambda: {"tasks", "timeline", "source", "activity"} < set(shown_panes(stage)))


async def test_at_200_columns_the_code_grows_and_what_needs_no_more_does_not() -> None:
    async with opened((120, 40)) as small, opened((200, 60)) as large:
        assert large.views.source.size.width > small.views.source.size.width
        assert large.views.source.size.height > 2 * small.views.source.size.height
        assert large.views.tasks.size.height == small.views.tasks.size.height


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (120, 40), (200, 60)])
async def test_before_the_first_run_every_pane_in_sight_says_which_key_runs_the_demo(size: tuple[int, int]) -> None:
    async with opened(size) as stage:
        panes = {"tasks", "timeline", "loop", "activity"} & set(shown_panes(stage))
        empty = [stage.views.query_one(f"#{pane}", LineView) for pane in panes]
        assert all("Press enter" in "".join(painted(view)) for view in empty)
        await stage.press("tab")
        await stage.until(lambda: all("Press r" in "".join(painted(view)) for view in empty))
        await stage.press("R")
        await stage.until(lambda: stage.views.tasks.line_count())
        assert not any("Press" in "".join(painted(view)) for view in empty)


async def test_a_line_too_narrow_for_all_tabs_shows_the_one_in_front() -> None:
    async with opened((60, 20)) as stage:
        for name in ("timeline", "queues", "event loop", "code", "activity", "lesson"):
            await stage.press(*(["tab"] * (1 + (name == "timeline"))))
            assert f"▸{name.removeprefix('event ')}" in str(stage.screen.query_one(PaneTabs).render())
        await stage.pilot.click(PaneTabs, offset=(2, 0))
        assert stage.focused == "gauges"


async def test_at_80_columns_every_tab_shows_with_that_of_the_findings_too_and_can_be_clicked() -> None:
    async with opened((80, 24)) as stage:
        await stage.press("b")
        await stage.until(lambda: stage.focused == "findings")
        tabs = str(stage.screen.query_one(PaneTabs).render())
        assert tabs.replace("▸", " ").split() == list(STAGE_PANES.values())
        for name, pane in (("lesson", "concept"), ("code", "source")):
            tabs = str(stage.screen.query_one(PaneTabs).render())
            await stage.pilot.click(PaneTabs, offset=(tabs.index(name) + 1, 0))
            await stage.until(lambda pane=pane: stage.focused == pane and pane in shown_panes(stage))  # type: ignore[misc]


async def test_at_100_columns_concept_and_watch_of_each_lesson_show_and_no_text_is_cut() -> None:
    async with opened((100, 30)) as stage:
        lesson = stage.views.concept
        for demo in DEMOS:
            stage.screen.select_demo(demo.key)
            await stage.until(lambda demo=demo: demo.name in str(lesson.border_title))  # type: ignore[misc]
            await stage.until(lambda: "watch" in "".join(painted(lesson)))
            below = [lesson.line_text(index) for index in range(lesson.size.height, lesson.line_count())]
            assert not below or below[0].split()[0] in ("belief", "docs"), demo.name


async def test_where_room_is_short_list_and_tasks_show_with_what_queues_there_are_and_the_rest_is_on_tabs() -> None:
    async with finished("7", (80, 24)) as stage:
        for size in ((80, 24), (120, 24), (80, 60)):
            await stage.pilot.resize_terminal(*size)
            more = ["activity"] if size == (80, 60) else []
            assert shown_panes(stage) == ["demos", "tasks", "gauges", *more, "concept"]
            assert "tasks" in str(stage.screen.query_one(PaneTabs).render())


async def test_tab_goes_through_all_panes_and_back_to_the_first() -> None:
    async with finished("3") as stage:
        seen = []
        for _ in range(6):
            await stage.press("tab")
            seen.append(stage.focused)
        assert seen == ["tasks", "timeline", "source", "activity", "demos", "tasks"]
        await stage.press("shift+tab")
        assert stage.focused == "demos"


async def test_where_room_is_short_tab_brings_each_pane_to_the_front() -> None:
    async with finished("3", (80, 24)) as stage:
        rows = set()
        for pane in ("tasks", "timeline", "gauges", "loop", "source", "activity"):
            await stage.press("tab")
            shown = ["demos", pane, *(["activity"] if pane in ("tasks", "timeline") else []), "concept"]
            await stage.until(lambda shown=shown: shown_panes(stage) == shown)  # type: ignore[misc]
            assert stage.focused == pane
            rows.add(stage.screen.query_one(PaneTabs).region.y)
        await stage.press("tab")
        await stage.until(lambda: shown_panes(stage) == ["demos", "concept"])
        rows.add(stage.screen.query_one(PaneTabs).region.y)
        assert len(rows) == 1, "the tabs stay where they are"
        await stage.press("tab")
        assert stage.focused == "demos"


async def test_z_gives_the_screen_to_the_focused_pane_and_takes_it_back() -> None:
    async with finished("3") as stage:
        await stage.press("tab", "tab", "tab", "z")
        await stage.until(lambda: shown_panes(stage) == ["source"])
        assert stage.views.source.region.width == 120
        await stage.press("tab")
        await stage.until(lambda: shown_panes(stage) == ["activity"])
        await stage.press("tab")
        await stage.until(lambda: len(shown_panes(stage)) == 1)
        for key in ("z", "escape"):
            await stage.press(key)
            await stage.until(lambda: "demos" in shown_panes(stage))
            await stage.press("z")
            await stage.until(lambda: len(shown_panes(stage)) == 1)


async def test_slash_filters_the_activity_while_it_is_typed() -> None:
    async with finished("3") as stage:
        everything = stage.views.activity.line_count()
        await stage.press("slash", *"complete")
        await stage.until(lambda: stage.views.activity.line_count() == 2)
        await stage.press("enter")
        assert stage.focused == "activity"
        assert stage.views.activity.line_count() == 2
        await stage.press("escape")
        await stage.until(lambda: stage.views.activity.line_count() == everything)
        assert not stage.screen.query(Input)
        await stage.press("slash", "enter")  # an empty one
        await stage.until(lambda: not stage.screen.query(Input))


async def test_the_filter_also_leaves_tasks_out_if_names_contain_it() -> None:
    async with finished("3") as stage:
        views = stage.views.tasks, stage.views.timeline
        counts = [view.line_count() for view in views]
        await stage.press("slash", *"WORK-2")
        for view in views:
            main, only = (view.line_text(index) for index in range(view.line_count()))
            assert main.startswith(" main ")
            assert only.startswith(" └ work-2 ")
        await stage.press("G")  # no name has it
        assert [view.line_count() for view in views] == counts
        await stage.press("backspace", "escape")
        await stage.until(lambda: [view.line_count() for view in views] == counts)


async def test_letters_in_the_filter_are_letters() -> None:
    async with finished("3") as stage:
        await stage.press("slash", "q", "c", "1", "question_mark")
        assert stage.screen.query_one(Input).value == "qc1?"
        assert stage.screen.program.demo.name == "gather"
        await stage.press("escape")
        await stage.until(lambda: not stage.screen.query(Input))
        assert stage.views.activity.filter_text == ""


async def test_while_a_filter_is_typed_the_key_bar_has_no_key_that_would_be_a_letter_of_it() -> None:
    async with finished("3") as stage:
        await stage.press("slash")
        entries = "enter keep the filter  esc show all lines  tab pane  f1 help  ^p palette  ^q quit"
        await stage.until(lambda: stage.bar == entries)
        await stage.press("x", "enter")
        await stage.until(lambda: "? help" in stage.bar)


@pytest.mark.parametrize(
    ("keys", "copied"),
    [
        ("tab G y", r".*work-2.* done .*"),
        ("shift+tab k k y", r".*returned None"),
        ("tab tab tab y", re.escape(find("gather").source)),
        ("Y", r"(.*\n)+.*“Task 2 complete”(.*\n)+.*"),
    ],
    ids=["a_task", "a_line_of_activity_in_full", "the_whole_code", "all_activity"],
)
async def test_y_copies_what_is_under_the_cursor_or_all_where_there_is_none(keys: str, copied: str) -> None:
    async with finished("3") as stage:
        await stage.press(*keys.split())
        assert re.fullmatch(copied, stage.app.clipboard)
        assert stage.notices[-1].startswith("copied ")


async def test_lines_near_the_end_of_a_small_pane_stay_while_they_are_selected() -> None:
    async with finished("7") as stage:
        activity = stage.views.activity
        await stage.until(lambda: activity.scroll_offset.y > 5)
        before = activity.scroll_offset.y
        await stage.pilot.mouse_down(activity, offset=(5, 5))
        x, y = activity.content_region.offset
        for line in (3, 2, 0):
            at = (x + 12, y + line)
            # Not by the pilot, whose mouse never tells how far it has moved.
            stage.screen._forward_event(MouseMove(None, *at, 0, -1, 1, False, False, False, *at))
            await stage.pilot.pause(0.3)
            assert (activity.scroll_offset.y == before) == (line > 0)
        await stage.pilot.mouse_up(activity, offset=(12, 1))


@pytest.mark.parametrize("has_focus", [True, False])
async def test_y_with_nothing_selected_copies_nothing_and_says_so(has_focus: bool) -> None:
    async with opened() as stage:
        await stage.press("tab")
        if not has_focus:
            stage.screen.set_focus(None)
        stage.screen.action_copy()
        await stage.until(lambda: stage.notices)
        assert (stage.app.clipboard, stage.notices) == ("", ["nothing is selected here"])


async def test_the_key_bar_changes_with_what_can_be_done_and_a_click_does_what_the_key_does() -> None:
    async with opened() as stage:
        await stage.until(lambda: "0-9 run" in stage.bar)
        assert "pause" not in stage.bar
        await stage.press("7")
        await stage.until(lambda: "space pause" in stage.bar)
        await stage.pilot.click(KeyBar, offset=(stage.bar.index("pause") + 1, 0))
        await stage.until(lambda: "space resume" in stage.bar)
        assert stage.app.runs["7"].state.clock.paused


async def test_of_the_middle_only_what_is_seen_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((120, 40), make_lab=quick_lab) as stage:
        await stage.press("7")
        await stage.until(lambda: stage.views.shown_panes >= {"gauges"})
        shown: list[str] = []
        for pane in ("gauges", "timeline", "loop"):
            view = getattr(stage.views, pane)
            monkeypatch.setattr(view, "show", lambda *_, pane=pane: shown.append(pane))
        stage.screen.paint()
        assert set(shown) == stage.views.shown_panes & {"gauges", "timeline", "loop"} == {"gauges"}
        shown.clear()
        await stage.press("w")
        assert shown[:1] == ["loop"]  # at once, not at the next frame
        assert "gauges" not in shown


async def test_behind_another_screen_events_are_folded_and_not_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as stage:
        await stage.press("7")
        run = stage.app.runs["7"]
        await stage.until(lambda: run.is_running)
        learn = stage.screen
        await stage.press("f")
        await stage.until(lambda: stage.app.screen is not learn)
        painted: list[object] = []
        monkeypatch.setattr(learn.stage, "paint", painted.append)
        record = run.record
        before = record.history.end
        await stage.until(lambda: record.history.end > before)
        assert painted == []
        await stage.app.close_labs()


@pytest.mark.parametrize("key", ["y", "ctrl+c"])
async def test_what_is_selected_with_the_mouse_is_copied(key: str) -> None:
    async with opened((120, 40)) as stage:
        await stage.press("tab")
        lesson = stage.views.concept
        await stage.pilot.mouse_down(lesson, offset=(2, 1))
        await stage.pilot.hover(lesson, offset=(8, 1))
        await stage.pilot.mouse_up(lesson, offset=(8, 1))
        await stage.press(key)
        assert stage.app.clipboard == "Calling"
        assert stage.notices == ["copied 1 line, 7 characters"]


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
    ("height", "tasks", "given"), [(30, 0, (7, 7)), (30, 1, (5, 5)), (30, 3, (6, 6)), (30, 9, (7, 7)), (40, 1, (7, 7))]
)
def test_panes_give_the_code_the_lines_that_they_dont_need(height: int, tasks: int, given: tuple[int, int]) -> None:
    share = shares(height, MIDDLE, lesson=8, tasks=tasks, gauges=0)
    assert (share.tasks, share.middle) == given


@pytest.mark.parametrize(("lesson", "tasks", "lines"), [(6, 4, 7), (6, 5, 8), (6, 6, 9), (6, 50, 9), (8, 6, 7)])
def test_lanes_get_lines_of_the_code_as_long_as_that_can_be_read(lesson: int, tasks: int, lines: int) -> None:
    assert shares(30, MIDDLE, lesson=lesson, tasks=tasks, gauges=0).middle == lines


@pytest.mark.parametrize(
    ("keys", "task"), [("5", "square-3"), ("5 v", "square-3"), ("9", "fetch-3"), ("9 v", "fetch_alone-3")]
)
@pytest.mark.usefixtures("practice_server_in_a_hurry")
async def test_at_100_columns_the_timeline_has_a_lane_for_each_task_that_the_lesson_watches(
    keys: str, task: str
) -> None:
    async with opened((100, 30), make_lab=quick_lab) as stage:
        await stage.press(*keys.split())
        await stage.until(lambda: any(task in line for line in painted(stage.views.timeline)))
        await stage.until(lambda: not stage.screen.program.is_active)
        await stage.until(lambda: any(task in line for line in painted(stage.views.timeline)))
        assert "▼" in painted(stage.views.timeline)[0], "the ruler names the moment: a line for it would hide a lane"


async def test_a_gauge_that_the_lesson_watches_stays_beside_what_was_found() -> None:
    async with opened((100, 30), make_lab=quick_lab) as stage:
        await stage.press("7", "v")
        await stage.until(lambda: "findings" in shown_panes(stage))
        assert "gauges" in shown_panes(stage)
        assert stage.views.findings.outer_size.height >= LEAST_FINDINGS


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)
async def test_at_80_columns_every_lesson_and_every_mistake_is_read_without_scrolling(demo: Demo) -> None:
    async with opened((80, 24), make_lab=quick_lab) as stage:
        stage.screen.select_demo(demo.key)
        run, lesson = stage.screen.program, stage.views.concept
        for mistake in (None, *run.mistakes):
            run.mistakes_on = () if mistake is None else (mistake,)
            stage.screen.describe()
            await stage.pilot.pause()
            await stage.until(lambda: lesson.size.height == lesson.lines_to_watch)
            text = " ".join(" ".join(painted(lesson)).split())
            assert lesson.lesson.watch in text
            assert f"v: {lesson.lesson.v}" in str(lesson.border_title) or f"v {lesson.lesson.v}" in text
            assert len(str(lesson.border_title)) <= lesson.outer_size.width - 6, "else the frame would cut it"


async def test_a_narrow_screen_with_lines_to_spare_has_the_whole_lesson() -> None:
    async with finished("7", (80, 60)) as stage:
        assert stage.views.concept.size.height == stage.views.concept.line_count()


async def test_at_80_columns_the_keys_of_the_lesson_are_in_the_key_bar() -> None:
    async with opened((80, 24), make_lab=quick_lab) as stage:
        await stage.until(lambda: "  v mistake  " in stage.bar)
        assert "  p params  " in stage.bar
        await stage.press("7", "v")
        await stage.until(lambda: "stuck" in stage.clock and "findings" in stage.bar)
        assert "  c cancel  v no mistake  " in stage.bar


async def test_where_room_is_short_what_is_printed_shows_below_the_tasks_as_long_as_they_leave_room() -> None:
    async def main(**_: object) -> None:
        async with asyncio.TaskGroup() as group:
            for _number in range(count):
                group.create_task(asyncio.sleep(0))

    async with opened((80, 24), make_lab=quick_lab) as stage:
        replace_main(stage.app.runs["1"], main)
        count = 3
        await finish(stage, "1")
        await stage.until(lambda: shown_panes(stage) == ["demos", "tasks", "activity", "concept"])
        count = 30
        await finish(stage, "1")
        await stage.until(lambda: shown_panes(stage) == ["demos", "tasks", "concept"])
