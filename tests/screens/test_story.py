"""Tests the story of a task: opened from the table, kept up to date, and closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import asynclab.model.story.narrative
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story import Retelling, Story
from asynclab.screens.lab.story_screen import StoryScreen
from asynclab.widgets.static_lines import StaticLines
from tests.screens.dashboard_stage import Stage, opened
from tests.screens.test_learn import replace_main


async def brew(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "[bold]tea\x1b[2J"


async def main() -> None:
    tea = asyncio.create_task(brew(5), name="tea")
    await asyncio.gather(tea, asyncio.create_task(brew(3600), name="[red]coffee"))


@asynccontextmanager
async def running(size: tuple[int, int] = (120, 40)) -> AsyncIterator[Stage]:
    """The dashboard with that main running, and the table of its three tasks in focus."""
    async with opened(size) as stage:
        run = stage.app.runs["3"]
        replace_main(run, main)
        await stage.press("3")
        await stage.until(lambda: run.state.counts["waiting"] == 3)
        stage.screen.action_show_pane("tasks")
        await stage.until(lambda: stage.views.tasks.line_count() == 3)
        yield stage


def story(stage: Stage) -> StoryScreen | None:
    screen = stage.app.screen
    return screen if isinstance(screen, StoryScreen) else None


def read(stage: Stage) -> str:
    """What the open story says, its lines joined."""
    view = stage.app.screen.query_one(StaticLines)
    return " ".join(" ".join(view.line_text(index).split()) for index in range(view.line_count()))


async def test_a_long_run_is_read_little_by_little_until_its_story_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    stories: list[Story] = []
    tell = Retelling.tell

    def note(retelling: Retelling, timeline: Timeline, state: LabState) -> Story:
        stories.append(tell(retelling, timeline, state))
        return stories[-1]

    monkeypatch.setattr(Retelling, "tell", note)
    monkeypatch.setattr(asynclab.model.story.narrative, "READ_AT_ONCE", 2)
    async with running() as stage:
        await stage.press("j", "enter")
        await stage.until(lambda: "Now sleeps 5.00 s" in read(stage))
        assert "is being read" in stories[0].text()
        assert "is being read" not in read(stage)


async def test_enter_on_a_task_tells_its_story_and_enter_closes_it() -> None:
    async with running() as stage:
        await stage.press("j", "enter")
        assert "tea: brew() is waiting" in read(stage)
        assert "Created by main (test_story.py line" in read(stage)
        assert "Now sleeps 5.00 s" in read(stage)
        await stage.press("y")
        assert stage.app.clipboard.startswith("tea: brew() is waiting")
        assert any(notice.startswith("copied ") for notice in stage.notices)
        await stage.press("enter")
        assert story(stage) is None
        assert stage.screen.program.is_running


async def test_the_story_goes_on_while_its_task_lives() -> None:
    async with running() as stage:
        await stage.press("j", "enter")
        assert "Returned" not in read(stage)
        stage.screen.program.give(lambda control: control.run_instantly())
        await stage.until(lambda: "Returned" in read(stage))
        assert "Slept 5.00" in read(stage)
        assert "Returned '[bold]tea\\x1b[2J'." in read(stage)


async def test_tab_and_arrows_go_to_other_tasks_and_the_last_one_is_selected_then() -> None:
    async with running() as stage:
        await stage.press("enter", "left")  # without a cursor it tells of the first task, which has no parent
        assert read(stage).startswith("◌ main: main() is waiting")
        await stage.press("right", "right")
        assert read(stage).startswith("◌ tea: ")
        await stage.press("tab")
        assert read(stage).startswith("◌ [red]coffee: brew() is")
        assert "[red]coffee" in str(stage.app.screen.query_one(StaticLines).border_title), "names are never markup"
        await stage.press("shift+tab", "shift+tab")
        assert read(stage).startswith("◌ main: ")
        await stage.press("tab", "left", "right", "escape")
        assert story(stage) is None
        state = stage.screen.program.state
        await stage.until(lambda: state.task_name(stage.screen.selected_task) == "tea")


async def test_a_long_story_scrolls_in_a_small_terminal() -> None:
    async with running((80, 8)) as stage:
        await stage.press("enter")
        view = stage.app.screen.query_one(StaticLines)
        assert view.max_scroll_y > 0
        await stage.press("G")
        assert view.scroll_y == view.max_scroll_y
        await stage.press("k", "g")
        assert view.scroll_y == 0
        await stage.press("G", "right")
        assert view.scroll_y == 0, "another task's story begins at its top"


async def test_it_is_laid_out_anew_when_the_terminal_is_resized() -> None:
    async with running() as stage:
        await stage.press("enter")
        view = stage.app.screen.query_one(StaticLines)
        before = view.line_count()
        await stage.pilot.resize_terminal(50, 30)
        await stage.until(lambda: view.line_count() > before)
        assert view.region.width <= 50


async def test_the_key_bar_offers_explain_on_the_table_and_run_elsewhere() -> None:
    async with running((160, 40)) as stage:
        await stage.until(lambda: "enter explain" in stage.bar)
        assert "enter run this" not in stage.bar
        stage.screen.demo_list.focus()
        await stage.until(lambda: "enter run this" in stage.bar)
        assert "explain" not in stage.bar


async def test_r_still_runs_the_demo_from_the_table() -> None:
    async with running() as stage:
        first = stage.screen.program.lab
        await stage.press("r")
        await stage.until(lambda: stage.screen.program.lab is not first)


async def test_enter_on_an_empty_table_does_nothing() -> None:
    async with opened() as stage:
        stage.screen.action_show_pane("tasks")
        await stage.press("enter")
        await stage.pilot.pause()
        assert not stage.screen.program.is_active
        assert len(stage.app.screen_stack) == 1
