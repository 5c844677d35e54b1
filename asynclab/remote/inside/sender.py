"""Sends what happens on a program's loops to another process, from a thread of its own, which only reads."""

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
"""Real seconds between two looks at what has happened, while something does."""

LONGEST_PERIOD = 0.16
"""The same where nothing has happened for long: each look costs, as does the beat that goes with it."""

BEAT = 0.16
"""Real seconds between two heartbeats: the viewer says that it misses them after 0.3."""

_PIECE = 65_536
"""How many bytes of commands are read at once."""

LAST_PATIENCE = 2.0
"""Real seconds that the program's end waits for a reader that takes nothing; those in which it already stood count."""


class _Loop:
    """A loop whose events are sent."""

    def __init__(self, recording: LoopRecording) -> None:
        self.number = recording.number
        self.recording = recording
        self.is_over = False
        self.is_gone = False
        """Whether nothing was left of it at the look before."""
        self.thread = ""
        """The name of the thread, as the viewer has it."""

    def sight(self) -> Sight | None:
        """What is under way on it."""
        return None if self.is_over else self.recording.sight()


class Sender(LookingThread):
    """The thread, and what it has sent."""

    def __init__(
        self, observation: ProcessObservation, connection: socket.socket, requests: ReportRequests | None = None
    ) -> None:
        """Prepare to send; `start` starts the thread.

        Args:
            observation: Has what is sent.
            connection: Takes it, and brings commands.
            requests: Says when somebody asks the program for a report; None if that can't be.
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
        """Held while frames are gathered and sent."""
        self._left = _thread.allocate_lock()
        """Held until the viewer has closed its end, or only said that it sends no more."""
        self._left.acquire()
        self._following: deque[Frame] = deque()
        self._kept = KeptProcess()
        self._last_loop = 0
        """The number of the loop that was closed last."""
        self._next_beat = 0.0
        self._active_at = monotonic()
        self._seen: tuple[int, Sight] | None = None
        """A loop's number, and what the latest look found under way on it."""
        self._told: tuple[int, Sight] | None = None
        """The same, as the latest heartbeat had it."""

    def tell(self, frame: Frame) -> None:
        """Send a frame as soon as there is room."""
        self._outbox.add(frame)
        self._outbox.send()

    def follow(self, frame: Frame) -> None:
        """Send a frame behind the events that have happened so far; may be called on any thread."""
        self._following.append(frame)

    def abandon(self) -> None:
        """In a child after a fork: the socket is the parent's."""
        super().abandon()
        self._outbox.close()

    def flush(self) -> None:
        """Send everything that has happened, and wait for its reader for a while."""
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
        """Send what has happened, as far as the reader takes it."""
        with self._busy:
            self._obey()
            self._gather()
            self._outbox.send()
            if self._outbox.is_broken:
                self._leave()

    def finish(self) -> None:
        """The program is over: tell the viewer that nothing more comes, and it waits for no heartbeat."""
        self.flush()
        self.pause()
        if not self.is_abandoned:
            self._outbox.end()

    def wait_until_left(self, seconds: float | None = None) -> bool:
        """Wait on another thread until the viewer asks for nothing any more.

        Args:
            seconds: For how long, in real time; None for as long as it takes.

        Returns:
            Whether the viewer asks for nothing any more.
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
                self._observation.stop()  # nobody looks: so nobody need pay, nor wait
                self.flush()
                super().abandon()

    @property
    def _is_left(self) -> bool:
        return not self._left.locked()

    def _leave(self) -> None:
        if self._left.locked():
            self._left.release()

    def _obey(self) -> None:
        """Do what has been asked for since the last look."""
        try:
            while piece := self._connection.recv(_PIECE):
                for command in self._commands.feed(piece):
                    self._do(command)
        except BlockingIOError:  # nothing more so far
            return
        except (OSError, NotFramesError):  # what makes no sense is as good as gone
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
            return PERIOD  # somebody waits for what comes of each step, or this one may be about to block
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
            is_gone = loop.recording.is_gone()  # asked first: whatever came before is read below
            if at_end:
                loop.recording.look_at_last()
            if at_end or is_gone or not (loop.is_over or loop.recording.rests()):
                self._read(loop, now)
            if is_gone and loop.is_gone:  # as it was collected, destructors may have told more since
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
        """Send a heartbeat where one is due, or where a step that lasts has got to another line.

        For as long as code in C holds Python's lock, nobody can say anything: what was said last has to do.
        """
        seen = next(
            ((loop.number, sight) for loop in self._loops.values() if (sight := loop.sight()) is not None), None
        )
        lasts = seen is not None and self._seen is not None and seen[1].started == self._seen[1].started
        self._seen = seen
        real = monotonic()  # the program's own time may stand still
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
        is_over = recording.is_over()  # asked first: what comes before that is read below
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
