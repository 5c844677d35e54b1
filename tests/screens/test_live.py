"""Tests the screen of a real child process: its tasks, its terminal and keys, and its end."""

import asyncio
import errno
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from textual.events import Key
from textual.screen import Screen

from asynclab.app import AsyncLabApp
from asynclab.cli.recording_file import RecordingFile, header_of
from asynclab.model.events import TaskCreated
from asynclab.model.state import LabState
from asynclab.remote.launch import Target
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import RecordingWriter
from asynclab.remote.pseudo_terminal import PseudoTerminal
from asynclab.remote.wire import AnyFrame, Heartbeat, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from asynclab.screens.fetch.fetch_screen import FetchScreen
from asynclab.screens.lab.stuck_screen import StuckScreen
from asynclab.screens.learn.learn_screen import LearnScreen
from asynclab.screens.run.connected_program import last_seen
from asynclab.screens.run.live_program import LiveProgram
from asynclab.screens.run.live_screen import LiveScreen
from asynclab.screens.run.terminal_pane import WAY_OUT, TerminalPane, bytes_of
from asynclab.widgets.spans import plain
from tests.fast_ui import until
from tests.remote.programs import ROOT
from tests.screens.dashboard_stage import Hand
from tests.screens.recordings import text_of
from tests.screens.test_run_snapshots import FrozenProgram
from tests.widgets.view_stage import painted


@dataclass
class Live(Hand):
    """The app with a program on its stage, and a hand on its keys."""

    program: LiveProgram
    frames: list[AnyFrame]

    @property
    def screen(self) -> LiveScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, LiveScreen))

    @property
    def loop(self) -> LabState | None:
        return self.screen.program.state

    @property
    def terminal(self) -> str:
        return text_of(self.screen.query_one(TerminalPane))

    @property
    def offered(self) -> set[str]:
        """The commands that apply now."""
        return {offer.command.name for offer in self.screen.offers if offer.is_offered}

    @property
    def facts(self) -> str:
        return " ".join(self.program.facts)

    async def shown_after(self, key: str) -> Screen[Any]:
        """Press a key that leads to another screen. Returns that screen."""
        before = self.app.screen
        await self.press(key)
        await until(lambda: self.app.screen is not before)
        return self.app.screen

    async def printed(self, text: str) -> None:
        await until(lambda: text in self.terminal)

    async def ended(self) -> None:
        await until(lambda: self.program.has_ended)
        self.screen.beat()


@asynccontextmanager
async def running(code: str, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Live]:
    """A program of this code, which is over when the block is left."""
    frames: list[AnyFrame] = []
    program = LiveProgram(Target(("-c", code)))
    program.told.takers.append(frames.append)
    app = AsyncLabApp(program=program)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        async with app.run_test(size=size, notifications=True) as pilot:
            live = Live(app, pilot, program, frames)
            try:
                await until(lambda: program.is_live)
                yield live
            finally:
                await program.close()
                await app.runs.close()
            assert program.has_ended


ASKING = """
import asyncio, os, sys
async def ticker():
    try:
        while True:
            await asyncio.sleep(0.05)
    finally:
        print("cleaned up")
async def main():
    task = asyncio.create_task(ticker(), name="ticker")
    print("\\x1b[31mred\\x1b[0m", sys.stdout.isatty(), os.get_terminal_size().columns)
    name = await asyncio.to_thread(input, "name? ")
    print("hello", name)
    await task
asyncio.run(main())
"""


async def test_a_program_has_tasks_a_terminal_and_ends_by_ctrl_c() -> None:
    async with running(ASKING) as live:
        await live.printed("name?")
        await until(lambda: "ticker" in text_of(live.screen.stage.tasks))
        pane = live.screen.query_one(TerminalPane)
        assert f"red True {pane.scrollable_content_region.width}" in live.terminal
        await until(lambda: plain(pane.subtitle) == "o types here")
        for key, character in (("o", "o"), ("q", "q"), ("question_mark", "?"), ("enter", "\r")):
            live.app.post_message(Key(key, character))  # all at once, as a fast typist or a paste without marks
        await live.printed("hello q?")
        assert live.app.screen is live.screen
        assert [entry.keys for entry in live.screen.bar()] == ["^]", "all other keys"]
        await until(lambda: plain(pane.subtitle) == "^] leaves")
        await live.press(WAY_OUT, "left_square_bracket")
        assert live.screen.is_past
        await live.press("escape", "o", "ctrl+c")
        await live.printed("cleaned up")
        await live.ended()
        assert live.program.code == -signal.SIGINT
        assert "killed by SIGINT" in live.facts
        assert "killed by SIGINT" in " ".join(live.notices)
        assert not live.screen.is_typing
        await until(lambda: not pane.subtitle)
        assert [frame.code for frame in live.frames if hasattr(frame, "code")] == [-signal.SIGINT]


