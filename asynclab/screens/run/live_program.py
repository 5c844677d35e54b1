"""Runs a program as a child process on a pseudo-terminal, observes it, and reads its output."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress

from asynclab.findings.allowed import FindingFilter
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import sentence
from asynclab.model.wording.quantities import measured
from asynclab.remote.emulator import Emulator
from asynclab.remote.launch import Child, Target, launch
from asynclab.remote.observed_program import how_ended
from asynclab.remote.pseudo_terminal import PseudoTerminal
from asynclab.remote.wire import ProgramEnded
from asynclab.screens.run.connected_program import ConnectedProgram

PRINTING = 0.015
"""The most real seconds per painted frame for output."""

MOST_PRINTED = 512 * 1024
"""The most bytes of output that wait to be shown."""

KEPT_OF_PRINTED = 64 * 1024
"""If more output than that has come, only this many bytes of it are shown. The user couldn't read the rest."""

LAST_WORDS = 1.0
"""Real seconds to wait for the last reports after the program's end."""

ASKING = ((signal.SIGINT, 2.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
"""The signals that end a program, each with the real seconds to wait before the next."""


class LiveProgram(ConnectedProgram):
    """A program that runs as our child process, on a pseudo-terminal."""

    ends_when_left = True

    def __init__(self, target: Target, judge: FindingFilter | None = None) -> None:
        """Prepare to run a program. `begin` starts it."""
        super().__init__(judge)
        self.terminal = Emulator(80, 24, self.type)
        self.code: int | None = None
        """Its exit code; None before its end. If a signal killed it, minus the signal's number."""
        self.problem = ""
        """Why it could not be started; empty if there was no problem."""
        self._target = target
        self._child: Child | None = None
        self._pty: PseudoTerminal | None = None
        self._typed_early = b""
        self._printed = bytearray()
        self._died: float | None = None

    @property
    def title(self) -> str:
        """The command that was started, and its version of Python."""
        python = "" if self.told.started is None else f" · Python {one_line(self.told.started.python)}"
        return f"{self.command}{python}"

    @property
    def command(self) -> str:
        """The command that was started, with its arguments."""
        return " ".join((one_line(self._target.name), *map(one_line, self._target.arguments)))

    @property
    def script(self) -> str:
        return self._target.script

    @property
    def complaint(self) -> str:
        """Why it could not be started, or the latest problem in asynclab itself."""
        return self.problem or super().complaint

    @property
    def is_live(self) -> bool:
        return self._child is not None and self.code is None

    @property
    def facts(self) -> tuple[str, ...]:
        """Sentences on the program's state, and on problems."""
        return tuple(filter(None, (self._how_it_is(), self._what_it_lacks(), *map(sentence, self.warnings))))

    @property
    def is_starting(self) -> bool:
        """Whether the program has not reported its start yet, and still may."""
        will_not = self.problem or self.has_ended or (self._child is not None and self.is_closed)
        return self.told.started is None and not will_not

    @property
    def has_ended(self) -> bool:
        """Whether it has run and ended."""
        return self.code is not None

    @property
    def ending_words(self) -> str:
        """How it ended, as a clause; empty before its end."""
        return "" if self.code is None else how_ended(self.code)

    def begin(self) -> None:
        try:
            self._pty = PseudoTerminal(*self.terminal.size)
            self._child = launch(self._target, self._pty.its)
            self._pty.close_programs_end()
        except OSError as error:
            self.problem = f"can't start {self._target.name}: {error.strerror or error}"
            self._hang_up()
            return
        self.type(self._typed_early)
        self.connect(self._child.connection)
        asyncio.get_running_loop().add_reader(self._pty.ours, self._read_output)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of its terminal."""
        self.terminal.resize(columns, lines)
        if self._pty is not None:
            self._pty.resize(columns, lines)

    def type(self, data: bytes) -> None:
        """Type into its terminal."""
        if self._pty is None:
            self._typed_early += data
        elif self._pty.ours >= 0:
            self._pty.write(data)

    def pump(self) -> None:
        """Handle the reports and the output that have come, as much as a frame has time for."""
        super().pump()
        self.type(b"")
        self._show_printed()
        self._notice_end()

    async def close(self) -> None:
        """End the program by SIGINT, then SIGTERM, then SIGKILL. A paused program is resumed first, to clean up."""
        for control in filter(None, map(self.control_of, self.told.loops)):
            control.resume()
        for number, seconds in ASKING:
            if not self.is_live or self._child is None:
                break
            self._signal(number)
            until = time.monotonic() + seconds
            while self.is_live and time.monotonic() < until:
                await asyncio.sleep(0.02)
                self.pump()
        self._hang_up()

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the process group of the program, as a terminal would."""
        assert self._child is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.process.pid, number)
            os.killpg(self._child.process.pid, signal.SIGCONT)  # a stopped process doesn't handle signals

    def _read_output(self) -> None:
        """Read output of the program."""
        assert self._pty is not None
        piece = self._pty.read()
        if piece is None:
            asyncio.get_running_loop().remove_reader(self._pty.ours)
            return
        self._printed += piece
        if len(self._printed) > MOST_PRINTED:
            at = self._printed.find(b"\n", len(self._printed) - KEPT_OF_PRINTED) + 1
            left_out = f"\r\n\x1b[7m {at:,} bytes of output left out here \x1b[0m\r\n"
            self._printed[:at] = left_out.encode()

    def _show_printed(self) -> None:
        until = time.perf_counter() + PRINTING
        while self._printed and time.perf_counter() < until:
            self.terminal.feed(bytes(self._printed[:4096]))
            del self._printed[:4096]

    def _notice_end(self) -> None:
        """Notice the program's end, after its last report was handled."""
        if self.code is not None or self._child is None:
            return
        code = self._child.process.poll()
        if code is None:
            return
        self._died = self._died or time.monotonic()
        if self.is_behind or (not self.is_closed and time.monotonic() - self._died < LAST_WORDS):
            return
        self.code = code
        self.take(ProgramEnded(self.now_at(self._died), code))

    def _hang_up(self) -> None:
        """Close all connections. Processes that still use the terminal get SIGHUP."""
        self.hang_up()
        if self._pty is not None and self._pty.ours >= 0:
            asyncio.get_running_loop().remove_reader(self._pty.ours)
            self._pty.close()

    def _how_it_is(self) -> str:
        if self.problem:
            return f"{self.problem}."
        if self.code is not None:
            return f"Ended after {measured(self.told.now)}: {how_ended(self.code)}."
        if self._child is None:
            return "Starting."
        return f"Running as process {self._child.process.pid}."

    def _what_it_lacks(self) -> str:
        if self.told.started is None:
            return "It can't be observed: its terminal says why." if self.is_closed and not self.problem else ""
        if late := self.no_heartbeat or self.lateness:
            return late
        if not self.runs and not self.loops_left_out:
            made = "made no event loop" if self.has_ended else "has made no event loop so far"
            return f"It {made}; processes that it starts are not observed."
        if self.is_live and self.is_closed:
            return "It sends no more reports."
        return ""
