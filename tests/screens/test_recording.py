"""A list of events on the stage: no lab, no loop, nobody to control it. All that a recording can serve works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.content import Content

from asynclab.model import events as e
from asynclab.screens.lab.run_record import Record
from asynclab.screens.lab.story_screen import StoryScreen
from asynclab.screens.lab.time_screen import can_be_instant, can_control
from asynclab.screens.learn.demo_actions import DemoActions
from asynclab.screens.shared.help_page import HelpScreen
from asynclab.widgets.line_view import LineView
from tests.screens.frozen import queue_history
from tests.screens.stage import Stage, opened, read_help
from tests.sources import ToldSource

SIZE = (200, 60)

CONTROLS = [command for command in DemoActions.commands if command.offered in (can_control, can_be_instant)]


def recording() -> list[e.Event]:
    """The run of the queue demo, paused near its end, where a task is held and a step found nothing to do."""
    return [
        *queue_history(),
        e.ClockChanged(1.6, True, 1.0, False),
        e.TaskHeld(1.6, 4),
        e.StepReported(1.6, "step"),
    ]


@asynccontextmanager
async def shown(size: tuple[int, int] = SIZE) -> AsyncIterator[tuple[Stage, Record]]:
    """The Learn screen with a recording of the queue demo on its stage, and the focus on the tasks."""
    async with opened(size) as stage:
        run = stage.app.runs["7"]
        run.record = record = Record(ToldSource(recording(), name="queue"))
        stage.screen.select_demo("7")
        stage.views.tasks.focus()
        await stage.until(lambda: stage.views.tasks.cursor == 0 and stage.views.activity.line_count())
        yield stage, record
        assert not run.runs, "it was shown, and not run"


def text_of(view: LineView) -> str:
    return "\n".join(view.line_text(index) for index in range(view.line_count()))


def bar(stage: Stage) -> str:
    return "  ".join(f"{entry.keys} {entry.name}" for entry in stage.screen.bar())


async def test_every_pane_shows_it() -> None:
    async with shown() as (stage, _):
        views = stage.views
        assert all(name in text_of(views.tasks) for name in ("main", "producer-1", "consumer-1", "consumer-2"))
        assert "queue#1" in text_of(views.gauges)
        assert "consumer-2" in text_of(views.loop)
        assert "producer-1" in text_of(views.timeline)
        assert "put 3" in text_of(views.activity)
        assert "await queue.put(number)" in text_of(views.source)
        assert views.concept.line_count()
        assert Content.from_markup(str(views.concept.border_subtitle)).plain == "paused at 1.600 s · ▸ 1 ready"


async def test_its_time_stands_where_it_ends() -> None:
    async with shown() as (stage, record):
        assert (record.now, record.next_task) == (1.6, 4)
        assert (stage.screen.program.is_running, stage.app.sources) == (False, [])


async def test_the_past_is_gone_through_event_by_event_and_from_end_to_end() -> None:
    async with shown() as (stage, record):
        await stage.press("left_square_bracket")
        assert record.is_past
        before = record.moment
        await stage.press("left_square_bracket")
        assert before is not None
        assert record.moment == before - 1
        await stage.press("right_square_bracket")
        assert record.moment == before
        await stage.press("left_curly_bracket")
        assert record.moment == 0
        await stage.until(lambda: stage.views.has_class("-past"))
        await stage.press("right_curly_bracket")
        assert not record.is_past


async def test_the_timeline_has_a_cursor_and_can_be_zoomed() -> None:
    async with shown() as (stage, record):
        stage.views.timeline.focus()
        await stage.press("left", "left")
        await stage.until(lambda: record.is_past)
        drawn = text_of(stage.views.timeline)
        await stage.press("plus")
        await stage.until(lambda: text_of(stage.views.timeline) != drawn)
        await stage.press("escape")
        assert not record.is_past


async def test_a_task_can_be_explained() -> None:
    async with shown() as (stage, _):
        await stage.press("j", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, StoryScreen))


async def test_the_activity_can_be_filtered_and_copied() -> None:
    async with shown() as (stage, _):
        await stage.press("Y")
        assert "run started" in stage.app.clipboard
        await stage.press("y")
        assert "main" in stage.app.clipboard
        await stage.press("slash", *"producing", "enter")
        await stage.until(lambda: stage.views.activity.line_count() == 4)


async def test_panes_are_focused_zoomed_and_take_turns() -> None:
    async with shown((120, 40)) as (stage, _):
        await stage.press("tab")
        assert stage.app.focused is not stage.views.tasks
        before = stage.views.shown_panes
        await stage.press("w")
        assert stage.views.shown_panes != before
        await stage.press("z")
        await stage.until(lambda: stage.views.is_single)


async def test_what_needs_a_control_is_offered_nowhere() -> None:
    async with shown() as (stage, _):
        screen = stage.screen
        assert {command.action for command in CONTROLS} == {
            *("pause", "resume", "step", "run_to_event", "slower", "faster", "instantly"),
            *("cancel", "cancel_task"),
        }
        for absent in ("space", "n step", ", .", "i instant", "N next", "x cancel", "c cancel"):
            assert absent not in bar(stage)
        for present in ("[ ] history", "enter explain", "/ filter", "y copy", "z zoom", "tab pane"):
            assert present in bar(stage)
        assert not set(CONTROLS) & {offer.command for offer in screen.offers if offer.is_offered}
        await stage.press("question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, HelpScreen))
        text = read_help(stage.app)
        assert not [command.help for command in CONTROLS if command.help.split(":")[0] in text]
        assert "Go one event back" in text


async def test_keys_that_need_a_control_do_nothing() -> None:
    async with shown() as (stage, record):
        version = record.present.version
        for key in [key for command in CONTROLS for key in command.keys]:
            await stage.press(key)
            assert (stage.notices, record.present.version, record.is_past) == ([], version, False), key
            assert not stage.screen.program.is_active


async def test_with_a_control_all_of_it_is_offered_again() -> None:
    async with shown() as (stage, _):
        stage.screen.select_demo("3")
        await stage.until(lambda: "n step" in bar(stage))
        assert ", . speed" in bar(stage)


async def test_why_a_step_did_nothing_is_told_once_for_each_report() -> None:
    async with shown() as (stage, record):
        feed = record.source
        assert isinstance(feed, ToldSource)
        assert stage.notices == []
        outcomes: tuple[e.StepTaken, ...] = ("nothing", "outside", "jump")
        for number, outcome in enumerate(outcomes, 1):
            feed.tell(e.StepReported(1.6, outcome))
            await stage.until(lambda number=number: record.present.step_reports == 1 + number)  # type: ignore[misc]
            await stage.pilot.pause(0.2)
            told = ["stuck", "waiting for I/O"][number - 1 : number]
            assert [part for part in told if part in " ".join(stage.notices)] == told
            await stage.press("j")  # any key takes a notice away, and it does not come back
            await stage.pilot.pause(0.2)
            assert stage.notices == []
