"""Tests the screen of a recording: its panes, its loops, how the program ended, and what is missing."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from asynclab.cli.main import main
from asynclab.model import events as e
from asynclab.remote.wire import Heartbeat, LoopClosed, LoopEvents, LoopOpened, ProgramStarted
from asynclab.screens.lab.lab_actions import can_control
from asynclab.screens.lab.lab_screen import can_be_instant
from asynclab.screens.lab.story_screen import StoryScreen
from asynclab.screens.run import watched_program
from asynclab.screens.run.replay import Replay
from asynclab.screens.run.run_screen import RunScreen
from asynclab.screens.shared.help_page import HelpScreen
from tests.screens import deadlocked
from tests.screens.dashboard_stage import read_help
from tests.screens.recordings import CODE, ENDED, frames, shown, text_of, written

CONTROLS = [command for command in RunScreen.commands if command.offered in (can_control, can_be_instant)]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A whole one."""
    return written(tmp_path / "shop.rec", *frames(str(tmp_path / "ticker.py")), ENDED)


async def test_the_loop_on_which_most_happened_is_in_every_pane(recording: Path) -> None:
    async with shown(recording) as stage:
        views = stage.views
        assert all(name in text_of(views.tasks) for name in ("main", "producer-1", "consumer-1", "consumer-2"))
        assert "producer-1" in text_of(views.timeline)
        assert "put 3" in text_of(views.activity)
        assert "await queue.put(number)" in text_of(views.source)
        await stage.press("w")
        assert "queue#1" in text_of(views.gauges)
        assert views.concept.lesson.title == "shop.rec (recording)"
        told = views.concept.lesson.concept
        assert "shop.py --open" in told
        assert "killed by SIGKILL" in told
        assert "cut" not in told
        assert stage.screen.program.is_running is False


async def test_another_loop_is_chosen_with_keys_or_the_mouse_and_shows_its_own_file(recording: Path) -> None:
    async with shown(recording) as stage:
        assert stage.screen.loop_list.display
        await stage.press("shift+tab", "k")
        assert "ticker" in text_of(stage.views.tasks)
        assert "producer-1" not in text_of(stage.views.tasks)
        assert stage.views.source.text_to_copy() == CODE, "though the file is no longer there"
        assert "changed on disk" not in str(stage.views.source.border_subtitle)
        await stage.pilot.click("#loops", offset=(5, 2))
        await stage.press()
        assert "producer-1" in text_of(stage.views.tasks)


async def test_its_past_is_gone_through_and_a_task_s_life_told(recording: Path) -> None:
    async with shown(recording) as stage:
        record = stage.screen.record
        await stage.press("left_square_bracket", "left_square_bracket")
        assert record.is_past
        await stage.press("left_curly_bracket")
        assert record.moment == 0
        await stage.press("escape")
        assert not record.is_past
        await stage.press("slash", *"producing", "enter")
        assert stage.views.activity.line_count() == 4
        stage.views.tasks.focus()
        await stage.press("j", "enter")
        assert isinstance(stage.app.screen, StoryScreen)


async def test_what_needs_a_control_is_offered_nowhere(recording: Path) -> None:
    async with shown(recording) as stage:
        assert CONTROLS
        assert not set(CONTROLS) & {offer.command for offer in stage.screen.offers if offer.is_offered}
        for absent in ("space", "n step", ", .", "i instant", "N next", "x cancel", "c cancel"):
            assert absent not in stage.bar
        for present in ("[ ] history", "enter explain", "/ filter", "y copy", "z zoom", "tab pane"):
            assert present in stage.bar
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, HelpScreen)
        assert not [command.help for command in CONTROLS if command.help.split(":")[0] in read_help(stage.app)]


async def test_from_the_demos_a_tab_leads_back_to_it(recording: Path) -> None:
    async with shown(recording) as stage:
        await stage.pilot.click("TitleBar", offset=(12, 0))
        await stage.pilot.pause()
        assert stage.app.current_mode == "learn"
        await stage.pilot.pause(0.5)
        await stage.pilot.click("TitleBar", offset=(26, 0))
        await stage.pilot.pause()
        assert stage.app.current_mode == "run"


async def test_a_recording_that_was_cut_says_where(tmp_path: Path) -> None:
    async with shown(written(tmp_path / "r", *frames(), is_whole=False)) as stage:
        assert "cut off at 1.500 s" in stage.views.concept.lesson.concept
        assert "no more events" in str(stage.views.concept.border_subtitle)
        assert "producer-1" in text_of(stage.views.tasks)


async def test_what_comes_before_damage_is_shown_and_the_damage_told_once(tmp_path: Path) -> None:
    beats = [Heartbeat(2.0 + number) for number in range(200)]  # what shares a kilobyte with the damage is lost
    path = written(tmp_path / "r", *frames(), *beats, is_whole=False)
    path.write_bytes(path.read_bytes() + b"\xff" * 100)
    async with shown(path) as stage:
        assert "producer-1" in text_of(stage.views.tasks)
        assert stage.notices == [stage.replay.complaint]
        assert "is damaged" in stage.replay.complaint


