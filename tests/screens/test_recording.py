"""Tests a stage that shows a list of events, without lab, loop or control: all that needs no control works."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asynclab.model import events as e
from asynclab.screens.lab.lab_actions import can_control
from asynclab.screens.lab.lab_screen import can_be_instant
from asynclab.screens.lab.run_record import Record
from asynclab.screens.learn.demo_actions import DemoActions
from tests.screens.dashboard_stage import Stage, opened
from tests.screens.frozen import queue_history
from tests.sources import ToldSource

SIZE = (200, 60)

CONTROLS = [command for command in DemoActions.commands if command.offered in (can_control, can_be_instant)]


def recording() -> list[e.Event]:
    """The run of the queue demo, paused near its end, where a task is held and a step found nothing to do."""
    return [*queue_history(), e.ClockChanged(1.6, True, 1.0, False), e.TaskHeld(1.6, 4), e.StepReported(1.6, "step")]


@asynccontextmanager
async def shown(size: tuple[int, int] = SIZE) -> AsyncIterator[tuple[Stage, Record]]:
    """The Learn screen with a recording of the queue demo on its stage, and the focus on the tasks."""
    async with opened(size) as stage:
        run = stage.app.runs["7"]
        run.record = record = Record(ToldSource(recording()))
        stage.screen.select_demo("7")
        stage.views.tasks.focus()
        await stage.until(lambda: stage.views.tasks.cursor == 0 and stage.views.activity.line_count())
        yield stage, record
        assert not run.runs, "it was shown, and not run"


async def test_keys_that_need_a_control_do_nothing() -> None:
    async with shown() as (stage, record):
        version = record.present.version
        for key in [key for command in CONTROLS for key in command.keys]:
            await stage.press(key)
            assert (stage.notices, record.present.version, record.is_past) == ([], version, False), key
            assert not stage.screen.program.is_active


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
