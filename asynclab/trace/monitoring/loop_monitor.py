"""Measures how late the loop is, and finds what blocks it, from a thread that still runs when the loop doesn't."""

from __future__ import annotations

import sys
import threading
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Container, Iterator
from functools import partial
from time import perf_counter
from types import CodeType, FrameType

import msgspec

from asynclab.trace.recording.code_ownership import is_ours
from asynclab.trace.recording.scope import outside_context

PERIOD = 0.05
"""Real seconds between two looks."""


class ThreadPlace(msgspec.Struct, frozen=True):
    """Where a thread is."""

    file: str
    line: int
    function: str


class LoopMonitor:
    """Measures how late a loop is to run a callback, ten to twenty times a second."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        """A monitor of the loop of the calling thread; it does nothing before `start`."""
        self.lags: deque[float] = deque(maxlen=120)
        """The last measurements in seconds, newest last."""
        self.on_beat: Callable[[float], None] | None = None
        """Called on the loop with each measurement."""
        self.on_look: Callable[[], None] | None = None
        """Called on the monitor's thread at each look."""
        self._loop = loop
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._awaiting = False
        self._stopped_at = 0.0
        """When the process last continued after it had been stopped."""

    def start(self) -> None:
        """Begin to measure."""
        # A free-threaded Python 3.14 lets a thread inherit its starter's context: nothing of a lab may leak into ours.
        target = partial(outside_context().run, self._watch)
        self._thread = threading.Thread(target=target, name="asynclab loop monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop measuring; returns when the thread has ended."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def was_stopped(self) -> None:
        """Drop the measurement under way: the process was stopped, and the loop is not to blame for that."""
        self._stopped_at = perf_counter()

    def _watch(self) -> None:
        while not self._stopped.wait(PERIOD):
            if self.on_look is not None:
                self.on_look()
            if not self._awaiting:
                self._awaiting = True
                try:
                    self._loop.call_soon_threadsafe(self.beat, perf_counter(), context=outside_context())
                except RuntimeError:  # the loop was closed
                    return

    def beat(self, sent: float) -> None:
        """Measure how late the loop is with a call that was asked for at a time of `perf_counter`; on the loop."""
        self._awaiting = False
        if sent < self._stopped_at:
            return
        lag = perf_counter() - sent
        self.lags.append(lag)
        if self.on_beat is not None:
            self.on_beat(lag)


def place_of_thread(
    thread: int, is_of_interest: Callable[[str], bool], boundary: Container[CodeType]
) -> ThreadPlace | None:
    """Where a thread is now, in its callback: the innermost frame in a file of interest, else in any file but ours.

    `boundary` is the code that runs a callback. None if no Python code of others is called.
    """
    outwards = _outwards(sys._current_frames().get(thread), boundary)
    frames = [frame for frame in outwards if not is_ours(frame.f_code.co_filename)]  # the collector may call ours
    if not frames:
        return None
    of_files = (frame for frame in frames if not frame.f_code.co_filename.startswith("<frozen"))
    otherwise = next(of_files, frames[0])  # an import is made by who imports
    chosen = next((frame for frame in frames if is_of_interest(frame.f_code.co_filename)), otherwise)
    return ThreadPlace(chosen.f_code.co_filename, chosen.f_lineno or 0, chosen.f_code.co_name)


def _outwards(frame: FrameType | None, boundary: Container[CodeType]) -> Iterator[FrameType]:
    while frame is not None and frame.f_code not in boundary:
        yield frame
        frame = frame.f_back
