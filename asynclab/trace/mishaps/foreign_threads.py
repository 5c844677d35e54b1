"""Detects that another thread, or a signal handler, puts callbacks in a loop's ready queue without waking the loop.

A handler set by `signal.signal` runs on the loop's own thread, inside the loop's call of select(). After the handler,
select() continues to wait, although a callback is ready.
"""

from __future__ import annotations

import os
import selectors
import threading
from asyncio import AbstractEventLoop
from types import FrameType
from typing import Any

from asynclab.model.events import ScheduledFromThread
from asynclab.trace import cpython
from asynclab.trace.recording.code_ownership import Place
from asynclab.trace.recording.recorder import Recorder, TaskRecord

ASLEEP_AFTER = 0.15
"""Real seconds for which a loop must continue to sleep. If something else had woken it, it would have run by then."""

_SELECTS = tuple(
    kind.select.__code__ for kind in vars(selectors).values() if isinstance(kind, type) and hasattr(kind, "select")
)
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
_OURS = os.path.join(_PACKAGE, "trace", ""), os.path.join(_PACKAGE, "remote", "")
_DEEPEST = 50
_MOST_PLACES = 50
"""The most lines of code that are reported, each once."""


class ForeignThreads:
    """Reports lines of code that call `call_soon()` or `stop()` from a wrong place."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._told: set[Place] = set()
        self._asleep: tuple[float, TaskRecord | None, str, Place] | None = None
        """A task that a signal handler made ready inside select(), or a call of stop() that doesn't wake the loop.

        The real time; the task, or None for stop(); the name of the thread, or "" for a signal handler; the place."""

    def schedules(self, frame: FrameType, record: TaskRecord | None) -> None:
        """Note that `frame`, on another thread, calls call_soon(). That is allowed while the loop doesn't run."""
        recorder = self._recorder
        if getattr(recorder.loop, "_thread_id", None) is None or looks_at_the_program(frame):
            return
        self._report(None if record is None else record.id, threading.current_thread().name, self._place_of(frame))

    def made_ready_by_nobody(self, frame: FrameType, record: TaskRecord) -> None:
        """Note that `frame` makes a task ready on the loop's thread while no callback runs, as a signal handler can."""
        outer: FrameType | None = frame
        for _ in range(_DEEPEST):
            if outer is None:
                return
            if outer.f_code in _SELECTS:
                self._asleep = self._recorder.clock.real_time(), record, "", self._place_of(frame)
                return
            outer = outer.f_back

    def stops(self, frame: FrameType) -> None:
        """Note that `frame`, on another thread or in a signal handler, calls stop(): the loop ends at its next turn."""
        loop: Any = self._recorder.loop
        thread = threading.current_thread()
        if getattr(loop, "_thread_id", None) is not None:
            name = "" if thread.ident == loop._thread_id else thread.name
            self._asleep = self._recorder.clock.real_time(), None, name, self._place_of(frame)

    def look(self) -> None:
        """Report a loop that sleeps although it should run. Call this several times a second, on any thread."""
        if self._asleep is None:
            return
        at, record, thread, place = self._asleep
        loop = self._recorder.loop
        if not (loop is not None and (_is_stopping(loop) if record is None else _is_ready(loop, record))):
            self._asleep = None
        elif self._recorder.clock.real_time() - at >= ASLEEP_AFTER:
            self._asleep = None
            self._report(None if record is None else record.id, thread, place, stops=record is None)

    def _place_of(self, frame: FrameType | None) -> Place:
        """The innermost place in the user's code, from `frame` outwards; ("", 0) if there is none."""
        while frame is not None and not self._recorder.code.owns(frame.f_code.co_filename):
            frame = frame.f_back
        return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno or 0)

    def _report(self, task: int | None, thread: str, place: Place, *, stops: bool = False) -> None:
        if place not in self._told and len(self._told) < _MOST_PLACES:
            self._told.add(place)
            told = ScheduledFromThread(self._recorder.clock.now(), task, thread, *place)
            told.stops = stops
            self._recorder.write(told)


def looks_at_the_program(frame: FrameType | None) -> bool:
    """Whether this is our monitoring thread: a garbage collection there may run finalizers that schedule callbacks."""
    if threading.get_ident() == threading.main_thread().ident:
        return False
    while frame is not None and not frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame is not None


def _is_ready(loop: AbstractEventLoop, record: TaskRecord) -> bool:
    """Whether a step of a task is ready."""
    return any(getattr(handle, "_record", None) is record for handle in tuple(cpython.ready_queue(loop)))


def _is_stopping(loop: AbstractEventLoop) -> bool:
    """Whether a running loop was asked to stop, and hasn't done so yet."""
    return bool(getattr(loop, "_stopping", False)) and getattr(loop, "_thread_id", None) is not None
