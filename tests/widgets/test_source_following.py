"""Tests that the code pane follows the selected task into its innermost line of the user's code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from asynclab.model import events
from asynclab.model.fold import apply, fold
from asynclab.model.state import LabState
from asynclab.widgets.line_view import CURSOR
from asynclab.widgets.source_view import SourceView
from tests.widgets.folded_labs import GATHER, folded, sleeps, step, task
from tests.widgets.view_stage import on_stage, painted, subtitle

KETTLE, SECRET = "/demos/kettle.py", "/demos/secret.py"
HOME = "\n".join(f"home_{number} = {number}" for number in range(1, 101))
ELSEWHERE = "\n".join(f"kettle_{number} = {number}" for number in range(1, 51))

SLEEP = events.StackFrame("sleep", library="asyncio")


class Shelf:
    """Files that are not on any disk."""

    changed = False

    def read(self, path: str) -> str | None:
        return {KETTLE: ELSEWHERE}.get(path)

    def has_changed(self, path: str, since: float) -> bool:
        return self.changed


def stands(number: int, *frames: events.StackFrame, at: float = 0.0, opaque: bool = False) -> events.Event:
    return events.TaskStands(at, number, frames, opaque)


def boils(number: int, line: int = 40, at: float = 0.0) -> events.Event:
    """A task that main called waits in another file."""
    return stands(number, events.StackFrame("main", GATHER, 9), events.StackFrame("boil", KETTLE, line), SLEEP, at=at)


def two_tasks(*happened: events.Event) -> LabState:
    """Two tasks that sleep at lines 4 and 9 of the first file, and what happens then."""
    return folded(task(1, "tea"), task(2, "coffee"), *sleeps(1, 1.0, line=4), *sleeps(2, 1.0, line=9), *happened)


@asynccontextmanager
async def following(state: LabState) -> AsyncIterator[tuple[SourceView, Pilot[None]]]:
    """A pane with the first file, which follows the first task."""
    async with on_stage(SourceView(Shelf()), 70, 12) as (view, pilot):
        view.show_source(GATHER, HOME)
        view.show(state, 0.0)
        view.select(1)
        yield view, pilot


def shows(view: SourceView, text: str) -> bool:
    """Whether a line is in sight."""
    return any(f" {text} " in line for line in painted(view))


async def test_a_line_that_a_finding_is_about_is_shown_in_whichever_file_it_is() -> None:
    async with following(two_tasks()) as (view, pilot):
        view.point_at((KETTLE, 40))
        await pilot.pause()
        assert view.path == KETTLE
        assert any("✗" in line and "kettle_40 " in line for line in painted(view))
        view.point_at(None)
        await pilot.pause()
        assert (view.path, view.line_of(1)) == (GATHER, 4)


async def test_the_pane_goes_to_the_file_that_the_selected_task_is_in_and_back_with_another() -> None:
    async with following(two_tasks(boils(1))) as (view, pilot):
        await pilot.pause()
        assert (view.path, view.line_of(1)) == (KETTLE, 40)
        assert shows(view, "kettle_40")
        assert str(view.border_title) == "kettle.py · backspace: gather.py"
        view.select(2)
        await pilot.pause()
        assert (view.path, view.line_of(2)) == (GATHER, 9)
        assert shows(view, "home_9")
        assert str(view.border_title) == "gather.py"


async def test_the_pane_follows_a_task_that_goes_from_file_to_file() -> None:
    state = two_tasks()
    async with following(state) as (view, pilot):
        for line, file in ((40, KETTLE), (2, KETTLE), (90, GATHER), (30, KETTLE)):
            frames = [
                events.StackFrame("main", GATHER, 90),
                *([events.StackFrame("boil", file, line)] * (file == KETTLE)),
            ]
            fold(state, [events.TaskReady(1.0, 1, "timer"), *step(1, 1.0), stands(1, *frames)])
            view.show(state, 1.0)
            await pilot.pause()
            assert (view.path, view.line_of(1)) == (file, line)
            assert sum(painted_line.startswith(CURSOR) for painted_line in painted(view)) == 1


async def test_while_the_task_runs_the_file_stays_and_its_old_line_is_not_marked() -> None:
    state = two_tasks(boils(1))
    async with following(state) as (view, pilot):
        await pilot.pause()
        fold(state, [events.TaskReady(1.0, 1, "timer"), events.StepStarted(1.0, 1)])
        view.show(state, 1.0)
        assert view.path == KETTLE
        assert not any(mark in "".join(painted(view)) for mark in "◌▸")
        assert subtitle(view) == "► tea is running"


async def test_a_task_that_ended_leads_back() -> None:
    state = two_tasks(boils(1))
    async with following(state) as (view, _):
        fold(state, [*step(1, 1.0), events.TaskEnded(1.0, 1, "done")])
        view.show(state, 1.0)
        assert view.path == GATHER


async def test_backspace_goes_back_until_another_task_is_selected() -> None:
    state = two_tasks(boils(1), boils(2))
    async with following(state) as (view, pilot):
        view.focus()
        await pilot.press("backspace")
        assert view.path == GATHER
        fold(state, [*step(1, 1.0), boils(1, 41, at=1.0)])
        view.show(state, 1.0)
        assert view.path == GATHER
        view.select(2)
        assert view.path == KETTLE


async def test_the_file_does_not_change_under_a_reader_who_has_scrolled() -> None:
    state = two_tasks()
    async with following(state) as (view, pilot):
        await pilot.pause()
        view.scroll_to(y=50, animate=False)
        fold(state, [*step(1, 1.0), boils(1, at=1.0)])
        view.show(state, 1.0)
        assert (view.path, view.scroll_offset.y) == (GATHER, 50)


async def test_a_file_that_cannot_be_read_is_named_and_the_pane_stays() -> None:
    frames = events.StackFrame("main", GATHER, 9), events.StackFrame("hide", SECRET, 7)
    async with following(two_tasks(stands(1, *frames))) as (view, _):
        assert view.path == GATHER
        assert subtitle(view) == "tea is at secret.py:7: file can't be read"


async def test_another_demo_is_not_left_for_the_file_of_a_task_of_the_last_one() -> None:
    async with following(two_tasks(boils(1))) as (view, _):
        view.show_source("/demos/queue.py", HOME)
        assert view.path == "/demos/queue.py"


async def test_a_task_of_the_next_run_is_not_selected_for_having_the_same_number() -> None:
    async with following(two_tasks()) as (view, _):
        again = LabState()
        fold(again, [events.RunStarted(0.0, "lab", 2e9, "3.11.0"), task(1, "tea"), *sleeps(1, 1.0, line=4)])
        view.show(again, 0.0)
        assert view.selected is None


async def test_the_frame_tells_the_chain_of_coroutines_with_libraries_folded() -> None:
    mine = events.StackFrame("main", GATHER, 9), events.StackFrame("brew", GATHER, 4)
    theirs = events.StackFrame("get", library="aiohttp", count=5)
    async with following(two_tasks(stands(1, *mine, theirs), stands(2, SLEEP))) as (view, _):
        assert subtitle(view) == "tea: main → brew → 5 frames in aiohttp"
        view.select(2)
        assert subtitle(view) == "coffee is inside library code: asyncio.sleep"


async def test_a_long_chain_keeps_both_its_ends_in_sight() -> None:
    frames = [events.StackFrame(f"a_rather_long_name_{number}", GATHER, number) for number in range(1, 20)]
    async with following(two_tasks(stands(1, *frames, SLEEP))) as (view, pilot):
        for width in (70, 44):
            await pilot.resize_terminal(width, 12)
            await pilot.pause()
            assert subtitle(view).startswith("tea: a_rather_")
            assert subtitle(view).endswith("asyncio.sleep")


async def test_where_nobody_has_looked_yet_the_pane_cannot_tell() -> None:
    state = two_tasks(events.StepStarted(1.0, 1), events.StepEnded(1.0, 1, 0.0, ready=True))
    async with following(state) as (view, _):
        assert subtitle(view) == "tea: line unknown"
        assert not any(line.startswith(CURSOR) for line in painted(view))


async def test_where_frames_are_hidden_the_pane_cannot_tell_and_marks_no_line() -> None:
    stood = stands(1, events.StackFrame("main", GATHER, 20), opaque=True, at=1.0)
    state = two_tasks(*step(1, 1.0), events.TaskWaiting(1.0, 1, events.Wait("async_generator")), stood)
    async with on_stage(SourceView(Shelf()), 70, 30) as (view, _):
        view.show_source(GATHER, HOME)
        view.show(state, 1.0)
        view.select(1)
        assert subtitle(view) == "tea, line unknown: main → …"
        assert painted(view)[19] == "  20      home_20 = 20"


async def test_a_file_that_was_edited_meanwhile_says_so() -> None:
    shelf = Shelf()
    state = two_tasks()
    async with on_stage(SourceView(shelf), 70, 12) as (view, _):
        view.show_source(GATHER, HOME)
        view.show(state, 0.0)
        assert subtitle(view) == "◌ suspended"
        shelf.changed = True
        apply(state, events.TaskReady(1.0, 1, "timer"))
        view.show(state, 1.0)
        assert subtitle(view).startswith("changed on disk: lines may be off · ◌ suspended")


async def test_at_the_very_beginning_of_its_past_no_run_claims_that_its_file_was_changed() -> None:
    class Edited(Shelf):
        def has_changed(self, path: str, since: float) -> bool:
            return since < 1e9

    async with on_stage(SourceView(Edited()), 70, 12) as (view, _):
        view.show_source(GATHER, HOME)
        view.show(two_tasks(), 0.0)
        assert "changed" not in subtitle(view)
        view.show(LabState(), 0.0)
        assert "changed" not in subtitle(view)
