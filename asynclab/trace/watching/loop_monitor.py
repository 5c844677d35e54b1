"""How late the loop is, and who blocks it: seen from a thread, which goes on when the loop doesn't."""

from __future__ import annotations

import sys
import threading
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from time import perf_counter
from types import FrameType

PERIOD = 0.05
"""Real seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Place:
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
        self._loop_thread = threading.get_ident()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._awaiting = False
        self._stopped_at = 0.0
        """When the process last went on after it had been stopped."""

    def start(self) -> None:
        """Begin to measure."""
        self._thread = threading.Thread(target=self._watch, name="asynclab loop monitor", daemon=True)
        # A new thread copies no context before Python 3.14: nothing of a lab leaks into it.
        self._thread.start()

    def stop(self) -> None:
        """Stop measuring; returns when the thread has ended."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def was_stopped(self) -> None:
        """Drop the measurement under way: the process was stopped, and the loop is not to blame for that."""
        self._stopped_at = perf_counter()

    def place(self, is_of_interest: Callable[[str], bool]) -> Place | None:
        """Where the loop's thread is now: its innermost frame in a file of interest, else its innermost frame."""
        innermost = sys._current_frames().get(self._loop_thread)
        if innermost is None:
            return None
        chosen = next((f for f in _outwards(innermost) if is_of_interest(f.f_code.co_filename)), innermost)
        return Place(chosen.f_code.co_filename, chosen.f_lineno or 0, chosen.f_code.co_name)

    def _watch(self) -> None:
        while not self._stopped.wait(PERIOD):
            if self.on_look is not None:
                self.on_look()
            if not self._awaiting:
                self._awaiting = True
                try:
                    self._loop.call_soon_threadsafe(self._beat, perf_counter(), context=Context())
                except RuntimeError:  # the loop was closed
                    return

    def _beat(self, sent: float) -> None:
        self._awaiting = False
        if sent < self._stopped_at:
            return
        lag = perf_counter() - sent
        self.lags.append(lag)
        if self.on_beat is not None:
            self.on_beat(lag)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
