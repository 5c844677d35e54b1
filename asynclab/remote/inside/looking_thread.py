"""The monitoring thread: calls a function several times a second, and can be stopped around a fork.

The sender of an observed program uses it, and so does the pytest plugin. Each call is a "look" at the program.
"""

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
"""Real seconds between two checks of whether a thread has ended."""

_LAST_MOMENTS = 1.0
"""Real seconds to wait until the system has removed a thread whose function has returned."""


def start_thread(run: Callable[..., object], *args: object) -> None:
    """Start a thread with all signals blocked, so that the system delivers none of the process's signals to it.

    A program may block a signal in all its own threads, and wait for it there. Otherwise our thread would get it.
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
    """Wait until Linux no longer lists an ended thread: at a fork, Python counts the listed ones, and warns."""
    until = monotonic() + _LAST_MOMENTS
    with suppress(OSError):
        while stat(f"/proc/self/task/{thread}") and monotonic() < until:
            sleep(_MOMENT)


class LookingThread:
    """The monitoring thread. `threading` doesn't know it, so the program can't list it, count it or wait for it."""

    def __init__(self, look: Callable[[], object], period: Callable[[], float], way: GiveWay) -> None:
        """Prepare the thread; `start` starts it.

        Args:
            look: Called repeatedly; its exceptions are ignored.
            period: Returns for how many real seconds to sleep before the next call of `look`.
            way: Gets this period too, so that busy loops know when they have to wait for the thread.
        """
        self._look = look
        self._period = period
        self._way = way
        self.lives = False
        """Whether the thread was started and hasn't ended. A flag, not a lock, which a forking signal handler could
        find locked."""
        self.asleep = _thread.allocate_lock()
        """A lock that is usually held, and on which the thread sleeps. Releasing it wakes the thread."""
        self.asleep.acquire()
        self._native = 0
        """The system's id of the latest thread."""
        self._wanted = False
        self._pauses = 0
        """The number of calls of `pause` without a `go_on` yet: several threads may fork at once."""
        self._is_starting = False
        """Whether a call of `start` runs."""
        self._changes = _thread.RLock()
        """Protects stopping and starting. Reentrant, because a signal handler may fork meanwhile."""
        self.is_abandoned = False
        """Whether the thread must never run again: nobody needs it, or this is a forked child of the program."""

    def start(self) -> None:
        """Start the thread, unless it runs, or a `pause` is in effect."""
        # A signal handler may fork anywhere in here, and then call this too. Only the outermost call starts the thread.
        while not (self._pauses or self._wanted or self._is_starting or self.is_abandoned):
            self._is_starting = True
            try:
                if not (self._pauses or self._wanted):
                    self._start()
            finally:
                self._is_starting = False

    def _start(self) -> None:
        self._wait_for_end()  # of the previous thread
        self.lives = self._wanted = True
        self.asleep.acquire(blocking=False)  # the previous thread may have ended without using its wake-up
        try:
            start_thread(self._run)
        except BaseException:
            self.lives = self._wanted = False
            raise

    def pause(self) -> None:
        """Stop the thread, and wait for its end. It stays stopped until `go_on` was called as often as `pause`."""
        if self.is_abandoned:
            return
        with self._changes:
            self._pauses += 1
            self._wanted = False
            if self.lives:
                with suppress(RuntimeError):  # it was already woken
                    self.asleep.release()
            if not self._is_starting:  # else we're in a signal handler inside `start`: waiting would be a deadlock
                self._wait_for_end()
                _wait_until_gone(self._native)

    def go_on(self) -> None:
        """Undo one `pause`; start the thread again if none is left."""
        if self.is_abandoned:
            return
        with self._changes:
            self._pauses = max(0, self._pauses - 1)
            with suppress(RuntimeError):  # no more threads are allowed: the program continues without ours
                self.start()

    def abandon(self) -> None:
        """Never start the thread again. A forked child calls this, because its locks may be held by missing threads."""
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
                with suppress(Exception):  # our errors must not harm the program
                    self._look()
        finally:
            self._way.expect_none()
            self.lives = False

    def _announced_period(self) -> float:
        period = self._period()
        self._way.expect(period)
        return period
