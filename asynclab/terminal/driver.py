"""Draws the app on stdout, and reads keys, mouse events and pastes."""

from __future__ import annotations

import codecs
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter, sleep
from typing import Any, Protocol, runtime_checkable

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from asynclab.terminal.slow_line import ANSWER, SlowLine

START, END = "\x1b[200~", "\x1b[201~"
"""The escape sequences at the start and end of a bracketed paste."""

PICTURE = "\u241b"
"""Replaces the escape character in a paste."""


class PasteFilter:
    """Makes escape characters within pastes visible.

    Textual's parser looks for keys and mouse events after each of them, in a paste as well: `ESC[31mq`, copied from a
    log, would quit the app. An `ESC[201~` within a paste ends the paste, since it equals the end mark: terminals have
    to remove it.
    """

    def __init__(self) -> None:
        self._pasting = False
        self._kept_back = ""
        """The end of the latest data, if it may be the beginning of the end mark."""
        self._handed_on = ""
        """The end of the data that was parsed last: it may be the first part of the start mark."""

    def feed(self, data: str) -> str:
        """Return the part of all data that can be parsed now; the rest waits for more data."""
        parsed = ""
        while data:
            part, data = self._within(data) if self._pasting else self._outside(data)
            parsed += part
        return parsed

    def _outside(self, data: str) -> tuple[str, str]:
        """The keys before the next paste, and the data after that."""
        known = len(self._handed_on)
        before, mark, rest = (self._handed_on + data).partition(START)
        self._pasting = bool(mark)
        self._handed_on = "" if mark else before[1 - len(START) :]
        return (before + mark)[known:], rest

    def _within(self, data: str) -> tuple[str, str]:
        """The paste up to its end, and the data after that."""
        before, mark, rest = (self._kept_back + data).partition(END)
        self._pasting = not mark
        before, self._kept_back = (before, "") if mark else _split_off_beginning_of_end(before)
        return before.replace("\x1b", PICTURE) + mark, rest


def _split_off_beginning_of_end(text: str) -> tuple[str, str]:
    """Split off the end of a text, if it may be the beginning of the end mark."""
    for length in range(len(END) - 1, 0, -1):
        if text.endswith(END[:length]):
            return text[:-length], text[-length:]
    return text, ""


LOOK_SECONDS = 0.1
"""Seconds between two checks of the reading thread: whether to end, and whether an escape character was a key."""

STANDSTILL_SECONDS = 0.001
"""Seconds between two checks whether a process that stopped itself was continued."""

MOST_BYTES = 4_096
"""The most bytes that are read at once."""


class Input(XTermParser):
    """Parses input into keys, mouse events and pastes; invalid bytes are replaced instead of ending the app."""

    def __init__(self, debug: bool = False, answered: Callable[[], None] = lambda: None) -> None:
        """Begin to read; `answered` is called when the terminal has answered a status request."""
        super().__init__(debug)
        self._answered = answered
        self._cut = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pastes = PasteFilter()

    def text_of(self, data: bytes) -> str:
        """The text to parse after these bytes; empty if more bytes must come first."""
        return self._without_answers(self._pastes.feed(self._decoder.decode(data)))

    def _without_answers(self, text: str) -> str:
        """The text without the terminal's answers: Textual would take the n at their end for a key."""
        text, self._cut = self._cut + text, ""
        for length in (len(ANSWER) - 1, len(ANSWER) - 2):
            if text.endswith(ANSWER[:length]):
                text, self._cut = text[:-length], ANSWER[:length]
        if ANSWER in text:
            self._answered()
        return text.replace(ANSWER, "")


