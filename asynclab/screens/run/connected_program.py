"""Reads the reports of a running program from a socket, as much as each frame has time for, and sends it commands."""

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
"""The most real seconds per painted frame for reports. The second number is used while more reports wait."""

MOST_WAITING = 3 * 1024 * 1024
"""The most bytes of waiting reports: half a second of work. Then reading stops, and the program sends less detail."""

SILENT = 0.3
"""Real seconds without a report after which the program counts as silent. A heartbeat comes ten times a second."""


LATE = 1.0
"""Real seconds of delay from which on the screen says that it doesn't show the present."""


class ConnectedProgram(WatchedProgram):
    """A running program at the other end of a socket."""

    def __init__(self, judge: FindingFilter | None = None) -> None:
        """Prepare. `connect` starts to read."""
        super().__init__(judge)
        self.files = SourceFiles()
        self.warnings: list[str] = []
        """Problems in asynclab itself, such as with a recording, one line each."""
        self.is_closed = True
        """Whether no more reports can come."""
        self._connection: socket.socket | None = None
        self._commands: CommandSender | None = None
        self._controls: dict[int, RemoteControl] = {}
        """The controls that were created so far, by the loop's number."""
        self._frames = FrameReader()
        self._waiting: deque[AnyFrame] = deque()
        self._bytes_waiting = 0
        """How many bytes of reports wait."""
        self._is_reading = False
        self._received_at = 0.0
        """When the latest data came, in real seconds."""
        self._handled_at = time.monotonic()
        """When the latest report was handled, in real seconds."""
        self._zero = self._handled_at
        """The real time at which the program's time was 0, as if it had never stood still. Set when no report waits."""

    @property
    def complaint(self) -> str:
        """The latest problem in asynclab itself."""
        return self.warnings[-1] if self.warnings else ""

    def warn(self, text: str) -> None:
        """Add a problem in asynclab itself, to show for the rest of the run."""
        self.warnings.append(text)

    @property
    def now(self) -> float:
        """The program's time in seconds, which also runs between reports."""
        if not self.is_live or self.told.started is None:
            return self.told.now
        return self.told.now + min(self.silence, SILENT)

    @property
    def silence(self) -> float:
        """How many real seconds ago the latest data came; 0 while there is more to read."""
        if not self._is_reading or self._connection is None:
            return 0.0
        seconds = time.monotonic() - self._received_at
        return 0.0 if seconds > SILENT and self._has_more() else seconds  # we, not the program, may be late

    @property
    def no_heartbeat(self) -> str:
        """A sentence that says how long no heartbeat has come, and where the program was; empty while they come."""
        silence = self.silence
        if not self.is_live or silence <= SILENT:
            return ""
        return f"No heartbeat for {silence:.1f} s; {last_seen(self.told)}."

    @property
    def lateness(self) -> str:
        """A sentence that says how old the shown state is; empty if all reports are shown."""
        seconds = time.monotonic() - self._zero - self.told.now
        if not self.is_behind or seconds < LATE:
            return ""
        return f"Shown as it was {seconds:.0f} s ago: its reports come faster than they can be read."

    def control_of(self, loop: int) -> RemoteControl | None:
        """The object that accepts commands to a loop; None if the program isn't connected any more."""
        if self._commands is None or self.is_closed or not self.is_live:
            return None
        if loop not in self._controls:
            self._controls[loop] = RemoteControl(self._commands, loop)
        return self._controls[loop]

    def connect(self, connection: socket.socket) -> None:
        """Start to read reports from a socket."""
        connection.setblocking(False)
        self._connection = connection
        self._commands = CommandSender(connection)
        self._received_at = time.monotonic()
        self.is_closed = False
        self._listen()

    def pump(self) -> None:
        """Handle the reports that have come, as much as a frame has time for."""
        until = time.perf_counter() + (FOLDING_BEHIND if self.is_behind else FOLDING)
        while self._waiting and time.perf_counter() < until:
            self.take(self._waiting.popleft())
        was_full = not self._is_reading
        if not self._waiting:
            self._bytes_waiting = 0
            self._listen()
        self.is_behind = bool(self._waiting) or (was_full and self._has_more())
        if not self.is_behind:
            self._zero = time.monotonic() - self.told.now

    def take(self, frame: AnyFrame) -> None:
        self._handled_at = time.monotonic()
        self.told.take(frame)

    def now_at(self, moment: float) -> float:
        """The program's time, in seconds, at a real time after its latest report."""
        return self.told.now + max(0.0, moment - self._handled_at)

    def hang_up(self) -> None:
        """Close the socket."""
        self._stop_listening()
        if self._connection is not None:
            self._connection.close()
        self.is_closed = True

    def _listen(self) -> None:
        if not self._is_reading and not self.is_closed and self._connection is not None:
            self._is_reading = True
            self._received_at = time.monotonic()
            asyncio.get_running_loop().add_reader(self._connection, self._receive)

    def _has_more(self) -> bool:
        """Whether the socket has data to read."""
        return self._connection is not None and not self.is_closed and bool(select([self._connection], [], [], 0)[0])

    def _stop_listening(self) -> None:
        if self._is_reading and self._connection is not None:
            self._is_reading = False
            asyncio.get_running_loop().remove_reader(self._connection)

    def _receive(self) -> None:
        """Read data from the socket, and split it into reports."""
        assert self._connection is not None
        try:
            piece = self._connection.recv(PIECE)
            self._waiting.extend(self._frames.feed(piece))
        except BlockingIOError:
            return
        except (OSError, NotFramesError):
            piece = b""
        self._received_at = time.monotonic()
        self._bytes_waiting += len(piece)
        self.is_closed = not piece
        if self.is_closed or self._bytes_waiting > MOST_WAITING:
            self._stop_listening()


def last_seen(told: ObservedProgram) -> str:
    """Where a program was at its latest heartbeat, as a clause."""
    beat = told.heartbeat
    loop = None if beat is None else told.loops.get(beat.loop)
    if beat is None or loop is None:
        return "it ran no step when it was last seen"
    who = "a callback" if beat.task is None else loop.state.task_name(beat.task)
    where = line_in_story(beat.file, beat.line) if beat.file else ""
    return f"last seen in {who}{where}"
