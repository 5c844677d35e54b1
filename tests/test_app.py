"""Tests the app itself: how it quits, its themes, signals and settings."""

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.color import ColorType
from textual.command import CommandPalette
from textual.geometry import Region
from textual.widgets._toast import Toast

from asynclab import settings
from asynclab.app import AsyncLabApp
from asynclab.curriculum.catalogue import DEMOS
from asynclab.screens.shared.leaving import AGAIN_SECONDS
from asynclab.settings import Settings
from tests.fast_loop import FastLoop
from tests.fast_ui import until
from tests.raising import raising
from tests.screens.dashboard_stage import Stage, opened, plain_lab

pytestmark = pytest.mark.usefixtures("jumping_time")


async def start_all(app: AsyncLabApp) -> None:
    for run in app.runs:
        run.start()
    await until(lambda: all(run.lab is not None for run in app.runs))


def tasks_of_labs() -> list[str]:
    """The tasks whose code is in the demos, or drives one."""
    own = asyncio.current_task()
    return [repr(task) for task in asyncio.all_tasks() if task is not own and "asynclab" in repr(task.get_coro())]


def is_leaving(app: AsyncLabApp) -> bool:
    return app.return_code is not None or any(task.get_name() == "leaving" for task in asyncio.all_tasks())


async def has_left(app: AsyncLabApp) -> None:
    await until(lambda: app.return_code is not None)


def toasts(stage: Stage) -> list[Toast]:
    return list(stage.screen.query(Toast))


@pytest.mark.parametrize("keys", [("q",), ("ctrl+q",), ("q", "q", "ctrl+q")])
async def test_quitting_in_the_middle_of_ten_running_demos_leaves_no_task_behind(keys: tuple[str, ...]) -> None:
    app = AsyncLabApp(make_lab=plain_lab)
    async with app.run_test() as pilot:
        await start_all(app)
        await pilot.press(*keys)
        await has_left(app)
    assert app.return_code == 0
    assert tasks_of_labs() == []
    assert len(list(app.runs)) == len(DEMOS)


async def test_quitting_works_from_a_form_and_from_the_palette() -> None:
    for way in ("p", "ctrl+p", "question_mark"):
        app = AsyncLabApp(make_lab=plain_lab)
        async with app.run_test() as pilot:
            await pilot.press(way, "ctrl+q")
            await has_left(app)
        assert app.return_code == 0


@pytest.mark.parametrize("seconds", [AGAIN_SECONDS - 0.1, AGAIN_SECONDS + 0.1])
async def test_one_ctrl_c_says_how_to_quit_and_a_second_quits(seconds: float, paced_by_hand: SimpleNamespace) -> None:
    async with opened() as stage:
        await stage.press("ctrl+c")
        assert stage.notices == ["press q, or ctrl+c again, to quit"]
        assert not is_leaving(stage.app)
        paced_by_hand.at += seconds
        await stage.press("ctrl+c")
        assert is_leaving(stage.app) == (seconds < AGAIN_SECONDS)


async def test_a_notice_lies_on_the_key_bar_and_the_next_one_takes_its_place() -> None:
    async with opened((80, 24)) as stage:
        for key, text in (("x", "there is nothing to cancel"), ("N", "there is no next event"), ("N", "no next event")):
            await stage.press(key)
            await stage.until(lambda text=text: any(text in str(toast.render()) for toast in toasts(stage)))  # type: ignore[misc]
            assert [toast.region.y for toast in toasts(stage)] == [stage.screen.key_bar.region.y]
            assert [toast.region.height for toast in toasts(stage)] == [1]


async def test_keys_that_come_at_once_leave_one_notice() -> None:
    async with opened() as stage:
        stage.type_at_once(*"xxxxNNN")
        await stage.until(lambda: stage.notices == ["nothing runs: there is no next event to run to"])
        assert len(toasts(stage)) == 1


async def test_a_notice_goes_at_the_next_key_and_a_problem_stays() -> None:
    async with opened() as stage:
        await stage.press("x")
        assert stage.notices
        await stage.press("j")
        await stage.until(lambda: not stage.notices)
        stage.app.tell("it burns", is_problem=True)
        await stage.press("j", "x")
        assert stage.notices == ["it burns", "nothing runs: there is nothing to cancel"]
        stage.app.tell("it floods", is_problem=True)
        await stage.until(lambda: stage.notices == ["it floods"])


async def test_the_screen_is_saved_where_the_app_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened() as stage:
        stage.app.action_save_screen()
        await stage.until(lambda: stage.notices)
        (path,) = os.listdir(tmp_path)
        assert stage.notices == [f"saved the screen to {tmp_path / path}"]


