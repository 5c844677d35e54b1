"""Looks at the observed program repeatedly, from a thread of its own that is stopped around each fork."""

from __future__ import annotations

import _thread
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from os import stat
from time import monotonic, sleep

from asynclab.trace.recording.give_way import GiveWay

_MOMENT = 0.0001
"""Real seconds between two checks whether a thread has ended."""

_LAST_MOMENTS = 1.0
"""Real seconds that the system may take to end a thread which has returned."""


def start_thread(run: Callable[..., object], *args: object) -> None:
    """Start a thread with all signals blocked, so that the system delivers none of the process's signals to it.

    A program may block a signal in all of its own threads, and wait for it there: ours would be the one that takes it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        _start(run, args)
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        _start(run, args)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(run: Callable[..., object], args: tuple[object, ...]) -> None:
    if sys.version_info >= (3, 13):
        _thread.start_joinable_thread(lambda: run(*args), daemon=True)
    else:
        _thread.start_new_thread(run, args)


def _wait_until_gone(thread: int) -> None:
    """Wait until Linux no longer lists a thread that has returned: Python counts those at a fork, and warns of them."""
    until = monotonic() + _LAST_MOMENTS
    with suppress(OSError):
        while stat(f"/proc/self/task/{thread}") and monotonic() < until:
            sleep(_MOMENT)


class LookingThread:
    """The thread. It is not one of `threading`'s: those are listed, counted and waited for, and are the program's."""

    def __init__(self, look: Callable[[], object], period: Callable[[], float], way: GiveWay) -> None:
        """Prepare to look again and again.

        Args:
            look: Looks; what it raises is ignored.
            period: Says for how many real seconds to sleep before the next look.
            way: Is informed of that, for loops that would keep the thread from it.
        """
        self._look = look
        self._period = period
        self._way = way
        self.lives = False
        """Whether the thread was started and has not ended. No lock: a signal handler may fork while it is held."""
        self.asleep = _thread.allocate_lock()
        """Held except for a moment, in which the threads that wait for it wake."""
        self.asleep.acquire()
        self._native = 0
        """The system's number of the latest thread."""
        self._wanted = False
        self._pauses = 0
        """How many threads fork now, and need it to be gone."""
        self._is_starting = False
        """Whether `start` is under way."""
        self._changes = _thread.RLock()
        """Held while it is stopped or started: several threads may fork at once, and signal handlers in between."""
        self.is_abandoned = False
        """Whether it is never to run again: nobody needs it any more, or this is a child of the program."""

    def start(self) -> None:
        """Start the thread, unless it runs, or somebody needs it to be gone."""
        # A signal handler may fork anywhere in here, and asks for the same: whoever is the outermost sees to it.
        while not (self._pauses or self._wanted or self._is_starting or self.is_abandoned):
            self._is_starting = True
            try:
                if not (self._pauses or self._wanted):
                    self._start()
            finally:
                self._is_starting = False

    def _start(self) -> None:
        self._wait_for_end()  # of the one before
        self.lives = self._wanted = True
        self.asleep.acquire(blocking=False)  # it may have been woken last time when it was about to end anyway
        try:
            start_thread(self._run)
        except BaseException:
            self.lives = self._wanted = False
            raise

    def pause(self) -> None:
        """Stop the thread, and wait until it has ended; it stays stopped until each `pause` has had its `go_on`."""
        if self.is_abandoned:
            return
        with self._changes:
            self._pauses += 1
            self._wanted = False
            if self.lives:
                with suppress(RuntimeError):  # it has been woken already
                    self.asleep.release()
            if not self._is_starting:  # else a signal handler forks in `start`, which can't proceed before that returns
                self._wait_for_end()
                _wait_until_gone(self._native)

    def go_on(self) -> None:
        """Start the thread again, if it was stopped in this process, and no other caller needs it stopped."""
        if self.is_abandoned:
            return
        with self._changes:
            self._pauses = max(0, self._pauses - 1)
            with suppress(RuntimeError):  # the system has no thread to give: the program continues
                self.start()

    def abandon(self) -> None:
        """Never start it again. A child of the program may find its locks held by threads that it doesn't have."""
        self.is_abandoned = True
        self._wanted = False
        self._way.expect_none()

    def _wait_for_end(self) -> None:
        while self.lives:
            sleep(_MOMENT)

    def _run(self) -> None:
        try:
            self._native = _thread.get_native_id()
            while self._wanted and not self.asleep.acquire(timeout=self._announced_period()):
                with suppress(Exception):  # whatever goes wrong here, the program continues
                    self._look()
        finally:
            self._way.expect_none()
            self.lives = False

    def _announced_period(self) -> float:
        period = self._period()
        self._way.expect(period)
        return period
