"""Tests the Learn screen: every key, and what it shows of successful and failed runs."""

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from textual.widgets import Input, Static

from asynclab.app import AsyncLabApp
from asynclab.curriculum.catalogue import DEMOS, find
from asynclab.screens.lab.lab_screen import FRAMES_PER_REST
from asynclab.screens.lab.layout import PANES
from asynclab.screens.learn import learn_screen as learn
from asynclab.screens.learn.demo_runs import Run, Standing
from asynclab.screens.shared.form import Form
from asynclab.screens.shared.help_page import HelpScreen
from asynclab.trace import Lab
from tests.fast_loop import FastLoop
from tests.raising import raising
from tests.screens.dashboard_stage import Stage, opened, quick_lab
from tests.widgets.view_stage import painted, screen_lines


def lab_of(run: Run) -> Lab:
    assert run.lab is not None
    return run.lab


def ran(stage: Stage) -> str:
    """What is run, without what `v` would do to it."""
    return str(stage.views.concept.border_title).partition(" · v: ")[0]


def what_v_does(stage: Stage) -> str:
    return str(stage.views.concept.border_title).partition(" · v: ")[2]


async def start(stage: Stage, key: str) -> Run:
    await stage.press(key)
    run = stage.app.runs[key]
    await stage.until(lambda: run.is_running and run.state.activity)
    return run


async def start_and_end(stage: Stage, key: str) -> Run:
    await stage.press(key)
    run = stage.app.runs[key]
    await stage.until(lambda: run.record.has_run and not run.is_active)
    return run


def replace_main(run: Run, main: Any) -> None:
    """Let a demo of the list run something else."""

    class Replaced:
        def __getattr__(self, name: str) -> object:
            return getattr(original, name)

        def load(self) -> object:
            return main

    original = run.demo
    run.demo = Replaced()  # type: ignore[assignment]


async def run_main(stage: Stage, main: Any) -> Run:
    """Run something else in the place of the first demo."""
    run = stage.app.runs["1"]
    replace_main(run, main)
    await stage.press("1")
    return run


@pytest.mark.usefixtures("practice_server_in_a_hurry")
async def test_each_demos_key_selects_it_and_runs_it_to_its_end() -> None:
    async with opened(make_lab=quick_lab) as stage:
        for demo in DEMOS:
            await stage.press(demo.key)
            run = stage.app.runs[demo.key]
            await stage.until(lambda run=run: run.standing().state == "done")  # type: ignore[misc]
            assert stage.screen.program is run
            assert ran(stage) == f"{demo.key} {demo.name}"
            assert stage.views.tasks.line_count() > 0
            assert stage.views.activity.line_count() > 0


async def test_several_demos_run_at_once_and_the_list_shows_each_one_s_state() -> None:
    async with opened() as stage:
        for key in "347":
            await start(stage, key)
        running = [line.strip("▌ ")[0] for line in painted(stage.screen.demo_list) if "►" in line]
        assert running == ["3", "4", "7"]
        assert "3 runs" in stage.title


async def test_a_digit_starts_a_running_demo_afresh() -> None:
    async with opened() as stage:
        run = await start(stage, "7")
        first = lab_of(run)
        await stage.press("7")
        await stage.until(lambda: run.lab is not first and run.is_running)
        assert first.ending is not None
        assert first.ending.outcome == "cancelled"


async def test_the_list_s_cursor_selects_without_starting_and_enter_starts() -> None:
    async with opened() as stage:
        await stage.press("j", "j", "j")
        assert stage.screen.program.demo.name == "create_task"
        await stage.press("k")
        assert stage.screen.program.demo.name == "gather"
        assert not stage.screen.program.is_active
        await stage.press("enter")
        await stage.until(lambda: stage.app.runs["3"].is_running)


async def test_another_demo_is_shown_at_once_and_no_frame_mixes_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "FRAMES_PER_SECOND", 1e-6)
    async with opened(make_lab=quick_lab) as stage:
        await start_and_end(stage, "3")
        stage.screen.paint()
        assert stage.views.tasks.line_count() == 3
        await stage.press("j")
        assert stage.screen.demo_list.highlighted is not None
        assert stage.screen.demo_list.highlighted.name == "create_task"
        assert ran(stage) == "4 create_task"
        assert stage.views.tasks.line_count() == 0
        assert stage.views.activity.line_count() == 0


