"""Detects a program that can't end: at its exit it waits for a thread that nothing can wake any more."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import CodeType

from asynclab.model.events import Outside
from asynclab.trace.monitoring.bystanders import NOBODY
from asynclab.trace.monitoring.held_threads import look_at_threads

KEPT_AFTER = 1.0
"""Real seconds for which the main thread must have waited for other threads."""

_SHUTDOWN: CodeType | None = getattr(getattr(threading, "_shutdown", None), "__code__", None)
_DEEPEST = 20


class KeptProcess:
    """Checks whether the main thread only waits for the end of other threads."""

    def __init__(self) -> None:
        self._next_look = 0.0
        """Real time of the next check; 0 before the program's exit."""
        self.is_told = False

    def look(self, now: float, at: float) -> Iterator[Outside]:
        """Report the threads that keep the process from ending, once that is certain.

        Call this several times a second, on any thread but the main thread. `now` is real time, `at` the time of the
        process's clock.
        """
        main = threading.main_thread()
        if self.is_told or not _is_shutting_down(main):
            self._next_look = 0.0
        elif not self._next_look:
            self._next_look = now + KEPT_AFTER
        elif now >= self._next_look:
            self._next_look = now + KEPT_AFTER
            threads, held = look_at_threads(main.ident or 0, NOBODY, also_in_c=True)
            if held and not threads:
                self.is_told = True
                yield Outside(at, held=held)


def _is_shutting_down(main: threading.Thread) -> bool:
    """Whether the main thread has finished the program, and waits for the other threads."""
    frame = sys._current_frames().get(main.ident or 0)
    for _ in range(_DEEPEST):
        if frame is None or frame.f_code is _SHUTDOWN:
            break
        frame = frame.f_back
    return frame is not None and frame.f_code is _SHUTDOWN
