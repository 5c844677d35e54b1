"""Detects that a program can't end: it waits for a thread, and nothing is left that could release the thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import CodeType

from asynclab.model.events import Outside
from asynclab.trace.monitoring.bystanders import NOBODY
from asynclab.trace.monitoring.held_threads import look_at_threads

KEPT_AFTER = 1.0
"""Real seconds that the main thread has waited for others."""

_SHUTDOWN: CodeType | None = getattr(getattr(threading, "_shutdown", None), "__code__", None)
_DEEPEST = 20


class KeptProcess:
    """Looks whether the main thread only waits for the end of others."""

    def __init__(self) -> None:
        self._next_look = 0.0
        """Real time; 0 while the program has not come to its end."""
        self.is_told = False

    def look(self, now: float, at: float) -> Iterator[Outside]:
        """What keeps the process, once that is sure; call this several times a second, on any other thread.

        `now` is real time, `at` the time of the process.
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
    """Whether the main thread has run the program to its end, and waits for the other threads."""
    frame = sys._current_frames().get(main.ident or 0)
    for _ in range(_DEEPEST):
        if frame is None or frame.f_code is _SHUTDOWN:
            break
        frame = frame.f_back
    return frame is not None and frame.f_code is _SHUTDOWN
