"""The thread that sends an observed program's events to the viewer, obeys its commands, and runs all checks."""

from __future__ import annotations

import _thread
import socket
from collections import deque
from time import monotonic

from asynclab.remote.inside.looking_thread import LookingThread
from asynclab.remote.inside.outbox import Outbox
from asynclab.remote.inside.report_requests import ReportRequests
from asynclab.remote.wire import (
    AnyCommand,
    CancelTask,
    CommandReader,
    Frame,
    Heartbeat,
    Interrupt,
    LookAt,
    LoopClosed,
    LoopOpened,
    LoopThread,
    NotFramesError,
    Pause,
    ReportAsked,
    Resume,
    RunTo,
    SetSpeed,
    Step,
)
from asynclab.trace.loop_recording import LoopRecording
from asynclab.trace.monitoring.kept_process import KeptProcess
from asynclab.trace.monitoring.watchdog import Sight
from asynclab.trace.process import ProcessObservation
from asynclab.trace.process_control import ProcessControl

PERIOD = 0.025
"""Real seconds between two looks at the program, while it is active."""

LONGEST_PERIOD = 0.16
"""Real seconds between two looks if nothing has happened for long: each look costs time, and so does a heartbeat."""

BEAT = 0.16
"""Real seconds between two heartbeats. The viewer complains if none comes for 0.3 seconds."""

_PIECE = 65_536
"""How many bytes of commands are read at once."""

LAST_PATIENCE = 2.0
"""Real seconds for which the program's end waits for a viewer that reads nothing, counted from its last read."""


class _Loop:
    """The sender's record of a loop."""

    def __init__(self, recording: LoopRecording) -> None:
        self.number = recording.number
        self.recording = recording
        self.is_over = False
        self.is_gone = False
        """Whether the loop and its observer were already destroyed at the previous look."""
        self.thread = ""
        """The name of its thread, as it was sent to the viewer."""

    def sight(self) -> Sight | None:
        """The step or callback that runs on the loop now."""
        return None if self.is_over else self.recording.sight()