CONTROLLED = """
import asyncio
async def ticks():
    while True:
        await asyncio.sleep(0)
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(ticks(), name="ticks")
        sleeper = group.create_task(asyncio.sleep(99), name="sleeper")
        await asyncio.wait([sleeper])
        print("the sleeper is gone", flush=True)
asyncio.run(main())
"""


async def test_every_screen_leads_to_the_program() -> None:
    async with running(ASKING) as live:
        shown = await live.shown_after("f")
        assert isinstance(shown, FetchScreen)
        fetch = shown
        assert "Run" in fetch.title_bar.line_text(0)
        assert await live.shown_after("escape") is live.screen
        await live.press("W", "f")
        assert isinstance(await live.shown_after("escape"), LearnScreen)
        assert await live.shown_after("W") is shown
        await live.press("enter")
        await until(lambda: live.app.run_count == 2)
        await live.press("T")
        assert fetch.is_staged
        await live.pilot.click(fetch.title_bar, offset=(fetch.title_bar.line_text(0).index("Run"), 0))
        await until(lambda: live.app.screen is live.screen)


async def test_a_program_is_paused_stepped_and_slowed_and_a_task_of_it_cancelled() -> None:
    async with running(CONTROLLED) as live:
        await until(lambda: live.loop is not None and len(live.loop.tasks) == 3)
        state = live.loop
        assert state is not None
        names = {task.name: number for number, task in state.tasks.items()}
        ticks = state.tasks[names["ticks"]]
        await until(lambda: "pause" in live.offered)  # the screen hears of the loop a frame later
        await live.press("space")
        await until(lambda: state.clock.paused)
        steps = ticks.steps
        await live.press("n")
        await until(lambda: ticks.steps == steps + 1)
        await live.press("n")
        await until(lambda: ticks.steps == steps + 2)
        live.screen.stage.tasks.select(names["ticks"])
        await live.press("N")
        await until(lambda: ticks.steps == steps + 3)
        await until(lambda: state.clock.paused and state.running_to is None)
        await live.press("full_stop", "comma", "space")
        await until(lambda: not state.clock.paused)
        assert state.clock.speed == 0.5
        live.screen.stage.tasks.select(names["sleeper"])
        await live.press("x")
        await live.printed("the sleeper is gone")
        assert {"pause", "step", "slower", "cancel task"} <= live.offered
        assert "next event" in live.offered
        assert "instant" not in live.offered


ASKED = """
import asyncio, os, signal, sys
async def main():
    lock = asyncio.Lock()
    await lock.acquire()
    waiter = asyncio.create_task(lock.acquire(), name="waiter")
    await asyncio.to_thread(sys.stdin.readline)
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGUSR1)
    await waiter
asyncio.run(main())
"""


async def test_sigusr1_to_the_program_or_to_us_opens_the_stuck_report() -> None:
    async with running(ASKED) as live:
        await until(lambda: "lock#1" in text_of(live.screen.stage.tasks))
        os.kill(os.getpid(), signal.SIGUSR1)
        await until(lambda: isinstance(live.app.screen, StuckScreen))
        first = live.app.screen
        assert isinstance(first, StuckScreen)
        assert "waiter" in first.text_to_copy()
        live.program.type(b"\n")
        await until(lambda: "waits for task 'waiter'" in first.text_to_copy())
        await live.press("escape")
        await live.pilot.pause()
        assert live.app.screen is live.screen


BLOCKED = """
import asyncio, sys
async def reads():
    await asyncio.sleep(0.01)
    sys.stdin.readline()
asyncio.run(reads())
"""


async def test_what_blocks_the_loop_is_named_on_the_screen_while_it_lasts() -> None:
    async with running(BLOCKED) as live:
        await until(lambda: live.loop is not None and live.loop.is_blocking)
        live.screen.beat()
        await until(lambda: "<string>:5" in plain(live.screen.stage.concept.subtitle))
        live.program.type(b"\n")
        await live.ended()


STUBBORN = """
import asyncio, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
async def main():
    print("ready", flush=True)
    await asyncio.sleep(99)
asyncio.run(main())
"""


async def test_quitting_asks_first_and_ends_a_program_that_ignores_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = (*tuple((number, 0.05) for number in (signal.SIGINT, signal.SIGTERM)), (signal.SIGKILL, 5.0))
    monkeypatch.setattr("asynclab.screens.run.live_program.ASKING", asking)
    async with running(STUBBORN) as live:
        await live.printed("ready")
        await live.press("q")
        assert "q again ends it" in " ".join(live.notices)
        assert live.program.is_live
        await live.press("q")
        await live.ended()
        assert live.program.code == -signal.SIGKILL