@runtime_checkable
class Dashboard(Protocol):
    """An app that is told when its process was stopped, and whether its terminal keeps up."""

    def was_stopped(self, seconds: float) -> None:
        """Called when the process resumes after this many real seconds without running."""

    def terminal_was_cleared(self) -> None:
        """Called when the terminal was cleared, perhaps in a signal handler."""

    def terminal_is_behind(self, is_behind: bool) -> None:
        """Called when the terminal has not shown the last frame in time, and when it has caught up."""

    def terminal_is_gone(self) -> None:
        """Called when the terminal is closed, so that no more input comes."""


class StdoutDriver(LinuxDriver):
    """Draws on stdout, and keeps pastes from acting as keys.

    Textual itself draws on stderr. Here stdout is known to be the terminal, and stderr may be a file: it is for
    warnings and errors.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert sys.__stdout__ is not None
        self._file = sys.__stdout__
        self._output = sys.__stdout__.fileno()
        self._line: SlowLine | None = None
        self._is_stopped = False
        """Whether the process stopped itself and was not continued yet."""
        # Textual suspends within a signal handler, which may interrupt a write. The write holds a lock that the reading
        # thread needs to end, so there would be a deadlock.
        self._loop.add_signal_handler(signal.SIGTSTP, self._suspend)

    def start_application_mode(self) -> None:
        """Begin to draw."""
        loop, app = self._loop, self._app

        def tell(is_behind: bool) -> None:
            """Tell the app in its own thread."""
            if isinstance(app, Dashboard):
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(app.terminal_is_behind, is_behind)

        if isinstance(app, Dashboard):
            app.terminal_was_cleared()
            tell(False)  # the new terminal session begins without a backlog
        self._line = SlowLine(self._output, tell)
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Queue a text for the terminal; never waits."""
        assert self._line is not None
        self._line.write(data)

    def flush(self) -> None:
        """Ask the terminal for its status after a complete frame."""
        if self._line is not None:
            self._line.ask()

    def stop_application_mode(self) -> None:
        """Restore the terminal; frames that have not been sent are dropped."""
        if self._line is not None:
            self._line.drop()
        super().stop_application_mode()

    def close(self) -> None:
        """Wait until everything is written."""
        if self._line is not None:
            self._line.close()
        super().close()

    def _suspend(self) -> None:
        """Stop the process until it is continued in the foreground. This is a callback of the loop."""
        began = perf_counter()
        self.suspend_application_mode()
        self._stop()
        self._resume()
        if isinstance(self._app, Dashboard):
            self._app.was_stopped(perf_counter() - began)

    def _draw_anew(self) -> None:
        """Draw everything again after the process was stopped and continued from outside."""
        self.suspend_application_mode()
        self._resume()

    def _resume(self) -> None:
        while not self._is_in_foreground():
            self._stop()  # `bg` continued it, but it may not draw in the background
        self._must_signal_resume = True
        self.resume_application_mode()

    def _stop(self) -> None:
        self._is_stopped = True
        os.kill(os.getpid(), signal.SIGSTOP)
        while self._is_stopped:  # kill() may return before the process stops, if another thread gets the signal
            sleep(STANDSTILL_SECONDS)

    def _is_in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:  # the terminal has no job control
            return True

    def _sigcont_application(self, *arguments: Any) -> None:
        if not self._is_stopped:  # stopped by SIGSTOP, which a process can't handle
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._draw_anew)
        self._is_stopped = False

    def _answered(self) -> None:
        if self._line is not None:
            self._line.answer()

    def run_input_thread(self) -> None:
        """Read keys and pass them on until the app releases the terminal; runs in a thread."""
        parser = Input(self._debug, self._answered)
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], LOOK_SECONDS)[0]:
                data = self._read()
                if not data:
                    self._leave()
                    return
                text = parser.text_of(data)
                for message in parser.feed(text) if text else ():
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def _read(self) -> bytes:
        """The bytes that have come from the terminal; empty if it is closed."""
        try:
            return os.read(self.fileno, MOST_BYTES)
        except OSError:
            return b""

    def _leave(self) -> None:
        if isinstance(self._app, Dashboard):
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._app.terminal_is_gone)
