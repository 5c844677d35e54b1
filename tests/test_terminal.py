"""Tests the app on a real terminal of 120 x 40: its keys, and the terminal's state afterwards."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyte
import pytest

from asynclab.terminal.slow_line import ANSWER, QUESTION

COLUMNS, LINES = 120, 40
PATIENCE = 20.0
"""Real seconds after which something that should appear is missed."""


class Terminal:
    """The app in a pseudo-terminal, with stderr in a file."""

    def __init__(self, errors: Path, *arguments: str) -> None:
        self.main, self.other = pty.openpty()
        termios.tcsetwinsize(self.other, (LINES, COLUMNS))
        self.attributes = termios.tcgetattr(self.other)
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)
        self.output = b""
        self.errors = errors
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONWARNINGS": "default", "LINES": "", "COLUMNS": ""}
        with errors.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "asynclab", *arguments],
                stdin=self.other,
                stdout=self.other,
                stderr=file,
                env=environment,
                start_new_session=True,
            )

    def press(self, keys: str) -> None:
        self.press_bytes(keys.encode())

    def press_bytes(self, keys: bytes) -> None:
        os.write(self.main, keys)

    def wait_for(self, condition: Callable[[str], bool], what: str) -> str:
        """Read until the screen is as it should be; the screen's text."""
        deadline = time.monotonic() + PATIENCE
        while not condition(self.text):
            assert time.monotonic() < deadline, f"never seen: {what}\n{self.text}\n{self.errors.read_text()}"
            self.read(0.1)
        return self.text

    def wait_for_text(self, text: str) -> str:
        return self.wait_for(lambda screen: text in screen, text)

    def read(self, seconds: float, most: int = 65_536) -> None:
        if select.select([self.main], [], [], seconds)[0]:
            data = os.read(self.main, most)
            asked = self.output.count(QUESTION.encode())  # a question may come in two parts
            self.output += data
            os.write(self.main, ANSWER.encode() * (self.output.count(QUESTION.encode()) - asked))
            self.stream.feed(data)

    def read_slowly(self, rate: int, until: Callable[[str], bool]) -> int:
        """Read so many bytes a second, until the screen is as it should be or the app has ended; the bytes read."""
        count, deadline = 0, time.monotonic() + PATIENCE
        while self.process.poll() is None and not until(self.text):
            assert time.monotonic() < deadline, f"never seen\n{self.text}\n{self.errors.read_text()}"
            select.select([], [], [], 0.02)  # the line's own pace
            before = len(self.output)
            self.read(0, rate // 50)
            count += len(self.output) - before
        return count

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait_for_exit(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"does not end\n{self.text}"
            self.read(0.05)
        while select.select([self.main], [], [], 0)[0]:
            self.read(0)
        return self.process.returncode

    def wait_for_change(self) -> int:
        """Read until the process stops or ends; its status as os.waitpid gives it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            process, status = os.waitpid(self.process.pid, os.WUNTRACED | os.WNOHANG)
            if process:
                self.read(0)
                return status
            assert time.monotonic() < deadline, f"does not stop\n{self.text}"
            self.read(0.05)

    def is_restored(self) -> bool:
        """Whether the alternate screen was left, the cursor shown, the mouse let go, and the modes are as before."""
        undone = ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?1003h", b"\x1b[?1003l"))
        switched = all(self.output.rfind(off) > self.output.rfind(on) >= 0 for on, off in undone)
        return switched and termios.tcgetattr(self.other) == self.attributes

    def leave(self, code: int = 0) -> None:
        """Quit: asynclab ends with this code, has complained of nothing, and gives the terminal back as it was."""
        self.press("q")
        assert self.wait_for_exit() == code
        assert self.errors.read_text() == ""
        assert self.is_restored()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.main)
        os.close(self.other)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with closing(Terminal(tmp_path / "errors")) as opened:
        opened.wait_for_text("0-9 run")
        yield opened


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_three_demos_run_in_asyncio_s_own_order_and_quitting_leaves_nothing_behind(terminal: Terminal) -> None:
    terminal.press("7")
    terminal.wait_for_text("producer-1")
    terminal.press("1")
    terminal.wait_for_text("“Hello”")
    terminal.press("4")
    # A task starts when its creator waits; Textual's eager tasks would start it within create_task.
    lazily = ("created task-1", "created task-2", "waits: task-1", "sleeps 2.00 s", "sleeps 1.00 s")
    terminal.wait_for(lambda screen: in_order(screen, *lazily), "the order of plain asyncio")
    terminal.leave()


def test_no_color_sends_no_colour_and_the_screen_is_in_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with closing(Terminal(tmp_path / "errors")) as terminal:
        assert "╭─ Demos" in terminal.wait_for_text("coroutines.py")
        assert re.findall(rb"\x1b\[[\d;]*[34]8;[\d;]*m", terminal.output) == []


def test_behind_a_slow_line_pause_shows_and_the_app_ends_within_a_second(tmp_path: Path) -> None:
    a_second = 5_000
    options = ("-p", "items=20", "-p", "produce_seconds=3")
    with closing(Terminal(tmp_path / "errors", "demo", "queue", *options)) as terminal:
        terminal.read_slowly(a_second, lambda screen: "sleeps 3.00 s" in screen)
        terminal.read_slowly(a_second, lambda screen: "got" in screen)

        def bytes_until(key: str, text: str) -> int:
            terminal.press(key)
            return terminal.read_slowly(a_second, lambda screen: text in screen)

        for _ in range(3):  # other processes may have had the processor meanwhile: the best counts
            if bytes_until(" ", "paused at") <= a_second:
                break
            bytes_until(" ", "► 1×")
        else:
            pytest.fail("pause never showed within a second")
        terminal.press("q")
        assert terminal.read_slowly(a_second, lambda _: False) <= a_second
        assert terminal.wait_for_exit() == 0
        assert terminal.is_restored()


def steps_and_clock(text: str) -> tuple[int, str]:
    """How many steps the tasks on the screen have made, and at what lab time they are held."""
    steps = sum(int(found) for found in re.findall(r" ms +(\d+) *│", text))
    held = re.search(r"paused at [\d.]+ s", text)
    return steps, held.group() if held else ""


def test_a_run_is_held_stepped_ten_times_and_resumed(terminal: Terminal) -> None:
    terminal.press("7")
    terminal.wait_for(lambda text: steps_and_clock(text)[0] >= 3, "a step of each task")
    terminal.press(" ")
    terminal.wait_for_text("paused at")
    before, stepped = steps_and_clock(terminal.text), 0
    for _ in range(10):
        terminal.press("n")
        after = steps_and_clock(terminal.wait_for(lambda text, old=before: steps_and_clock(text) != old, "a step"))  # type: ignore[misc]
        assert after[0] - before[0] == (0 if after[1] != before[1] else 1)
        stepped += after[0] - before[0]
        before = after
    assert stepped >= 5
    terminal.press(" ")
    terminal.wait_for_text("► 1×")
    terminal.leave()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=lambda number: number.name)
def test_a_polite_end_from_outside_is_a_clean_one(terminal: Terminal, number: signal.Signals) -> None:
    terminal.press("7")
    terminal.wait_for_text("producer-1")
    terminal.process.send_signal(number)
    assert terminal.wait_for_exit() == 128 + number
    assert terminal.errors.read_text() == ""
    assert terminal.is_restored()


def test_the_app_ends_with_its_terminal(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "errors")
    terminal.wait_for_text("0-9 run")
    os.close(terminal.other)
    os.close(terminal.main)
    assert terminal.process.wait(PATIENCE) == 128 + signal.SIGHUP
    assert terminal.errors.read_text() == ""


def test_the_screen_comes_back_after_a_stop(terminal: Terminal) -> None:
    whole = ("0-9 run", "BASICS", "coroutines.py")
    for by_key in (True, False):
        if by_key:
            terminal.press("\x1a")
        else:
            terminal.process.send_signal(signal.SIGSTOP)
        assert os.WIFSTOPPED(terminal.wait_for_change())
        terminal.screen.reset()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(lambda screen: all(part in screen for part in whole), "all")
    terminal.leave()


def test_lab_time_stands_still_while_the_process_is_stopped(tmp_path: Path) -> None:
    stopped = 2.0
    with closing(Terminal(tmp_path / "errors", "demo", "timeout", "-p", "limit=1")) as terminal:
        terminal.wait_for_text("timeout of ")
        terminal.press("\x1a")  # which makes Textual send the signal that a shell's `kill -TSTP` sends
        assert os.WIFSTOPPED(terminal.wait_for_change())
        select.select([], [], [], stopped)  # a stop takes real time; the lab must not see it
        terminal.process.send_signal(signal.SIGCONT)
        expired = re.search(r"timed out at ([\d.]+) s", terminal.wait_for_text("timed out at"))
        assert expired is not None
        assert float(expired[1]) < stopped
        terminal.leave()


def test_a_demo_named_on_the_command_line_runs_at_once(tmp_path: Path) -> None:
    with closing(Terminal(tmp_path / "errors", "demo", "gather", "-p", "tasks=3", "--instant")) as terminal:
        terminal.wait_for_text("run ended: returned")
        assert "gather tasks=3" in terminal.text
        terminal.press("\x03\x03")
        assert terminal.wait_for_exit() == 0
        assert terminal.errors.read_text() == ""