async def test_events_that_were_never_recorded_are_counted(tmp_path: Path) -> None:
    lost = LoopEvents(2, (e.EventsDropped(1.6, 1_234),))
    async with shown(written(tmp_path / "r", *frames(), lost, ENDED)) as stage:
        assert "1,234 events never recorded" in stage.views.concept.lesson.concept


async def test_what_is_not_seen_of_uvloop_is_said_where_it_shows(tmp_path: Path) -> None:
    opened = (ProgramStarted("a.py", "3.13.0", 1, 1.0), LoopOpened(1, "uvloop.Loop", 0.5))
    async with shown(written(tmp_path / "r", *opened, ENDED)) as stage:
        assert "Not seen: deadlines of timers" in stage.views.concept.lesson.concept


async def test_a_program_without_asyncio_has_no_tasks_and_says_so(tmp_path: Path) -> None:
    async with shown(written(tmp_path / "r", ProgramStarted("a.py", "3.13.0", 1, 1.0), ENDED)) as stage:
        assert "made no event loop" in stage.views.concept.lesson.concept
        assert not stage.screen.loop_list.display


async def test_of_many_loops_the_oldest_are_only_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_program, "LOOPS_KEPT", 3)
    told = [frame for number in range(1, 8) for frame in (LoopOpened(number, "Loop", 0.0), LoopClosed(number, 1.0))]
    async with shown(written(tmp_path / "r", *told, ENDED)) as stage:
        assert list(stage.replay.runs) == [5, 6, 7]
        assert "4 earlier loops left out" in stage.views.concept.lesson.concept


async def test_of_many_loops_those_with_findings_go_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_program, "LOOPS_KEPT", 3)
    lost = LoopEvents(2, (e.CoroutineDropped(0.5, "work", "app.py", 7), e.Outside(0.5)))
    told = [frame for number in range(1, 8) for frame in (LoopOpened(number, "Loop", 0.0), LoopClosed(number, 1.0))]
    async with shown(written(tmp_path / "r", *told[:3], lost, *told[3:], ENDED)) as stage:
        assert list(stage.replay.runs) == [2, 6, 7]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "can't read"), (b"print('hello')\n", "is not a recording"), (b"", "is not a recording")],
    ids=["missing", "foreign", "empty"],
)
def test_what_is_no_recording_is_refused_before_any_screen(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "r"
    if content is not None:
        path.write_bytes(content)
    ran = CliRunner().invoke(main, ["replay", str(path)])
    assert (ran.exit_code, ran.stderr.count("\n")) == (1, 1)
    assert said in ran.stderr


def test_without_a_terminal_the_report_is_printed(recording: Path) -> None:
    ran = CliRunner().invoke(main, ["replay", str(recording)])
    assert ran.exit_code == 0
    assert "killed by SIGKILL" in ran.stdout
    assert "loop 2" in ran.stdout


def test_what_is_allowed_is_left_out_of_the_printed_report(tmp_path: Path) -> None:
    file = str(written(tmp_path / "bank.rec", *deadlocked.program(str(tmp_path / "ticker.py")), code=deadlocked.CODE))
    assert "deadlock: 'out'" in CliRunner().invoke(main, ["replay", file]).stdout
    ran = CliRunner().invoke(main, ["replay", "--allow", "deadlock:ticker.py:6", file])
    assert ran.exit_code == 0
    assert "deadlock" not in ran.stdout


async def test_a_screen_is_painted_before_all_of_it_is_read(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.screens.run.replay.SLICE", 0.0)
    replay = Replay(recording)
    replay.begin()
    seen = set()
    while not replay.is_read:
        seen.add(len(replay.runs))
        await asyncio.sleep(0)
    assert {0, 1, 2} <= seen
    await replay.close()


async def test_in_a_program_with_many_tasks_those_that_live_are_in_sight_and_a_key_lists_all(tmp_path: Path) -> None:
    births: list[e.AnyEvent] = [e.TaskCreated(0.0, number, f"job-{number}", "job", None) for number in range(1, 91)]
    ends: list[e.AnyEvent] = [e.TaskEnded(1.0, number, "done", "None") for number in range(1, 90)]
    begun = ProgramStarted("a.py", "3.13.0", 1, 1.0), LoopOpened(1, "_UnixSelectorEventLoop", 0.0)
    async with shown(written(tmp_path / "a.rec", *begun, LoopEvents(1, tuple(births)))) as stage:
        assert "A all tasks" not in stage.bar, "all of them live"
    async with shown(written(tmp_path / "b.rec", *begun, LoopEvents(1, (*births, *ends)))) as stage:
        listed = stage.views.tasks, stage.views.timeline
        assert all("job-90" in text_of(view) and "job-1 " not in text_of(view) for view in listed)
        assert "A all tasks" in stage.bar
        await stage.press("A")
        assert [view.line_count() for view in listed] == [90, 90]
        assert "A living" in stage.bar
        await stage.press("A")
        assert all("job-1 " not in text_of(view) for view in listed)


def test_headless_prints_the_report_though_there_is_a_terminal(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asynclab.cli.replay_command.has_terminal", lambda: True)
    replayed = CliRunner().invoke(main, ["replay", "--headless", str(recording)])
    assert replayed.exit_code == 0
    assert "killed by SIGKILL" in replayed.output
