"""Sends what happens on a program's loops to another process, from a thread of its own, which only reads."""

from __future__ import annotations

import _thread
import socket
import sys
import time
from collections import deque
from contextlib import suppress

from asynclab.remote.inside.outbox import Outbox
from asynclab.remote.wire import Frame, Heartbeat, LoopClosed, LoopOpened
from asynclab.trace.process import LoopRecording, ProcessObservation

PERIOD = 0.025
"""Real seconds between two looks at what has happened, while something does."""

LONGEST_PERIOD = 0.1
"""The same after a second in which nothing happened."""

QUIET_AFTER = 1.0
"""Real seconds."""

BEAT = 0.25
"""Real seconds between two heartbeats."""

LAST_PATIENCE = 2.0
"""Real seconds that the program's end waits for a reader, at most."""


class _Loop:
    """A loop whose events are sent."""

    def __init__(self, number: int, recording: LoopRecording) -> None:
        self.number = number
        self.recording = recording
        self.is_over = False


class Sender:
    """The thread, and what it has sent.

    It is not one of `threading`'s: those are listed, counted and waited for, and the program's own are all it has.
    """

    def __init__(self, observation: ProcessObservation, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._observation = observation
        self._outbox = Outbox(connection)
        self._loops: list[_Loop] = []
        self._busy = _thread.allocate_lock()
        """Held while frames are gathered and sent."""
        self._runs = _thread.allocate_lock()
        """Held for as long as the thread runs."""
        self._sleep = _thread.allocate_lock()
        """Held but for a moment, in which whoever waits for it wakes."""
        self._sleep.acquire()
        self._wanted = False
        self.is_abandoned = False
        """Whether nothing is to be sent any more: nobody reads it, or this is a child of the program."""
        self._following: deque[Frame] = deque()
        self._next_beat = 0.0
        self._active_at = time.monotonic()

    def tell(self, frame: Frame) -> None:
        """Send a frame as soon as there is room."""
        self._outbox.add(frame)
        self._outbox.send()

    def follow(self, frame: Frame) -> None:
        """Send a frame behind the events that have happened so far; may be called on any thread."""
        self._following.append(frame)

    def start(self) -> None:
        """Start the thread."""
        self._wanted = True
        if sys.version_info >= (3, 13):
            _thread.start_joinable_thread(self._run, daemon=True)
        else:
            _thread.start_new_thread(self._run, ())

    def pause(self) -> None:
        """Stop the thread, and wait until it has ended."""
        self._wanted = False
        if self._runs.locked():
            with suppress(RuntimeError):  # it has been woken already
                self._sleep.release()
        with self._runs:
            pass

    def go_on(self) -> None:
        """Start the thread again, if it was stopped in this process."""
        if not self.is_abandoned and not self._wanted:
            self.start()

    def abandon(self) -> None:
        """In a child after a fork: the socket is the parent's."""
        self.is_abandoned = True
        self._wanted = False
        self._outbox.close()

    def flush(self) -> None:
        """Send everything that has happened, and wait for its reader for a while."""
        if self.is_abandoned:
            return
        deadline = time.monotonic() + LAST_PATIENCE
        if not self._busy.acquire(timeout=LAST_PATIENCE):
            return
        try:
            self._gather(at_end=True)
            self._outbox.send_until(deadline)
        finally:
            self._busy.release()

    def finish(self) -> None:
        """The program is over."""
        self.flush()
        self.pause()

    def _run(self) -> None:
        with self._runs:
            while self._wanted and not self._outbox.is_broken:
                if self._sleep.acquire(timeout=self._period()):
                    break
                with suppress(Exception), self._busy:  # whatever goes wrong here, the program goes on
                    self._gather()
                    self._outbox.send()
        if self._outbox.is_broken and not self.is_abandoned:
            self.is_abandoned = True
            self._observation.stop()  # nobody reads: so nobody need pay

    def _period(self) -> float:
        return PERIOD if time.monotonic() - self._active_at < QUIET_AFTER else LONGEST_PERIOD

    def _gather(self, *, at_end: bool = False) -> None:
        observation = self._observation
        following = len(self._following)
        for recording in observation.recorders[len(self._loops) :]:
            self._loops.append(_Loop(len(self._loops) + 1, recording))
            self.tell(LoopOpened(len(self._loops), recording.kind, recording.made_at))
        now = observation.clock.now()
        for loop in self._loops:
            if not loop.is_over:
                self._read(loop, now)
        for _ in range(following):
            self.tell(self._following.popleft())
        if now >= self._next_beat or at_end:
            self._next_beat = now + BEAT
            self.tell(Heartbeat(now))

    def _read(self, loop: _Loop, now: float) -> None:
        recording = loop.recording
        is_over = recording.is_over()  # asked first: what comes before that is read below
        recording.report_blocks()
        recording.look_later()
        recording.report_idleness()
        events = recording.take_events()
        if events:
            self._active_at = time.monotonic()
            self._outbox.add_events(loop.number, events)
        if is_over:
            loop.is_over = True
            self.tell(LoopClosed(loop.number, now))
