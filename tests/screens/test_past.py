"""Tests how the past of a run is shown while the run continues, or is paused."""

import asyncio
from typing import Any

import pytest

from asynclab.model import history
from asynclab.model.events import RunEnded, RunStarted
from asynclab.screens.lab.record_readings import moment_of
from asynclab.screens.lab.run_record import Record
from asynclab.screens.learn.demo_runs import Run
from asynclab.screens.shared.key_bar import KeyBar
from asynclab.trace import Lab
from asynclab.widgets.messages import MomentChosen
from tests.screens.dashboard_stage import Stage, opened
from tests.screens.test_learn import lab_of, replace_main, run_main, start
from tests.sources import ToldSource


async def held(stage: Stage, main: Any, steps: int = 0) -> Run:
    """A run of `main` that has made some steps and is held."""
    run = stage.app.runs["1"]
    replace_main(run, main)
    run.start(paused=True)
    await stage.until(lambda: run.is_running and lab_of(run).held)
    for _ in range(steps):
        before = sum(task.steps for task in run.state.tasks.values())
        await stage.press("n")
        await stage.until(lambda before=before: sum(t.steps for t in run.state.tasks.values()) > before)  # type: ignore[misc]
    return run


async def racers(**_: object) -> None:
    async def racer() -> None:
        for lap in range(3):
            print("lap", lap)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for name in ("red", "blue", "green"):
            group.create_task(racer(), name=name)


def test_the_time_of_a_run_that_has_ended_is_that_of_its_last_event_whatever_its_clock_says() -> None:
    record = Record(source := ToldSource([RunStarted(0.0, "x", 0.0, "3.13.0")], now=2.5))
    source.pump()
    assert record.now == 2.5
    source.tell(RunEnded(2.0, "done", ""))
    source.pump()
    assert record.now == 2.0


async def test_the_past_is_shown_event_by_event_in_every_pane() -> None:
    async with opened((200, 60)) as stage:
        run = await held(stage, racers, steps=3)
        record = run.record
        assert "lap" in stage.views.activity.visible_text()
        first_steps = next(
            moment for moment in range(record.history.end) if record.history.state_at(moment).counts["waiting"]
        )
        while record.moment is None or record.moment > first_steps:
            await stage.press("left_square_bracket")
        await stage.until(lambda: "the past" in stage.title)
        assert stage.views.has_class("-past")
        assert stage.views.activity.visible_text().count("lap") == 0
        assert [task.state for task in record.state.tasks.values()] == ["waiting", "ready", "ready", "ready"]
        assert f"event {record.history.number_of(first_steps)} of " in stage.title
        assert stage.views.loop.line_text(2).strip().startswith("1  red")
        await stage.press("escape")
        await stage.until(lambda: not stage.views.has_class("-past"))
        assert stage.views.activity.visible_text().count("lap") == 2


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_on_the_way_into_the_past_and_back_nothing_moves(size: tuple[int, int]) -> None:
    def places() -> list[tuple[str, object]]:
        return [(str(view.id), view.region) for view in stage.views.query("*") if view.display]

    async with opened(size) as stage:
        await held(stage, racers, steps=2)
        present = places()
        await stage.press("left_square_bracket")
        await stage.until(lambda: "the past" in stage.title)
        assert stage.title.endswith("esc now")
        assert str(stage.views.tasks.styles.border_top[0]) == "dashed"  # told without colour, beside what it is about
        assert places() == present
        await stage.press("escape")
        await stage.until(lambda: "the past" not in stage.title)
        assert str(stage.views.tasks.styles.border_top[0]) == "round"
        assert places() == present


async def test_at_80_columns_the_key_bar_leads_into_the_past_and_back() -> None:
    async with opened((80, 24)) as stage:
        run = await held(stage, racers, steps=2)
        await stage.until(lambda: "[ ] history" in stage.bar)
        await stage.press("left_square_bracket")
        await stage.until(lambda: "esc now" in stage.bar)
        assert "[ ] history" in stage.bar
        await stage.pilot.click(KeyBar, offset=(1 + stage.bar.index("esc now"), 0))
        assert not run.record.is_past


async def test_a_time_at_which_nothing_happened_can_be_looked_at() -> None:
    async with opened() as stage:
        run = await start(stage, "4")
        await stage.until(lambda: run.standing().state == "done")
        stage.views.timeline.post_message(MomentChosen(0.5))
        await stage.until(lambda: "0.500 s" in stage.title)
        assert run.record.now == stage.views.timeline.moment == 0.5
        assert " 25% " in stage.views.tasks.line_text(1)
        await stage.press("left_square_bracket")
        assert run.record.now < 0.1


