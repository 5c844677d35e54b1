"""Measures the lag of a lab's loop from another thread, which also calls the checks that find blocking code."""

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
"""Real seconds between two measurements."""


class ThreadPlace(msgspec.Struct, frozen=True):
    """The file, line and function that a thread is in."""

    file: str
    line: int
    function: str


class LoopMonitor:
    """A thread that measures, up to twenty times a second, how late a loop runs a callback."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        """A monitor of `loop`; it does nothing before `start`."""
        self.lags: deque[float] = deque(maxlen=120)
        """The latest measurements in seconds, newest last."""
        self.on_beat: Callable[[float], None] | None = None
        """Called on the loop with each measurement."""
        self.on_look: Callable[[], None] | None = None
        """Called on the monitor's thread, every `PERIOD`."""
        self._loop = loop
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._awaiting = False
        self._stopped_at = 0.0
        """The `perf_counter` time at which the process last continued after it was stopped."""

    def start(self) -> None:
        """Start the thread."""
        # In a free-threaded Python 3.14 a thread inherits its starter's context, which may be a lab's.
        target = partial(outside_context().run, self._watch)
        self._thread = threading.Thread(target=target, name="asynclab loop monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, and wait for its end."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def was_stopped(self) -> None:
        """Drop the present measurement: the process was stopped, so the loop isn't late by its own fault."""
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
        """Measure the lag of this call, which was scheduled at the `perf_counter` time `sent`. Runs on the loop."""
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
    """The place of a thread in its present callback: the innermost frame in a file of interest, or else not in ours.

    `boundary` is the code that runs callbacks. None if the callback runs no Python code but ours.
    """
    outwards = _outwards(sys._current_frames().get(thread), boundary)
    frames = [frame for frame in outwards if not is_ours(frame.f_code.co_filename)]  # the collector may call ours
    if not frames:
        return None
    of_files = (frame for frame in frames if not frame.f_code.co_filename.startswith("<frozen"))
    otherwise = next(of_files, frames[0])  # for an import, the frame that imports
    chosen = next((frame for frame in frames if is_of_interest(frame.f_code.co_filename)), otherwise)
    return ThreadPlace(chosen.f_code.co_filename, chosen.f_lineno or 0, chosen.f_code.co_name)


def _outwards(frame: FrameType | None, boundary: Container[CodeType]) -> Iterator[FrameType]:
    while frame is not None and frame.f_code not in boundary:
        yield frame
        frame = frame.f_back