CLEANS_UP = """
import asyncio
async def main():
    try:
        while True:
            await asyncio.sleep(0.01)
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up")
asyncio.run(main())
"""


async def test_a_program_that_is_paused_cleans_up_when_it_is_ended() -> None:
    async with running(CLEANS_UP) as live:
        await until(lambda: "pause" in live.offered)
        await live.press("space")
        await until(lambda: live.loop is not None and live.loop.clock.paused)
        await live.program.close()
        assert live.program.code == -signal.SIGINT
        assert "cleaned up" in live.terminal


PLAIN = """
import sys
print("only this")
sys.exit(3)
"""


async def test_a_program_without_asyncio_runs_and_a_line_says_so_in_panes_on_tabs_or_beside_each_other() -> None:
    async with running(PLAIN, (80, 24)) as live:
        await live.ended()
        assert "The program ran no asyncio task. Press o" in " ".join(painted(live.screen.stage.tasks))
        await live.printed("only this")
        assert "exit code 3" in live.facts
        assert "made no event loop" in live.facts
        await live.pilot.resize_terminal(100, 30)
        await until(lambda: live.screen.size == (100, 30))
        assert live.screen.is_single
        await live.pilot.resize_terminal(100, 40)
        await until(lambda: not live.screen.is_single)
        assert live.screen.stage.source.size.height > 5
        await until(lambda: "when it ran" in " ".join(painted(live.screen.stage.timeline)))
        await until(lambda: "The code that runs" in " ".join(painted(live.screen.stage.source)))
        assert live.screen.stage.source.border_title == "Code"


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)])
async def test_a_terminal_keeps_its_size_when_one_goes_there(size: tuple[int, int]) -> None:
    async with running("import os, sys; print('size', *os.get_terminal_size()); sys.stdin.read()", size) as live:
        before = live.program.terminal.size
        await live.printed(f"size {before[0]} {before[1]}")
        await live.press("o")
        assert live.program.terminal.size == before


async def test_the_file_of_a_program_is_shown_before_any_task_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiveProgram, "begin", lambda _: None)
    script = tmp_path / "shop.py"
    script.write_text("print('here')")
    async with AsyncLabApp(program=LiveProgram(Target((str(script),)))).run_test(size=(120, 40)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, LiveScreen)
        screen.beat()
        await until(lambda: "print('here')" in " ".join(painted(screen.stage.source)))
        assert screen.stage.source.border_title == "shop.py"


async def test_until_a_program_says_that_it_runs_it_is_said_to_be_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveProgram, "begin", lambda _: None)
    program = LiveProgram(Target(("shop.py",)))
    async with AsyncLabApp(program=program).run_test(size=(120, 40)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, LiveScreen)
        screen.beat()
        assert "The program is starting." in " ".join(painted(screen.stage.tasks))
        program.take(ProgramStarted("shop.py", "3.13.0", 1, 0.0))
        screen.beat()
        assert "no asyncio task so far" in " ".join(painted(screen.stage.tasks))