async def test_a_screen_that_cannot_be_saved_is_complained_about(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as stage:
        monkeypatch.setattr(stage.app, "save_screenshot", raising(PermissionError(13, "Permission denied", "/x.svg")))
        stage.app.action_save_screen()
        await stage.until(lambda: stage.notices)
        assert stage.notices == ["can't write /x.svg: Permission denied"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_cancels_the_demos_and_leaves(number: signal.Signals) -> None:
    app = AsyncLabApp(make_lab=plain_lab)
    async with app.run_test():
        await start_all(app)
        os.kill(os.getpid(), number)
        await has_left(app)
    assert app.return_code == 128 + number
    assert tasks_of_labs() == []


async def test_the_loop_is_measured_while_the_app_runs() -> None:
    async with opened() as stage:
        monitor = stage.app.monitor
        assert monitor is not None
        await stage.until(lambda: monitor.lags)
        await stage.until(lambda: "ms" in stage.title)


async def test_the_first_start_has_asynclab_s_own_theme_and_writes_nothing(config_home: Path) -> None:
    async with opened() as stage:
        assert stage.app.theme == "asynclab"
    assert config_home not in config_home.parent.iterdir()


async def test_a_chosen_theme_is_remembered() -> None:
    async with opened() as stage:
        stage.app.theme = "nord"
        await stage.pilot.pause()
    async with opened() as stage:
        assert stage.app.theme == "nord"


async def test_t_opens_the_choice_of_themes() -> None:
    async with opened() as stage:
        await stage.press("t")
        assert isinstance(stage.app.screen, CommandPalette)


async def test_a_theme_that_does_not_exist_any_more_gives_way_to_the_default(config_home: Path) -> None:
    settings.save(Settings(theme="gone"), settings.settings_path())
    async with opened() as stage:
        assert stage.app.theme == "asynclab"


async def test_broken_settings_are_told_once_and_do_no_harm() -> None:
    path = settings.settings_path()
    path.parent.mkdir(parents=True)
    path.write_text("{[/]")
    async with opened() as stage:
        assert stage.app.theme == "asynclab"
        assert len(stage.notices) == 1
        assert str(path) in stage.notices[0].replace("\n", "")


def make_file(path: Path) -> None:
    path.write_text("a file where a folder should be")


async def test_settings_that_cannot_be_written_are_complained_about(config_home: Path) -> None:
    make_file(config_home)
    async with opened() as stage:
        stage.app.theme = "nord"
        await stage.until(lambda: any("an't save the settings" in notice for notice in stage.notices))


async def test_the_theme_of_the_settings_is_used_and_themes_of_all_kinds_show_the_dashboard() -> None:
    settings.save(Settings(theme="asynclab-light"), settings.settings_path())
    async with opened() as stage:
        assert stage.app.theme == "asynclab-light"
        for theme in ("ansi-dark", "ansi-light", "solarized-light", "asynclab"):
            stage.app.theme = theme
            await stage.pilot.pause()
            assert "coroutines" in stage.screen.demo_list.line_text(1)


async def test_a_remembered_theme_in_the_terminals_own_colours_begins_in_them() -> None:
    settings.save(Settings(theme="ansi-dark"), settings.settings_path())
    async with opened() as stage:
        drawn = stage.screen.demo_list.render_lines(Region(0, 0, 20, 4))
        colours = [segment.style.color for strip in drawn for segment in strip if segment.style is not None]
        assert {colour.type for colour in colours if colour is not None} == {ColorType.STANDARD, ColorType.DEFAULT}


async def test_starting_does_not_write_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save(Settings(theme="nord"), settings.settings_path())
    written: list[object] = []
    monkeypatch.setattr(settings, "save", lambda *given: written.append(given))
    async with opened() as stage:
        assert stage.app.theme == "nord"
        await stage.pilot.pause()
        assert not written
        stage.app.theme = "gruvbox"
        await stage.until(lambda: bool(written))


async def test_without_colour_the_illegible_themes_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    settings.save(Settings(theme="ansi-dark"), settings.settings_path())
    async with opened() as stage:
        assert stage.app.theme == "asynclab"
        assert "ansi-dark" not in stage.app.available_themes


async def test_no_lab_time_passes_while_the_process_is_suspended() -> None:
    app = AsyncLabApp(make_lab=plain_lab)
    async with app.run_test():
        running, held = app.runs["7"], app.runs["3"]
        running.start()
        held.start(paused=True)
        await until(lambda: running.lab is not None and held.lab is not None and held.lab.paused)
        assert running.lab is not None
        assert held.lab is not None
        before = running.lab.now
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        loop.jumps.now += 6
        app.was_stopped(6)
        assert running.lab.now == pytest.approx(before)
        assert (running.lab.paused, held.lab.paused) == (False, True)
        await app.close_labs()


@pytest.mark.parametrize("keys", ["2", "question_mark", "p", "ctrl+p", "t", "f", "f o"])
async def test_no_terminal_is_too_small(keys: str) -> None:
    async with opened() as stage:
        await stage.press(*keys.split())
        await stage.pilot.pause()
        for width in (1, 2, 3, 5, 12):
            for height in (1, 2, 4, 24):
                await stage.pilot.resize_terminal(width, height)
                await stage.press("pagedown")
        assert stage.app.is_running
        await stage.app.close_labs()