async def test_enter_outside_the_list_and_the_tasks_leaves_a_held_run_alone() -> None:
    async with opened() as stage:
        run = await start(stage, "7")
        await stage.press("space")
        for pane in ("source", "activity"):
            stage.screen.action_show_pane(pane)
            await stage.press("enter")
            assert stage.focused == pane
        await stage.pilot.pause()
        assert run.runs == 1
        assert lab_of(run).paused
        assert "enter" not in stage.bar


async def test_c_cancels_the_selected_run() -> None:
    async with opened() as stage:
        run = await start(stage, "7")
        other = await start(stage, "3")
        await stage.press("c")
        await stage.until(lambda: other.standing().state == "cancelled")
        assert run.is_running


async def test_x_cancels_the_selected_task_alone() -> None:
    async with opened() as stage:
        run = await start(stage, "4")
        await stage.press("tab", "G")
        task = stage.views.tasks.selected
        assert task is not None
        await stage.press("x")
        await stage.until(lambda: lab_of(run).state.tasks[task].state == "cancelled")
        assert run.is_running


async def test_space_holds_lab_time_and_lets_it_go_again() -> None:
    async with opened() as stage:
        run = await start(stage, "7")
        await stage.press("space")
        held_at = lab_of(run).now
        await stage.until(lambda: "paused at" in stage.clock)
        await stage.pilot.pause(0.02)
        assert lab_of(run).now == held_at
        await stage.press("space")
        await stage.until(lambda: lab_of(run).now > held_at)
        assert not lab_of(run).paused


async def test_while_a_run_is_held_frames_come_as_ever_and_keys_are_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as stage:
        run = await start(stage, "7")
        await stage.press("space")
        frames: list[float] = []
        paint = stage.screen.paint

        def counted() -> None:
            frames.append(lab_of(run).now)
            paint()

        monkeypatch.setattr(stage.screen, "paint", counted)
        await stage.until(lambda: len(frames) >= 10)
        assert len(set(frames)) == 1
        await stage.press("4")
        await stage.until(lambda: stage.screen.program.demo.name == "create_task")
        assert lab_of(run).paused


async def test_n_starts_a_demo_held_and_goes_step_by_step() -> None:
    async with opened() as stage:
        run = stage.app.runs["4"]
        await stage.press("j", "j", "j", "n")
        await stage.until(lambda: run.is_running and lab_of(run).held)
        assert lab_of(run).state.counts["waiting"] == 0
        await stage.press("n")
        await stage.until(lambda: len(lab_of(run).state.tasks) == 3)
        assert [lab_of(run).state.tasks[task].steps for task in (2, 3)] == [0, 0]
        await stage.press("n")
        await stage.until(lambda: lab_of(run).state.tasks[2].steps == 1)
        assert lab_of(run).state.tasks[3].steps == 0
        running = await start(stage, "7")
        await stage.press("n")
        assert lab_of(running).paused, "one that runs is held first"


@pytest.mark.parametrize("keys", [("n", "n"), ("tab", "N")])
async def test_a_step_that_can_do_nothing_says_why(keys: tuple[str, str]) -> None:
    async with opened() as stage:
        run = await run_main(stage, lambda **_: asyncio.Event().wait())
        await stage.until(lambda: run.is_running and lab_of(run).state.counts["waiting"])
        await stage.press(*keys)
        assert any("stuck" in notice for notice in stage.notices)


async def test_n_past_the_end_of_a_run_keeps_it_and_says_how_to_run_it_again_step_by_step() -> None:
    async with opened(make_lab=quick_lab) as stage:
        run = await start_and_end(stage, "3")
        ended = run.record
        await stage.press("n")
        assert stage.notices == ["the run has ended: r runs it again, R step by step"]
        assert "n step" not in stage.bar
        assert run.record is ended
        assert not run.is_active
        await stage.press("R")
        await stage.until(lambda: run.is_running and lab_of(run).held)
        assert sum(task.steps for task in lab_of(run).state.tasks.values()) == 0


