"""Runs a program in a terminal of its own, and takes in what it prints and what is told of it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured
from asynclab.remote.child_watch import PIECE
from asynclab.remote.emulator import Emulator
from asynclab.remote.launch import Child, Target, launch
from asynclab.remote.observed_program import how_ended
from asynclab.remote.pseudo_terminal import PseudoTerminal
from asynclab.remote.remote_control import CommandSender, RemoteControl
from asynclab.remote.wire import AnyFrame, FrameReader, NotFramesError, ProgramEnded
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.screens.run.silence import last_seen
from asynclab.screens.run.watched_program import WatchedProgram

FOLDING = 0.02
"""Real seconds of a frame for what is told, at most."""

PRINTING = 0.015
"""The same for what is printed."""

MOST_WAITING = 8 * 1024 * 1024
"""Bytes that are read and not taken in yet, at most; then the program itself has to leave details out."""

MOST_PRINTED = 512 * 1024
"""Bytes of output that wait to be shown, at most."""

KEPT_OF_PRINTED = 64 * 1024
"""Of more than that, the last so many are shown: the others would scroll by unread."""

SILENT = 0.55
"""Real seconds: a heartbeat comes each quarter of a second at least."""

LAST_WORDS = 1.0
"""Real seconds that the last frames have to come in, once the program is over."""

ASKING = ((signal.SIGINT, 2.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
"""How a program is ended: signals, and how long each has before the next."""


class LiveProgram(WatchedProgram):
    """A program that runs as a child, with a pseudo-terminal as its own."""

    def __init__(self, target: Target, takers: Sequence[Callable[[AnyFrame], object]] = ()) -> None:
        """Prepare it; `begin` starts it.

        Args:
            target: What to run.
            takers: Each gets every frame, after it was taken in.
        """
        super().__init__()
        self.files = SourceFiles()
        self.terminal = Emulator(80, 24, self.type)
        self.code: int | None = None
        """Its exit code, once it is over; below 0 the number of the signal that killed it."""
        self.problem = ""
        """Why it could not be started; empty if it was."""
        self.takers = list(takers)
        """Each gets every frame, after it was taken in."""
        self._target = target
        self._child: Child | None = None
        self._commands: CommandSender | None = None
        """Takes commands to it; None before it has started."""
        self._controls: dict[int, RemoteControl] = {}
        """Those of its loops that somebody has asked for, by number."""
        self._pty: PseudoTerminal | None = None
        self._typed_early = b""
        self._frames = FrameReader()
        self._waiting: deque[AnyFrame] = deque()
        self._read = 0
        """Bytes behind the frames that wait."""
        self._printed = bytearray()
        self._is_deaf = True
        """Whether nothing more will be told."""
        self._is_reading = False
        self._heard = 0.0
        """When something was told last, in real seconds."""
        self._died: float | None = None

    @property
    def title(self) -> str:
        """What was started, and the version of its Python."""
        python = "" if self.told.started is None else f" · Python {one_line(self.told.started.python)}"
        return f"{self.command}{python}"

    @property
    def command(self) -> str:
        """What was started, with its arguments."""
        return " ".join((one_line(self._target.name), *map(one_line, self._target.arguments)))

    @property
    def complaint(self) -> str:
        """Why it could not be started."""
        return self.problem

    @property
    def is_live(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self.code is None

    @property
    def now(self) -> float:
        """Seconds of its time, also between two frames."""
        if not self.is_live or self.told.started is None:
            return self.told.now
        return self.told.now + min(self._silence, SILENT)

    @property
    def facts(self) -> tuple[str, ...]:
        """How it is, and what isn't as it should be."""
        return tuple(filter(None, (self._how_it_is(), self._what_it_lacks())))

    @property
    def has_ended(self) -> bool:
        """Whether it was started, and is over."""
        return self.code is not None

    @property
    def ending_words(self) -> str:
        """How it ended, as a clause."""
        return "" if self.code is None else how_ended(self.code)

    def control_of(self, loop: int) -> RemoteControl | None:
        """Takes commands for a loop, for as long as it can be told anything."""
        if self._commands is None or self._is_deaf or not self.is_live:
            return None
        if loop not in self._controls:
            self._controls[loop] = RemoteControl(self._commands, loop)
        return self._controls[loop]

    def begin(self) -> None:
        """Start it."""
        try:
            self._pty = PseudoTerminal(*self.terminal.size)
            self._child = launch(self._target, self._pty.its)
            self._pty.give_away()
        except OSError as error:
            self.problem = f"can't start {self._target.name}: {error.strerror or error}"
            self._hang_up()
            return
        self.type(self._typed_early)
        self._heard = time.monotonic()
        self._child.connection.setblocking(False)
        self._commands = CommandSender(self._child.connection)
        self._is_deaf = False
        self._listen()
        asyncio.get_running_loop().add_reader(self._pty.ours, self._hear_terminal)

    def resize(self, columns: int, lines: int) -> None:
        """Give its terminal another size."""
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
        """Take in what was told and printed, as much as a frame has time for."""
        until = time.perf_counter() + FOLDING
        while self._waiting and time.perf_counter() < until:
            self._take(self._waiting.popleft())
        if not self._waiting:
            self._read = 0
            self._listen()
        self.type(b"")
        self._show_printed()
        self._look_after()

    async def close(self) -> None:
        """End it: by SIGINT first, then by SIGTERM, at last by SIGKILL."""
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
        """Send a signal, as its terminal would, to all processes that it has in the foreground."""
        assert self._child is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.process.pid, number)
            os.killpg(self._child.process.pid, signal.SIGCONT)  # one that is stopped would not notice

    def _take(self, frame: AnyFrame) -> None:
        self.told.take(frame)
        for taker in self.takers:
            taker(frame)

    def _listen(self) -> None:
        if not self._is_reading and not self._is_deaf and self._child is not None:
            self._is_reading = True
            asyncio.get_running_loop().add_reader(self._child.connection, self._hear)

    def _stop_listening(self) -> None:
        if self._is_reading and self._child is not None:
            self._is_reading = False
            asyncio.get_running_loop().remove_reader(self._child.connection)

    def _hear(self) -> None:
        """Read what is told."""
        assert self._child is not None
        try:
            piece = self._child.connection.recv(PIECE)
            self._waiting.extend(self._frames.feed(piece))
        except BlockingIOError:
            return
        except (OSError, NotFramesError):
            piece = b""
        self._heard = time.monotonic()
        self._read += len(piece)
        self._is_deaf = not piece
        if self._is_deaf or self._read > MOST_WAITING:
            self._stop_listening()

    def _hear_terminal(self) -> None:
        """Read what is printed."""
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

    def _look_after(self) -> None:
        """Notice its end, once the last that was told has been taken in."""
        if self.code is not None or self._child is None:
            return
        code = self._child.process.poll()
        if code is None:
            return
        self._died = self._died or time.monotonic()
        if self._waiting or (not self._is_deaf and time.monotonic() - self._died < LAST_WORDS):
            return
        self.code = code
        self._take(ProgramEnded(self.told.now, code))

    def _hang_up(self) -> None:
        """Close everything; the program's processes that still have its terminal get SIGHUP."""
        self._stop_listening()
        if self._pty is not None and self._pty.ours >= 0:
            asyncio.get_running_loop().remove_reader(self._pty.ours)
            self._pty.close()
        if self._child is not None:
            self._child.connection.close()

    @property
    def _silence(self) -> float:
        return time.monotonic() - self._heard

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
            return "It can't be observed: its terminal says why." if self._is_deaf and not self.problem else ""
        if self.is_live and not self._is_deaf and self._silence > SILENT:
            seen = last_seen(run.state for run in self.runs.values() if run.is_open)
            return f"No heartbeat for {self._silence:.1f} s{seen}."
        if not self.runs and not self.loops_left_out:
            return "It made no event loop." if self.has_ended else "It has made no event loop so far."
        if self.is_live and self._is_deaf:
            return "Nothing more is told of it."
        return ""