class Sender(LookingThread):
    """The thread that sends events to the viewer and obeys its commands."""

    def __init__(
        self, observation: ProcessObservation, connection: socket.socket, requests: ReportRequests | None = None
    ) -> None:
        """Prepare to send; `start` starts the thread.

        Args:
            observation: The observation whose events are sent.
            connection: The socket to the viewer; commands come on it too.
            requests: Notices SIGUSR1, which asks for a report; None if it isn't used.
        """
        super().__init__(self._look_or_leave, self._next_period, observation.way)
        connection.setblocking(False)
        self._observation = observation
        self._connection = connection
        self._requests = requests
        self._outbox = Outbox(connection)
        self._commands = CommandReader()
        self._control = ProcessControl(observation)
        self._loops: dict[int, _Loop] = {}
        """The loops that exist, by number."""
        self._busy = _thread.allocate_lock()
        """Protects gathering and sending frames."""
        self._left = _thread.allocate_lock()
        """A lock that is held until the viewer has closed its end of the socket, or at least its sending side."""
        self._left.acquire()
        self._following: deque[Frame] = deque()
        self._kept = KeptProcess()
        self._last_loop = 0
        """The number of the loop that was closed last."""
        self._next_beat = 0.0
        self._active_at = monotonic()
        self._seen: tuple[int, Sight] | None = None
        """A loop's number, and the step or callback that the latest look found there."""
        self._told: tuple[int, Sight] | None = None
        """The same from the latest heartbeat."""

    def tell(self, frame: Frame) -> None:
        """Send a frame as soon as possible."""
        self._outbox.add(frame)
        self._outbox.send()

    def follow(self, frame: Frame) -> None:
        """Send a frame after all events that have happened so far. May be called on any thread."""
        self._following.append(frame)

    def abandon(self) -> None:
        """Close the socket in a forked child: it belongs to the parent."""
        super().abandon()
        self._outbox.close()

    def flush(self) -> None:
        """Send all events, and wait for the viewer for a while."""
        if self.is_abandoned:
            return
        if not self._busy.acquire(timeout=LAST_PATIENCE):
            return
        try:
            self._gather(at_end=True)
            self._outbox.send_all(LAST_PATIENCE)
        finally:
            self._busy.release()

    def look(self) -> None:
        """Obey commands, and send new events without blocking."""
        with self._busy:
            self._obey()
            self._gather()
            self._outbox.send()
            if self._outbox.is_broken:
                self._leave()

    def finish(self) -> None:
        """Send the last events at the program's end, and tell the viewer that nothing more comes."""
        self.flush()
        self.pause()
        if not self.is_abandoned:
            self._outbox.end()

    def wait_until_left(self, seconds: float | None = None) -> bool:
        """Wait until the viewer has left. Call this on another thread.

        Args:
            seconds: The most real seconds to wait; None for no limit.

        Returns:
            Whether the viewer has left.
        """
        has_left = self._left.acquire(timeout=-1 if seconds is None else seconds)
        if has_left:
            self._left.release()
        return has_left

    def _look_or_leave(self) -> None:
        try:
            self.look()
        finally:
            if self._is_left and not self.is_abandoned:
                self._observation.stop()  # without a viewer, the program must neither pay for it nor stay paused
                self.flush()
                super().abandon()

    @property
    def _is_left(self) -> bool:
        return not self._left.locked()

    def _leave(self) -> None:
        if self._left.locked():
            self._left.release()

    def _obey(self) -> None:
        """Execute the commands that have come since the last look."""
        try:
            while piece := self._connection.recv(_PIECE):
                for command in self._commands.feed(piece):
                    self._do(command)
        except BlockingIOError:  # no more commands
            return
        except (OSError, NotFramesError):  # invalid data counts as the end of the connection
            pass
        self._leave()

    def _do(self, command: AnyCommand) -> None:
        self._active_at = monotonic()
        control = self._control
        match command:
            case Pause():
                control.pause()
            case Resume():
                control.resume()
            case Step(loop=loop):
                control.step(loop)
            case RunTo(loop=loop, task=task):
                control.run_to(loop, task)
            case SetSpeed(speed=speed):
                control.set_speed(speed)
            case CancelTask(loop=loop, task=task):
                control.cancel_task(loop, task)
            case LookAt(loop=loop, tasks=tasks):
                control.look_at(loop, tasks)
            case Interrupt():
                control.interrupt()

    def _next_period(self) -> float:
        if self._observation.freeze.is_on or self._seen is not None:
            return PERIOD  # the viewer waits for the result of a step, or the present step may block the loop
        return min(max(PERIOD, monotonic() - self._active_at), LONGEST_PERIOD)

    def _gather(self, *, at_end: bool = False) -> None:
        observation = self._observation
        self._control.follow()
        following = len(self._following)
        for recording in list(observation.recorders):
            if recording.number not in self._loops:
                self._loops[recording.number] = _Loop(recording)
                self.tell(LoopOpened(recording.number, recording.kind, recording.made_at))
        now = observation.clock.now()
        for loop in list(self._loops.values()):
            is_gone = loop.recording.is_gone()  # read first, so that all earlier events are read below
            if at_end:
                loop.recording.look_at_last()
            if at_end or is_gone or not (loop.is_over or loop.recording.rests()):
                self._read(loop, now)
            if is_gone and loop.is_gone:  # one look later: finalizers may have written events since
                del self._loops[loop.number]
                observation.forget(loop.recording)
            loop.is_gone = is_gone
        if self._requests is not None and self._requests.has_come():
            self.tell(ReportAsked(now))
        for _ in range(following):
            self.tell(self._following.popleft())
        if self._last_loop and not at_end and all(loop.is_over for loop in self._loops.values()):
            for kept in self._kept.look(monotonic(), now):
                self._outbox.add_events(self._last_loop, [kept])
        self._beat(now, at_end=at_end)

    def _beat(self, now: float, *, at_end: bool) -> None:
        """Send a heartbeat if one is due, or if a long step has reached another line.

        While C code holds the GIL, no heartbeat can be sent, so the viewer shows the latest one.
        """
        seen = next(
            ((loop.number, sight) for loop in self._loops.values() if (sight := loop.sight()) is not None), None
        )
        lasts = seen is not None and self._seen is not None and seen[1].started == self._seen[1].started
        self._seen = seen
        real = monotonic()  # the program's clock may be paused
        if real < self._next_beat and not at_end and (not lasts or seen == self._told):
            return
        self._next_beat, self._told = real + BEAT, seen
        if seen is None:
            self.tell(Heartbeat(now))
            return
        number, sight = seen
        place = sight.place
        self.tell(Heartbeat(now, number, sight.task, place.file, place.line, place.function))

    def _read(self, loop: _Loop, now: float) -> None:
        recording = loop.recording
        is_over = recording.is_over()  # read first, so that all events before the end are read below
        thread = recording.thread_name()
        if thread != loop.thread:
            loop.thread = thread
            self.tell(LoopThread(loop.number, thread))
        recording.report_blocks()
        recording.look_later()
        recording.report_idleness()
        events = recording.take_events()
        if events:
            self._active_at = monotonic()
            self._outbox.add_events(loop.number, events)
        if is_over and not loop.is_over:
            loop.is_over = True
            self._last_loop = loop.number
            self.tell(LoopClosed(loop.number, now))