async def test_what_is_done_to_a_task_says_why_where_there_is_none_to_do_it_to() -> None:
    async with opened() as stage:

        async def is_said(why: str) -> None:
            for key in ("x", "N"):
                await stage.press(key)
                assert stage.notices[-1].startswith(why)

        await is_said("nothing runs: there is ")
        run = await start(stage, "4")
        await is_said("no task is selected: there is ")
        await stage.until(lambda: lab_of(run).state.counts["done"] == 1)
        done = next(task for task in lab_of(run).state.tasks.values() if task.has_ended)
        stage.views.tasks.select(done.id)
        await is_said(f"{done.name} is done: there is ")
        await stage.until(lambda: not run.is_active)
        await is_said("the run has ended: there is ")


async def test_comma_and_full_stop_change_the_speed() -> None:
    async with opened() as stage:
        run = await start(stage, "7")
        await stage.press("comma", "comma")
        assert lab_of(run).speed == 0.25
        await stage.until(lambda: "1/4×" in stage.clock)
        await stage.press("full_stop", "full_stop", "full_stop")
        assert lab_of(run).speed == 2.0


@pytest.mark.parametrize(("first", "key"), [("7", "i"), ("tab", "r"), ("j", "i")])
async def test_r_runs_the_selected_demo_from_any_pane_and_i_without_waiting(first: str, key: str) -> None:
    async with opened() as stage:
        await stage.press(first, key)
        run = stage.screen.program
        await stage.until(lambda: run.standing().state == ("done" if key == "i" else "running"))


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")  # else it raises, as in any program
async def test_v_runs_the_mistake_and_marks_it_and_its_digit_or_v_again_runs_without_it() -> None:
    async with opened(make_lab=quick_lab) as stage:
        await stage.press("1", "v")
        assert "mistake: forget_await" in ran(stage)
        lesson = stage.views.concept.lesson
        assert lesson.concept == "The mistake: greet() is never awaited."
        assert lesson.watch.startswith("main returns at once")
        assert stage.views.has_class("-mistake")
        run = stage.app.runs["1"]
        await stage.until(lambda: any("never awaited" in line.text for line in run.state.activity))
        await stage.until(lambda: not run.is_active)
        await stage.press("r", "enter")
        assert run.mistakes_on
        await stage.press("1")
        assert not run.mistakes_on
        assert ran(stage) == "1 coroutines"
        await stage.press("v", "v")
        assert ran(stage) == "1 coroutines"
        assert not stage.views.has_class("-mistake")


async def test_v_names_each_mistake_before_it_is_pressed() -> None:
    async with opened(make_lab=quick_lab) as stage:
        await stage.press("0")
        assert what_v_does(stage).startswith("mistake 1 of 2: nobody sets the result")
        await stage.press("v")
        assert what_v_does(stage) == "the result is set twice"
        await stage.press("v")
        assert what_v_does(stage) == "no mistake"


@pytest.mark.parametrize("key", ["7", "0"], ids=["forget_task_done", "never_set"])
async def test_a_run_that_can_never_go_on_is_called_stuck(key: str) -> None:
    async with opened(make_lab=quick_lab) as stage:
        await stage.press(key, "v")
        await stage.until(lambda: "stuck: nothing ready, no timer set" in stage.clock)
        assert stage.app.runs[key].standing() == Standing("waiting", "stuck")
        await stage.press("c")
        await stage.until(lambda: "cancelled" in stage.clock)


async def test_p_opens_the_form_and_runs_with_what_was_entered() -> None:
    async with opened(make_lab=quick_lab) as stage:
        await stage.press("j", "j", "p")
        assert isinstance(stage.app.screen, Form)
        await stage.press("4", "enter")
        run = stage.app.runs["3"]
        await stage.until(lambda: run.standing().state == "done")
        assert lab_of(run).state.counts["done"] == 5
        assert ran(stage) == "3 gather tasks=4"
        await stage.press("j", "k", "p")
        assert stage.app.screen.query_one(Input).value == "4", "they are remembered"


async def test_question_mark_opens_help_and_escape_closes_it() -> None:
    async with opened() as stage:
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, HelpScreen)
        await stage.press("j", "G", "g", "escape")
        assert stage.app.screen.id == stage.screen.id
        assert len(stage.app.screen_stack) == 1


