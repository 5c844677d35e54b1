"""Tests all views: foreign text stays text, nothing is painted without need, and no key fails."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from asynclab.fetch.body_text import Page
from asynclab.findings.live_findings import Found
from asynclab.findings.rule import Finding
from asynclab.model import events as e
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.widgets.activity_log import ActivityLog
from asynclab.widgets.fetch.fetch_detail import DetailView, answer_lines, story_lines
from asynclab.widgets.fetch.fetch_table import FetchTable
from asynclab.widgets.findings_view import FindingsView
from asynclab.widgets.lesson_pane import LessonPane, LessonText
from asynclab.widgets.line_view import LineView
from asynclab.widgets.loop_view import LoopView
from asynclab.widgets.queues_view import QueuesView
from asynclab.widgets.run_list import RunList, RunRow
from asynclab.widgets.source_view import SourceView
from asynclab.widgets.task_table import TaskTable
from asynclab.widgets.timeline import TimelineView
from asynclab.widgets.title_bar import TitleBar
from tests.model.short_histories import lab_with_timeline
from tests.widgets.folded_labs import GATHER, HOSTILE, task
from tests.widgets.url_rows import NOW, failed, url
from tests.widgets.view_stage import FRAME, SCROLLBAR, Refreshes, on_stage, painted, said, screen_lines


def lab() -> tuple[LabState, Timeline]:
    """A lab in which every text is hostile."""
    return lab_with_timeline(
        e.RunStarted(0.0, HOSTILE, 1e9, "3.11.0"),
        task(1, HOSTILE),
        task(2, HOSTILE * 3, 1),
        e.QueueCreated(0.0, 1, "Queue", 2),
        e.QueuePut(0.1, 1, HOSTILE, 1, 1, 1),
        e.PrimitiveCreated(0.1, 1, "lock", 1),
        e.TimeoutStarted(0.1, 1, 2.0, 1),
        e.CallScheduled(0.1, 1, HOSTILE, 1.0, 1),
        e.Output(0.1, f"{HOSTILE}\n", 1),
        e.StepStarted(0.1, 1),
        e.StepEnded(0.1, 1, 0.1),
        e.TaskWaiting(0.1, 1, e.Wait("sleep", seconds=1.0, deadline=1.1, file=GATHER, line=1)),
        e.TaskStands(0.1, 1, (e.StackFrame(HOSTILE, GATHER, 1),)),
        e.TaskEnded(0.2, 2, "failed", HOSTILE),
    )


STATE, TIMELINE = lab()

FINDING = Found(Finding("deadlock", HOSTILE * 9, 1.0, (), None, (HOSTILE, 1)))


def show_code(view: SourceView) -> None:
    if view.path != GATHER + HOSTILE:
        view.show_source(GATHER + HOSTILE, f"a = '''{HOSTILE}'''\n")
    view.show(STATE, 0.2)


VIEWS: dict[str, tuple[Callable[[], LineView], Callable[[Any], object]]] = {
    "activity": (ActivityLog, lambda view: view.show(STATE, 0.2)),
    "answer": (
        lambda: DetailView(answer_lines),
        lambda view: view.show_row(
            url(1, page=Page(facts=("utf-8", HOSTILE)), raw_headers=((HOSTILE.encode(),) * 2,)), NOW
        ),
    ),
    "code": (SourceView, show_code),
    "demos": (partial(RunList, "Demos"), lambda view: view.show_rows([RunRow("1", HOSTILE, HOSTILE, "done", HOSTILE)])),
    "findings": (FindingsView, lambda view: view.show((FINDING,), STATE, lambda _: [])),
    "lesson": (LessonPane, lambda view: view.show_lesson(LessonText(*(HOSTILE,) * 7))),
    "loop": (LoopView, lambda view: view.show(STATE, 0.2)),
    "queues": (QueuesView, lambda view: view.show(STATE, 0.2)),
    "tasks": (TaskTable, lambda view: view.show(STATE, 0.2)),
    "timeline": (TimelineView, lambda view: view.show(STATE, TIMELINE, 0.2)),
    "title": (lambda: TitleBar(("Learn", "Fetch")), lambda view: view.show([0.001], 1, 1)),
    "url": (lambda: DetailView(story_lines), lambda view: view.show_row(failed(1, "dns", sentence=HOSTILE), NOW)),
    "urls": (FetchTable, lambda view: view.show([1], [url(1, url=HOSTILE)], NOW, 1.0)),
}
"""How each view is made, and shown what was not written by us."""

every_view = pytest.mark.parametrize("name", VIEWS)


@pytest.mark.parametrize("width", [12, 24, 40, 80, 200])
@every_view
async def test_hostile_texts_are_only_text_and_fit(name: str, width: int) -> None:
    make, show = VIEWS[name]
    async with on_stage(make(), width, 16) as (view, pilot):
        show(view)
        await pilot.pause()
        (cells,) = {view.render_line(y).cell_length for y in range(view.size.height)}
        assert cells == width or width - FRAME - SCROLLBAR <= cells <= width - FRAME
        assert "".join(screen_lines(view.app)).isprintable()
        assert width < 200 or name == "title" or "[/] [" in "".join(painted(view)), "it is nowhere to be seen"


@every_view
async def test_after_another_width_and_from_behind_another_view_it_looks_as_if_nothing_had_been(name: str) -> None:
    make, show = VIEWS[name]
    seen: list[list[str]] = []
    for width, is_hidden in ((40, False), (90, False), (40, True)):
        async with on_stage(make(), width, 16) as (view, pilot):
            view.display = not is_hidden
            await pilot.pause()
            show(view)
            view.display = True
            await pilot.resize_terminal(40, 16)
            await pilot.pause()
            show(view)  # as at each frame
            seen.append(painted(view))
    assert seen[0] == seen[1] == seen[2]


@every_view
async def test_nothing_is_painted_again_when_nothing_changed(name: str) -> None:
    make, show = VIEWS[name]
    async with on_stage(make(), 110, 16) as (view, pilot):
        show(view)
        await pilot.pause()
        refreshes = Refreshes(view)
        show(view)
        assert refreshes.lines == []


@every_view
async def test_where_there_is_nothing_keys_do_nothing(name: str) -> None:
    async with on_stage(VIEWS[name][0]()) as (view, pilot):
        view.focus()
        await pilot.press("up", "down", "j", "k", "G", "g", "pageup", "pagedown", "home", "enter")
        assert said(pilot) == []


@pytest.mark.parametrize("name", ["activity", "loop", "queues", "tasks"])
async def test_without_a_lab_nothing_is_left_of_the_last_one(name: str) -> None:
    make, show = VIEWS[name]
    async with on_stage(make(), 110, 16) as (view, _):
        show(view)
        view.show(LabState(), 0.0)  # type: ignore[attr-defined]
        assert "[/]" not in "".join(painted(view))
