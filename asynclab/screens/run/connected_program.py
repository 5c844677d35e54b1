"""Takes in what a program tells over a socket while it runs, a frame's worth at a time, and sends it commands."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from select import select

from asynclab.findings.allowed import FindingFilter
from asynclab.model.wording.places import line_in_story
from asynclab.remote.child_watch import PIECE
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.remote_control import CommandSender, RemoteControl
from asynclab.remote.wire import AnyFrame, FrameReader, NotFramesError
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.screens.run.watched_program import WatchedProgram

FOLDING, FOLDING_BEHIND = 0.02, 0.04
"""The most real seconds of a frame for reading; the second number applies while more is waiting."""

MOST_WAITING = 3 * 1024 * 1024
"""Bytes that are read and not taken in yet, at most: half a second of work. Then the program leaves details out."""

SILENT = 0.3
"""Real seconds: a heartbeat comes ten times a second."""


LATE = 1.0
"""Real seconds of delay from which the viewer says that it doesn't show the present."""


class ConnectedProgram(WatchedProgram):
    """A running program at the other end of a socket."""

    def __init__(self, judge: FindingFilter | None = None) -> None:
        """Be connected to nothing yet."""
        super().__init__(judge)
        self.files = SourceFiles()
        self.warnings: list[str] = []
        """Problems on our side, such as with a recording, one line each."""
        self.is_deaf = True
        """Whether no more reports will come."""
        self._connection: socket.socket | None = None
        self._commands: CommandSender | None = None
        self._controls: dict[int, RemoteControl] = {}
        """The controls of its loops that were asked for, by the loop's number."""
        self._frames = FrameReader()
        self._waiting: deque[AnyFrame] = deque()
        self._read = 0
        """Bytes behind the frames that wait."""
        self._is_reading = False
        self._heard = 0.0
        """When the last report came, in real seconds."""
        self._taken = time.monotonic()
        """When the last report was taken in, in real seconds."""
        self._begun = self._taken
        """When its time was 0, in real seconds, had it never stood still; measured while nothing waits to be read."""

    @property
    def complaint(self) -> str:
        """The latest of what went wrong on our side."""
        return self.warnings[-1] if self.warnings else ""

    def warn(self, text: str) -> None:
        """Show for the rest of the run that something went wrong on our side."""
        self.warnings.append(text)

    @property
    def now(self) -> float:
        """Seconds of its time, also between two frames."""
        if not self.is_live or self.told.started is None:
            return self.told.now
        return self.told.now + min(self.silence, SILENT)

    @property
    def silence(self) -> float:
        """How many real seconds ago the last report came; 0 while there is more to read."""
        if not self._is_reading or self._connection is None:
            return 0.0
        seconds = time.monotonic() - self._heard
        return 0.0 if seconds > SILENT and self._has_more() else seconds  # it is us who were late

    @property
    def no_heartbeat(self) -> str:
        """For how long no heartbeat has come, and where it was last seen, in a sentence; empty while they come."""
        silence = self.silence
        if not self.is_live or silence <= SILENT:
            return ""
        return f"No heartbeat for {silence:.1f} s; {last_seen(self.told)}."

    @property
    def lateness(self) -> str:
        """A sentence that says how old the shown state is; empty if all reports are shown."""
        seconds = time.monotonic() - self._begun - self.told.now
        if not self.is_behind or seconds < LATE:
            return ""
        return f"Shown as it was {seconds:.0f} s ago: its reports come faster than they can be read."

    def control_of(self, loop: int) -> RemoteControl | None:
        """Takes commands for a loop, as long as the program is connected."""
        if self._commands is None or self.is_deaf or not self.is_live:
            return None
        if loop not in self._controls:
            self._controls[loop] = RemoteControl(self._commands, loop)
        return self._controls[loop]

    def connect(self, connection: socket.socket) -> None:
        """Take in from now on what comes over a socket."""
        connection.setblocking(False)
        self._connection = connection
        self._commands = CommandSender(connection)
        self._heard = time.monotonic()
        self.is_deaf = False
        self._listen()

    def pump(self) -> None:
        """Take in what was reported, as much as a frame has time for."""
        until = time.perf_counter() + (FOLDING_BEHIND if self.is_behind else FOLDING)
        while self._waiting and time.perf_counter() < until:
            self.take(self._waiting.popleft())
        was_full = not self._is_reading
        if not self._waiting:
            self._read = 0
            self._listen()
        self.is_behind = bool(self._waiting) or (was_full and self._has_more())
        if not self.is_behind:
            self._begun = time.monotonic() - self.told.now

    def take(self, frame: AnyFrame) -> None:
        self._taken = time.monotonic()
        self.told.take(frame)

    def now_at(self, moment: float) -> float:
        """The program's time at a real moment after its last report, in seconds."""
        return self.told.now + max(0.0, moment - self._taken)

    def hang_up(self) -> None:
        """Close the socket."""
        self._stop_listening()
        if self._connection is not None:
            self._connection.close()
        self.is_deaf = True

    def _listen(self) -> None:
        if not self._is_reading and not self.is_deaf and self._connection is not None:
            self._is_reading = True
            self._heard = time.monotonic()
            asyncio.get_running_loop().add_reader(self._connection, self._hear)

    def _has_more(self) -> bool:
        """Whether reports are waiting to be read."""
        return self._connection is not None and not self.is_deaf and bool(select([self._connection], [], [], 0)[0])

    def _stop_listening(self) -> None:
        if self._is_reading and self._connection is not None:
            self._is_reading = False
            asyncio.get_running_loop().remove_reader(self._connection)

    def _hear(self) -> None:
        """Read the reports."""
        assert self._connection is not None
        try:
            piece = self._connection.recv(PIECE)
            self._waiting.extend(self._frames.feed(piece))
        except BlockingIOError:
            return
        except (OSError, NotFramesError):
            piece = b""
        self._heard = time.monotonic()
        self._read += len(piece)
        self.is_deaf = not piece
        if self.is_deaf or self._read > MOST_WAITING:
            self._stop_listening()


def last_seen(told: ObservedProgram) -> str:
    """Where a program was when its latest heartbeat came, as a clause."""
    beat = told.heartbeat
    loop = None if beat is None else told.loops.get(beat.loop)
    if beat is None or loop is None:
        return "it ran no step when it was last seen"
    who = "a callback" if beat.task is None else loop.state.task_name(beat.task)
    where = line_in_story(beat.file, beat.line) if beat.file else ""
    return f"last seen in {who}{where}"