async def test_a_demo_that_raises_shows_as_failed_and_the_app_goes_on() -> None:
    async def main(**_: object) -> None:
        raise ValueError("[/] no [red]cups[/red]\x1b[31m")

    async with opened() as stage:
        run = await run_main(stage, main)
        await stage.until(lambda: run.standing().state == "failed")
        assert "✗" in stage.screen.demo_list.line_text(1)
        assert "ValueError: [/] no [red]cups[/red]␛[31m" in stage.views.activity.visible_text()
        await start(stage, "3")


async def test_a_demo_that_leaks_a_task_says_so_in_the_list() -> None:
    kept = []

    async def main(**_: object) -> None:
        kept.append(asyncio.create_task(asyncio.sleep(60)))

    async with opened() as stage:
        run = await run_main(stage, main)
        await stage.until(lambda: run.standing().state == "done")
        await stage.until(lambda: "1 leak" in stage.screen.demo_list.line_text(1))


async def test_a_demo_that_cannot_start_says_why() -> None:
    async with opened() as stage:
        await run_main(stage, raising(TypeError("[/] wrong")))
        await stage.until(lambda: stage.notices)
        assert stage.notices == ["coroutines can't start: TypeError: [/] wrong"]


async def test_hostile_names_and_prints_go_through_every_pane_unread() -> None:
    hostile = "[/][red]\x1b]0;owned\x07\u202e\u200b$x[link='"

    async def main(**_: object) -> None:
        print(hostile)
        queue: asyncio.Queue[str] = asyncio.Queue(2)
        await queue.put(hostile)
        task = asyncio.create_task(asyncio.sleep(60), name=hostile)
        async with asyncio.timeout(60):
            await task

    async with opened((80, 24)) as stage:
        run = await run_main(stage, main)
        await stage.until(lambda: run.state.timeouts)
        await stage.press("Y")
        seen = ""
        for _ in PANES:
            await stage.press("tab", "j", "y")
            seen += "".join(screen_lines(stage.app))
        assert seen.isprintable()
        assert "[red]" in seen


async def test_the_demo_of_the_command_line_starts_with_its_parameters() -> None:
    async with opened(make_lab=quick_lab, demo=find("gather"), tasks=3, one_by_one=True) as stage:
        run = stage.app.runs["3"]
        await stage.until(lambda: run.standing().state == "done")
        assert stage.screen.program is run
        assert ran(stage) == "3 gather tasks=3 · mistake 1 of 2: one_by_one"


async def test_two_mistakes_of_the_command_line_are_both_on() -> None:
    async with opened(make_lab=quick_lab, demo=find("timeout"), swallow_cancel=True, block=True, seconds=0.0) as stage:
        run = stage.app.runs["6"]
        await stage.until(lambda: run.standing().state == "done")
        assert ran(stage) == "6 timeout seconds=0.0 · mistakes: swallow_cancel, block"
        lesson = stage.views.concept.lesson
        assert lesson.concept.startswith("The mistakes: the task swallows its cancellation; the task")
        assert lesson.watch.startswith("swallow_cancel: ")
        assert " block: " in lesson.watch


async def test_nothing_repaints_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(make_lab=quick_lab) as stage:
        await stage.press("3")
        await stage.until(lambda: stage.app.runs["3"].standing().state == "done")
        await stage.until(lambda: not stage.app.runs["3"].is_active)
        stage.screen.paint()
        painted: list[object] = []
        views = stage.views
        for view in (views.tasks, views.gauges, views.source, views.activity, views.concept, stage.screen.demo_list):
            monkeypatch.setattr(view, "refresh", lambda *_, name=view.id, **__: painted.append(name))
        stage.screen.paint()
        assert set(painted) <= {stage.screen.title_bar.id}  # the loop's lag always changes


async def test_a_task_selected_in_one_pane_is_selected_in_the_others() -> None:
    async with opened() as stage:
        run = await start(stage, "4")
        await stage.until(lambda: lab_of(run).state.tasks[3].waits_for is not None)
        await stage.press("tab", "G")
        assert stage.views.tasks.selected == 3
        assert stage.views.source.selected == 3


def test_every_demo_has_a_key_of_its_own() -> None:
    commands = (*learn.LearnScreen.commands, *AsyncLabApp.commands)
    others = [command for command in commands if command.action != "start_demo"]
    taken = [key for command in others for key in command.keys] + [demo.key for demo in DEMOS]
    assert [demo.name for demo in DEMOS if taken.count(demo.key) > 1] == []


