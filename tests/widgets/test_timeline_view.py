"""Tests the lanes, arrows, marks, ruler and cursor of the timeline."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from textual.events import Resize
from textual.pilot import Pilot

from asynclab.model import events
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.widgets.lane_painter import legend
from asynclab.widgets.line_view import LineView
from asynclab.widgets.messages import MomentChosen, TaskOpened, TaskSelected
from asynclab.widgets.spans import Line, plain
from asynclab.widgets.timeline import TimelineView, names_width
from tests.model.short_histories import lab_with_timeline
from tests.widgets.folded_labs import sleeps, task
from tests.widgets.view_stage import FRAME, on_stage, painted, part_at, said, subtitle


def seen(*happened: events.Event) -> tuple[LabState, Timeline]:
    """A lab of which the events tell, and its timeline."""
    told = (events.RunStarted(0.0, "lab", 1e9, "3.11.0"), *happened)
    return lab_with_timeline(*told)


def party() -> Iterable[events.Event]:
    """Main waits for two; tea sleeps a second, then puts something, which wakes coffee, whose turn comes late."""
    yield task(1, "main")
    yield events.StepStarted(0.0, 1)
    yield events.QueueCreated(0.0, 1, "Queue", 2)
    yield task(2, "tea", 1)
    yield task(3, "coffee", 1)
    yield events.StepEnded(0.0, 1, 0.0001)
    yield events.TaskWaiting(0.0, 1, events.Wait("gather", tasks=(2, 3), count=2))
    yield from sleeps(2, 1.0)
    yield events.StepStarted(0.0, 3)
    yield events.StepEnded(0.0, 3, 0.0001)
    yield events.TaskWaiting(0.0, 3, events.Wait("queue.get", 1))
    yield events.TaskReady(1.0, 2, "timer")
    yield events.StepStarted(1.0, 2)
    yield events.QueuePut(1.0, 1, "'tea'", 1, 1, 2)
    yield events.TaskReady(1.0, 3, "task", 2)
    yield events.StepEnded(1.0, 2, 0.0001)
    yield events.TaskEnded(1.0, 2, "done", "None")
    yield events.StepStarted(1.5, 3)
    yield events.StepEnded(1.5, 3, 0.0001)
    yield events.TaskWaiting(1.5, 3, events.Wait("sleep", seconds=5.0, deadline=6.5))


@asynccontextmanager
async def showing(width: int = 80) -> AsyncIterator[tuple[TimelineView, Pilot[None]]]:
    """A timeline of that party."""
    async with on_stage(TimelineView(), width, 10, shows=(*seen(*party()), 2.0)) as (view, pilot):
        yield view, pilot


async def test_each_task_has_a_lane_under_its_parent() -> None:
    async with showing() as (view, _):
        assert painted(view)[:6] == [
            " 50 ms a cell       0 s  ·    ·    ·    1 s  ·    ·    ·    2 s  ·    ·    ·",
            " main               ▎────────────────────────────────────────",
            " ├ tea              ▎───────────────────→✓",
            " └ coffee           ▎───────────────────▒▒▒▒▒▒▒▒▒▒▎──────────",
            "                                                            ▲ 2.000 s",
            "",
        ]
        line = view.compose_line(2, 76)
        assert [(glyph, part_at(line, glyph)) for glyph in "▒─▎"] == [
            ("▒", "ready"),
            ("─", "waiting"),
            ("▎", "running"),
        ]


async def test_an_arrow_goes_from_the_waker_to_the_selected_task() -> None:
    async with showing() as (view, _):
        view.select(3)
        assert painted(view)[3] == "▌└ coffee           ▎───────────────────▼▒▒▒▒▒▒▒▒▒▎──────────"
        view.select(1)
        assert "▼" not in painted(view)[3]


async def test_an_arrow_passes_through_the_lanes_between() -> None:
    async with on_stage(TimelineView(), 80, 10) as (view, _):
        state, timeline = seen(
            task(1, "main"),
            *(
                events.TaskCreated(0.0, number, name, "brew", 1)
                for number, name in ((2, "tea"), (3, "between"), (4, "coffee"))
            ),
            *sleeps(2, 9.0),
            *sleeps(3, 9.0),
            *sleeps(4, 9.0),
            events.StepStarted(1.0, 4),
            events.TaskReady(1.0, 2, "task", 4),
            events.StepEnded(1.0, 4, 0.0001),
        )
        view.show(state, timeline, 2.0)
        view.select(2)
        lanes = painted(view)[1:5]
        column = lanes[1].index("▲")
        assert lanes[2][column] == "│"


async def test_before_the_selected_task_was_created_the_frame_says_nothing_of_it() -> None:
    async with on_stage(TimelineView(), 80, 10) as (view, _):
        state, timeline = seen(*party())
        view.show(state, timeline, 2.0)
        view.select(2)
        view.show(LabState(), timeline, 2.0, 0.0)
        assert subtitle(view) == plain(legend(view.content_width()))


async def test_the_frame_says_what_the_selected_task_was_about_at_the_moment_looked_at() -> None:
    told = "coffee: ready for 500 ms behind tea, woken by tea's put"
    for width, period in ((120, " (1.000 s to 1.500 s)"), (66, "")):  # which is left out rather than cut
        async with on_stage(TimelineView(), width, 10, shows=(*seen(*party()), 2.0, 1.2)) as (view, pilot):
            view.select(3)
            await pilot.pause()
            assert subtitle(view) == told + period


async def test_arrow_keys_go_through_time_and_tell_so() -> None:
    async with showing() as (view, pilot):
        view.focus()
        await pilot.press("left", "left", "right", "home", "end")
        moments = [message.at for message in said(pilot) if isinstance(message, MomentChosen)]
        assert len(moments) == 5
        assert moments[0] is not None
        assert moments[1] is not None
        assert moments[1] < moments[0] < 2.0
        assert moments[3:] == [0.0, None]


async def test_e_goes_to_the_events_of_the_selected_task() -> None:
    async with showing() as (view, pilot):
        view.focus()
        view.select(3)
        await pilot.press("E", "E", "e")
        moments = [message.at for message in said(pilot) if isinstance(message, MomentChosen)]
        assert moments == [pytest.approx(1.5), pytest.approx(1.0), pytest.approx(1.5)]


async def test_the_lanes_are_gone_through_with_j_and_k_and_opened_with_enter() -> None:
    async with showing() as (view, pilot):
        view.focus()
        await pilot.press("j", "j", "enter")
        selected = [message.task for message in said(pilot) if isinstance(message, TaskSelected)]
        assert selected == [1, 2]
        assert [message.task for message in said(pilot) if isinstance(message, TaskOpened)] == [2]


async def test_a_click_on_the_ruler_goes_to_its_time_and_selects_nothing() -> None:
    async with showing() as (view, pilot):
        await pilot.click(TimelineView, offset=(30, 1))
        assert [type(message) for message in said(pilot)] == [MomentChosen]
        assert view.moment is not None
        assert view.selected is None


async def test_a_drag_with_the_mouse_goes_through_time() -> None:
    async with showing() as (view, pilot):
        await pilot.mouse_down(TimelineView, offset=(30, 3))
        await pilot.hover(TimelineView, offset=(25, 3))
        await pilot.mouse_up(TimelineView, offset=(25, 3))
        moments = [
            message.at for message in said(pilot) if isinstance(message, MomentChosen) and message.at is not None
        ]
        lanes_from = FRAME // 2 + names_width(view.content_width()) + 1
        assert [view.window.scale.column(moment) for moment in moments] == [30 - lanes_from, 25 - lanes_from]
        assert view.selected == 2
        await pilot.mouse_down(TimelineView, offset=(30, 3))
        await pilot.hover(TimelineView, offset=(5, 3))
        assert view.moment == 0.0, "left of the lanes it stays at their beginning"
        await pilot.mouse_up(TimelineView, offset=(5, 3))


@pytest.mark.parametrize("moment", [None, 1.2])
async def test_zooming_in_shows_less_of_time_and_following_shows_it_all_again(moment: float | None) -> None:
    async with on_stage(TimelineView(), 80, 10, shows=(*seen(*party()), 2.0, moment)) as (view, pilot):
        whole = painted(view)
        view.focus()
        await pilot.press("plus", "plus")
        assert not view.window.is_following
        assert painted(view)[0] != whole[0]
        await pilot.press("o")
        assert view.window.is_following
        assert painted(view)[0] == whole[0]


async def test_the_scale_stays_while_the_run_grows_within_it() -> None:
    async with on_stage(TimelineView(), 80, 10) as (view, _):
        state, timeline = seen(*party())
        scales = set()
        for tenths in range(20, 27):
            view.show(state, timeline, tenths / 10)
            scales.add(painted(view)[0])
        assert len(scales) == 1


async def test_of_ten_thousand_lanes_those_in_sight_are_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    view = TimelineView()
    composed: list[int] = []
    original = view.compose_line

    def compose_line(index: int, width: int) -> Line:
        composed.append(index)
        return original(index, width)

    monkeypatch.setattr(view, "compose_line", compose_line)
    births = (events.TaskCreated(0.0, number, f"task-{number}", "main") for number in range(1, 10_001))
    async with on_stage(view, 80, 12):
        view.show(*seen(*births), 1.0)
        assert view.line_count() == 10_000
        assert max(composed) < 20


async def test_what_is_painted_before_a_new_width_is_reported_fits_that_width(monkeypatch: pytest.MonkeyPatch) -> None:
    painted_early: list[list[str]] = []
    reported = LineView.on_resize

    def on_resize(view: LineView, event: Resize) -> None:
        painted_early.append(painted(view))
        reported(view, event)

    monkeypatch.setattr(LineView, "on_resize", on_resize)
    async with showing(80) as (view, pilot):
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert painted_early[-1] == painted(view)
