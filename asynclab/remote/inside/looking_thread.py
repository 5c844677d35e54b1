"""Looks again and again, from a thread of ours in somebody's program, which is not there around a fork."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable
from contextlib import suppress


class LookingThread:
    """The thread. It is not one of `threading`'s: those are listed, counted and waited for, and are the program's."""

    def __init__(self, look: Callable[[], object], period: Callable[[], float]) -> None:
        """Prepare it.

        Args:
            look: Called again and again; what it raises is nobody's business.
            period: Real seconds until the next look.
        """
        self._look = look
        self._period = period
        self._runs = _thread.allocate_lock()
        """Held for as long as the thread runs."""
        self._sleep = _thread.allocate_lock()
        """Held but for a moment, in which whoever waits for it wakes."""
        self._sleep.acquire()
        self._wanted = False
        self.is_abandoned = False
        """Whether it is never to run again: nobody needs it any more, or this is a child of the program."""

    def start(self) -> None:
        """Start the thread."""
        self._wanted = True
        self._sleep.acquire(blocking=False)  # it may have been woken last time when it was about to end anyway
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
        """Never start it again."""
        self.is_abandoned = True
        self._wanted = False

    def _run(self) -> None:
        with self._runs:
            while self._wanted and not self._sleep.acquire(timeout=self._period()):
                with suppress(Exception):  # whatever goes wrong here, the program goes on
                    self._look()