async def test_the_run_goes_on_while_the_past_is_looked_at() -> None:
    async with opened() as stage:
        run = await start(stage, "7")
        await stage.press("left_curly_bracket")
        shown = run.record.state
        assert (shown.version, shown.now) == (0, 0.0)
        before = run.state.version
        await stage.until(lambda: run.state.version > before + 20)
        assert run.record.state is shown
        assert stage.clock.startswith("► 1×")


async def test_the_present_is_after_the_last_event_and_where_a_step_is_made() -> None:
    async with opened() as stage:
        run = await held(stage, racers, steps=2)
        await stage.press("left_square_bracket", "left_square_bracket", "right_square_bracket")
        assert run.record.is_past
        await stage.press("right_square_bracket")
        assert not run.record.is_past
        await stage.press("left_curly_bracket")
        assert run.record.is_past
        steps = sum(task.steps for task in run.state.tasks.values())
        await stage.press("n")
        await stage.until(lambda: sum(task.steps for task in run.state.tasks.values()) == steps + 1)
        assert not run.record.is_past


async def test_the_selected_task_stays_selected_where_it_exists() -> None:
    async with opened() as stage:
        run = await held(stage, racers, steps=3)
        stage.views.tasks.select(3)
        await stage.press("left_curly_bracket")
        await stage.until(lambda: stage.views.tasks.line_count() == 0)
        assert stage.views.tasks.cursor is None
        await stage.press("right_curly_bracket")
        await stage.until(lambda: stage.views.tasks.cursor == 2)
        assert stage.screen.selected_task == 3
        assert run.is_running


async def test_the_task_that_was_picked_goes_next_and_after_it_the_first_in_line() -> None:
    async with opened() as stage:
        run = await held(stage, racers, steps=1)
        lab = lab_of(run)
        assert [lab.state.task_name(task) for task in lab.held] == ["red", "blue", "green"]
        await stage.press("tab", "j", "j", "j", "j")
        await stage.until(lambda: "next green (chosen)" in stage.clock)
        await stage.press("n")
        await stage.until(lambda: lab.state.tasks[4].steps == 1)
        assert any(line.kind == "chosen" for line in lab.state.activity)
        await stage.press("n")
        await stage.until(lambda: lab.state.tasks[2].steps == 1)
        assert lab.state.tasks[4].steps == 1


async def test_n_in_capitals_runs_to_the_next_event_of_the_selected_task() -> None:
    async with opened() as stage:
        run = await held(stage, racers, steps=1)
        stage.views.tasks.select(4)
        await stage.press("N")
        await stage.until(lambda: run.state.tasks[4].steps == 1)
        await stage.until(lambda: run.state.running_to is None)
        assert [run.state.tasks[task].steps for task in (2, 3, 4)] == [1, 1, 1]
        assert lab_of(run).paused


async def test_another_run_is_shown_in_its_present() -> None:
    async with opened() as stage:
        run = await held(stage, racers, steps=2)
        await stage.press("left_square_bracket")
        await stage.press("3")
        await stage.until(lambda: stage.app.runs["3"].is_running and not stage.views.has_class("-past"))
        assert run.record.is_past


async def test_a_run_that_is_cancelled_says_that_it_cleans_up() -> None:
    async def main(**_: object) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(1)

    async with opened() as stage:
        run = await run_main(stage, main)
        await stage.until(lambda: run.is_running and run.state.counts["waiting"])
        await stage.press("c")
        await stage.until(lambda: "cleaning up" in stage.clock)
        await stage.until(lambda: "cancelled at" in stage.clock)


async def test_a_moment_keeps_its_number_when_what_was_before_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EVENTS_KEPT", 100)
    monkeypatch.setattr(history, "SPACING", 50)

    async def yields() -> None:
        for _ in range(300):
            await asyncio.sleep(0)

    async with Lab(watch=False) as lab:
        record = Record(lab)
        lab.start(yields)
        await asyncio.sleep(0)
        lab.pump()
        record.go(-1)
        found = moment_of(record)
        while lab.is_running:
            await asyncio.sleep(0)
            lab.sample([1], 1)
            lab.pump()
        assert record.history.number_of(record.history.end) < record.history.end - 100, "most are mere looks"
        assert record.moment is not None
        assert record.history.first > record.moment
        later = moment_of(record)
        assert found is not None
        assert later is not None
        assert later.number == found.number


async def test_esc_comes_back_to_now_before_it_drops_a_filter_that_is_kept() -> None:
    async with opened() as stage:
        record = (await held(stage, racers, 3)).record
        await stage.press("slash", "l", "a", "p", "enter", "left_square_bracket")
        await stage.until(lambda: record.is_past)
        await stage.press("escape")
        assert (record.is_past, stage.views.activity.filter_text) == (False, "lap")
        await stage.press("left_square_bracket", "slash", "escape")
        assert (record.is_past, stage.views.activity.filter_text) == (True, "")