@pytest.mark.parametrize(("key", "demo"), [("3", "3"), ("enter", "1")])
async def test_keys_typed_before_the_curtain_rises_count(monkeypatch: pytest.MonkeyPatch, key: str, demo: str) -> None:
    monkeypatch.setattr(learn, "FIRST_PAINT_SECONDS", 0.2)
    app = AsyncLabApp(make_lab=quick_lab)
    async with app.run_test() as pilot:
        assert "3 gather" in str(app.screen.query_one("#curtain", Static).render())
        await pilot.press(key)
        stage = Stage(app, pilot)
        assert not stage.screen.is_furnished
        await stage.until(lambda: stage.screen.is_furnished)
        await stage.until(lambda: app.runs[demo].standing().state == "done")
        await app.runs.close()


async def test_quitting_before_the_curtain_rises_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "FIRST_PAINT_SECONDS", 0.2)
    app = AsyncLabApp()
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert app.return_code == 0


def blocking(name: str) -> Callable[[], Coroutine[Any, Any, None]]:
    """A main whose task of that name blocks the loop for half a second."""

    async def main() -> None:
        await asyncio.create_task(crunch(), name=name)
        await asyncio.sleep(9)

    async def crunch() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        loop.jumps.now += 0.5  # as if this step took so long

    return main


async def test_who_blocked_the_loop_is_named_as_soon_as_a_frame_is_painted_and_stays_in_sight() -> None:
    async with opened((140, 40)) as stage:
        await run_main(stage, blocking("cruncher"))
        named = "cruncher blocked the loop for 0.5"
        await stage.until(lambda: named in str(stage.views.concept.border_subtitle))
        await stage.until(lambda: "!!!" in painted(stage.views.timeline)[0])
        await stage.pilot.pause(1)
        assert named in str(stage.views.concept.border_subtitle)
        await stage.press("left_curly_bracket")
        await stage.until(lambda: "!!!" not in painted(stage.views.timeline)[0])
        assert named not in str(stage.views.concept.border_subtitle)


@pytest.mark.parametrize(("name", "shown"), [("cruncher", "! cruncher blocked for 0.500 s"), ("c" * 80, "! cccc")])
async def test_who_blocked_the_loop_is_named_beside_the_tabs_of_a_zoomed_pane(name: str, shown: str) -> None:
    async with opened((80, 24)) as stage:
        await run_main(stage, blocking(name))
        await stage.until(lambda: "blocked" in stage.clock or name[9:])
        assert "blocked" not in str(stage.views.tabs.render())
        await stage.press("tab", "z")
        await stage.until(lambda: shown in str(stage.views.tabs.render()))
        tabs = str(stage.views.tabs.render())
        names, _, _ = tabs.partition("!")
        assert names.split()[0] == "▸tasks"
        assert {name.strip("▸") for name in names.split()} <= set(PANES.values())  # whole names alone
        assert len(tabs) == 79
        await stage.press("z")
        await stage.until(lambda: "!" not in str(stage.views.tabs.render()))


async def test_few_frames_are_painted_while_nothing_happens_or_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "FRAMES_PER_SECOND", 1e-6)
    async with opened(make_lab=quick_lab) as stage:
        painted = []
        monkeypatch.setattr(stage.screen, "paint", lambda: painted.append(1))
        stage.app.latest_event = -math.inf
        for _ in range(2 * FRAMES_PER_REST):
            stage.screen.frame()
        assert len(painted) == 2
        await stage.press("tab")
        stage.screen.frame()
        stage.screen.frame()
        assert len(painted) == 4
        stage.app.latest_event = -math.inf
        # Put back afterwards: all that has not run shares one state.
        monkeypatch.setattr(stage.screen.program.state, "version", 1)
        stage.screen.frame()
        stage.screen.frame()
        assert len(painted) == 6


async def test_at_rest_nothing_is_painted_behind_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "FRAMES_PER_SECOND", 1e-6)
    async with opened(make_lab=quick_lab) as stage:
        behind, painted = stage.screen, list[int]()
        monkeypatch.setattr(behind, "paint", lambda: painted.append(1))
        await stage.press("question_mark")
        assert stage.app.screen is not behind
        painted.clear()
        stage.app.latest_event = -math.inf
        for _ in range(2 * FRAMES_PER_REST):
            behind.frame()
        assert not painted