CRASHING = """
import asyncio, os, signal
async def main():
    asyncio.create_task(asyncio.sleep(99), name="sleeper")
    await asyncio.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_a_program_that_is_killed_is_shown_as_it_was() -> None:
    async with running(CRASHING) as live:
        await live.ended()
        assert live.program.code == -signal.SIGKILL
        assert "sleeper" in text_of(live.screen.stage.tasks)
        assert "killed by SIGKILL" in live.facts


async def test_the_time_of_a_program_that_is_killed_goes_on_after_what_it_told_last() -> None:
    program = LiveProgram(Target(("-c", "")))
    for frame in (LoopOpened(1, "Loop", 0.5), Heartbeat(1.0)):
        program.take(frame)
    end = program.now_at(time.monotonic() + 5)
    assert end >= 6
    program.take(ProgramEnded(end, -signal.SIGKILL))
    (loop,) = program.told.loops.values()
    assert program.told.now == loop.state.now == end


SILENT = """
import os, signal, asyncio
async def main():
    print("stopping", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
asyncio.run(main())
"""


async def test_where_nothing_is_heard_the_viewer_says_so_and_can_still_end_it() -> None:
    async with running(SILENT) as live:
        # A child that gets no processor is as silent as one that is stopped, and tells more later.
        await until(lambda: os.waitid(os.P_ALL, 0, os.WSTOPPED | os.WNOHANG | os.WNOWAIT))
        await until(lambda: "No heartbeat for" in live.facts)
        now = live.program.now
        await asyncio.sleep(0.1)
        assert live.program.now == pytest.approx(now)


class _FullDisk(BytesIO):
    """Takes a header, and nothing behind it."""

    def write(self, data: Any, /) -> int:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


async def test_a_disk_that_is_full_is_told_on_the_screen_and_not_across_it(capfd: pytest.CaptureFixture[str]) -> None:
    async with running(SILENT.replace("SIGSTOP", "SIGCONT")) as live:
        writer = RecordingWriter(_FullDisk(), header_of(("app.py",)))
        with RecordingFile(writer, keep_sources=False, complain=live.program.warn) as recording:
            for frame in live.frames:
                recording.write(frame)
        await until(lambda: "the recording ends here: No space left" in " ".join(live.notices))
        assert "The recording ends here: No space left on device." in live.facts
        await live.ended()
    assert capfd.readouterr().err == ""


FLOOD = "print('x' * 99_999 + '\\n' + 'line\\n' * 50_000 + 'the end')"


async def test_a_flood_of_output_is_left_out_rather_than_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.screens.run.live_program.MOST_PRINTED", 20_000)
    monkeypatch.setattr("asynclab.screens.run.live_program.KEPT_OF_PRINTED", 5_000)
    async with running(FLOOD) as live:
        await live.printed("the end")
        await live.printed("bytes of output left out here")
        await live.ended()
        *_, after = live.terminal.split("left out here")
        assert set(map(str.strip, after.splitlines()[1:])) == {"line", "the end"}, "whole lines alone"


async def test_what_cannot_be_started_is_told_in_a_line() -> None:
    nowhere = replace(Target(("-c", "pass")).interpreter, path="/nowhere/python")
    program = LiveProgram(Target(("-c", "pass"), interpreter=nowhere))
    with mock.patch.object(PseudoTerminal, "close", autospec=True, side_effect=PseudoTerminal.close) as closes:
        async with AsyncLabApp(program=program).run_test(size=(80, 24)) as pilot:
            await until(lambda: program.problem)
            assert "No such file" in program.problem
            assert not program.is_live
            assert closes.called
            await pilot.resize_terminal(120, 40)
            await until(lambda: program.terminal.size[0] > 80)


async def test_a_program_is_one_run_however_many_loops_it_has() -> None:
    program = FrozenProgram(Target(("shop.py",)))
    async with AsyncLabApp(program=program).run_test(size=(120, 40)) as pilot:
        await until(lambda: program.runs)
        program.take(LoopOpened(3, "Loop", 1.0))
        screen = pilot.app.screen
        assert isinstance(screen, LiveScreen)
        screen.beat()
        assert sum(run.is_running for run in screen.programs) == 2
        assert "1 run · 4 tasks" in screen.title_bar.line_text(0)


def test_where_it_was_last_seen_is_what_its_heartbeat_says() -> None:
    told = ObservedProgram()
    assert last_seen(told) == "it ran no step when it was last seen"
    told.take(LoopOpened(1, "Loop", 0.0))
    told.take(LoopEvents(1, (TaskCreated(0.0, 1, "worker", "work", None, "", 0),)))
    told.take(Heartbeat(1.0, 1, 1, "/app.py", 7, "work"))
    assert last_seen(told) == "last seen in worker (app.py line 7)"
    told.take(Heartbeat(1.0, 1, None, "/app.py", 8, "work"))
    assert last_seen(told) == "last seen in a callback (app.py line 8)"
    told.take(Heartbeat(1.1))
    assert last_seen(told) == "it ran no step when it was last seen"


@pytest.mark.parametrize(
    ("key", "character", "sent"),
    [
        ("a", "a", b"a"),
        ("upper_a", "A", b"A"),
        ("é", "é", "é".encode()),
        ("enter", "\r", b"\r"),
        ("backspace", "\x7f", b"\x7f"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", "\x1b", b"\x1b"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+d", "\x04", b"\x04"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("up", None, b"\x1b[A"),
        ("ctrl+right", None, b"\x1b[1;5C"),
        ("f5", None, b"\x1b[15~"),
        ("alt+b", None, b"\x1bb"),
        ("some_new_key", None, b""),
    ],
)
def test_keys_send_what_a_terminal_sends(key: str, character: str | None, sent: bytes) -> None:
    assert bytes_of(key, character, is_application=False) == sent


def test_arrows_send_something_else_where_the_program_asked_for_it() -> None:
    assert bytes_of("up", None, is_application=True) == b"\x1bOA"
