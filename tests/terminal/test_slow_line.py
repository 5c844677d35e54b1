"""Tests how a slow terminal is noticed: by its late answers, or by its full buffers."""

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from asynclab.terminal.slow_line import LEAST_RATE, QUESTION, REST, TRUSTED_FOR, Pace, SlowLine
from asynclab.terminal.slow_line import PATIENCE as SILENCE

PATIENCE = 20.0
"""Real seconds after which something that should happen is missed."""


class Terminal:
    """A terminal that shows nothing until it is told to."""

    def __init__(self) -> None:
        self.main, other = pty.openpty()
        tty.setraw(other)
        self.told: list[bool] = []
        self.changed = threading.Condition()
        self.clock: float | None = None
        """Seconds; None for the real time."""
        self.line = SlowLine(other, self.tell, lambda: time.monotonic() if self.clock is None else self.clock)
        self._other = other

    def tell(self, is_behind: bool) -> None:
        with self.changed:
            self.told.append(is_behind)
            self.changed.notify()

    def show(self, frame: str) -> None:
        """Write a frame, and ask behind it."""
        self.line.write(frame)
        self.line.ask()

    def wait_until(self, is_behind: bool) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.told[-1:] == [is_behind], PATIENCE)

    def read_until(self, end: str) -> bytes:
        read = b""
        while not read.endswith(end.encode()):
            read += os.read(self.main, 4_096)
        return read

    def close(self) -> None:
        os.close(self.main)
        self.line.close()
        os.close(self._other)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_a_terminal_is_asked_behind_each_frame_and_is_behind_until_it_answers(terminal: Terminal) -> None:
    terminal.show("a frame")
    assert terminal.read_until(QUESTION) == b"a frame" + QUESTION.encode()
    terminal.wait_until(is_behind=True)
    terminal.line.answer()
    terminal.wait_until(is_behind=False)


def test_the_end_waits_for_an_answer_that_is_due_and_asks_no_more(terminal: Terminal) -> None:
    terminal.show("a frame")
    terminal.read_until(QUESTION)
    ending = threading.Thread(target=terminal.line.drop)
    ending.start()
    assert ending.is_alive()
    terminal.line.answer()
    ending.join()
    terminal.show("the end")
    assert terminal.read_until("the end") == b"the end"
    terminal.line.close()
    assert not select.select([terminal.main], [], [], 0)[0]


def test_what_was_written_after_a_question_is_asked_about_when_the_answer_has_come(terminal: Terminal) -> None:
    terminal.show("one")
    terminal.show("two")
    assert terminal.read_until("two") == b"one" + QUESTION.encode() + b"two"
    terminal.line.answer()
    assert terminal.read_until(QUESTION) == QUESTION.encode()
    terminal.line.answer()
    terminal.line.ask()
    terminal.line.write("end")
    assert terminal.read_until("end") == b"end"


def test_behind_a_slow_line_one_frame_is_under_way_at_a_time(terminal: Terminal) -> None:
    terminal.show("a frame")
    terminal.wait_until(is_behind=True)
    terminal.line.answer()
    terminal.wait_until(is_behind=False)
    terminal.clock = 0.0  # no time passes from here on
    terminal.show("the next")
    terminal.wait_until(is_behind=True)


def test_a_terminal_whose_answer_was_lost_is_asked_again(terminal: Terminal) -> None:
    terminal.clock = 0.0
    terminal.show("a frame")
    terminal.line.answer()
    terminal.show("the next")
    terminal.read_until("the next" + QUESTION)
    terminal.clock = SILENCE
    terminal.line.ask()  # wakes the thread, which looks at the clock
    assert terminal.read_until(QUESTION) == QUESTION.encode()
    terminal.wait_until(is_behind=True)
    terminal.line.answer()
    terminal.wait_until(is_behind=False)


def test_a_terminal_with_full_buffers_is_behind_and_gets_everything_in_the_end(terminal: Terminal) -> None:
    terminal.line.write("x" * 200_000)
    terminal.line.write("end")
    terminal.wait_until(is_behind=True)
    assert len(terminal.read_until("end")) == 200_003


def test_what_was_not_sent_yet_is_dropped_at_the_end(terminal: Terminal) -> None:
    terminal.line.write("x" * 200_000)
    terminal.wait_until(is_behind=True)
    terminal.line.drop()
    terminal.line.write("bye")
    read = terminal.read_until("bye")
    assert len(read) < 200_000
    assert read.endswith(b"\x18\x1b[mbye")


def test_a_terminal_that_does_not_answer_gets_its_frames_with_pauses(terminal: Terminal) -> None:
    terminal.clock = 0.0
    terminal.show("a frame")
    terminal.read_until(QUESTION)
    terminal.clock = SILENCE
    terminal.show("the next")
    terminal.wait_until(is_behind=True)
    terminal.clock = SILENCE + REST
    terminal.wait_until(is_behind=False)
    terminal.show("the third")
    terminal.wait_until(is_behind=True)
    assert QUESTION.encode() not in terminal.read_until("the third")


def test_a_terminal_that_takes_everything_at_once_is_never_late() -> None:
    pace = Pace()
    pace.wrote(100_000, 0.0)
    assert pace.late(0.0) < 0


def test_full_buffers_tell_how_fast_a_terminal_is_and_how_much_it_has_not_shown() -> None:
    pace = Pace()
    for tenth in range(100):  # ten seconds of 10 kB, of which the line takes a half
        pace.wrote(1_000, tenth / 10)
    pace.was_full(5_000, 1.0, 10.0)
    assert pace.rate == 5_000
    assert pace.late(10.0) == pytest.approx(10.0, abs=0.3)


def test_a_terminal_that_was_stopped_is_not_taken_for_slow() -> None:
    pace = Pace()
    pace.was_full(1_000, 3_600.0, 3_600.0)
    assert pace.rate == LEAST_RATE


def test_a_measured_rate_is_doubted_after_a_while() -> None:
    pace = Pace()
    pace.was_full(5_000, 1.0, 0.0)
    pace.late(TRUSTED_FOR)
    assert pace.rate == 5_000
    pace.late(TRUSTED_FOR + 1)
    assert 5_000 < pace.rate < 5_500
