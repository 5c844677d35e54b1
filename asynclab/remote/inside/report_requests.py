"""Notices SIGUSR1 to a program that has no handler for it, and asks for the report of what its tasks wait for.

The handler is faulthandler's, written in C: `signal.getsignal` goes on to say SIG_DFL, and no step is interrupted. What
faulthandler prints goes into a pipe, and is thrown away.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

_PIECE = 65_536


def out_of_the_way(descriptor: int) -> int:
    """Give our file descriptor a high number, so that the program's own get the numbers that they would have.

    Returns:
        The new number, or the old one if the system allows no higher one.
    """
    try:
        import fcntl

        number = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, min(os.sysconf("SC_OPEN_MAX"), 1024) * 3 // 4)
    except (ImportError, OSError, ValueError):
        return descriptor
    os.close(descriptor)
    return number


class ReportRequests:
    """Whether somebody has sent SIGUSR1 to this process since the last look."""

    def __init__(self) -> None:
        """Wait for the signal, unless it is handled or ignored already, or the system has none."""
        self._end: int | None = None
        self._pipe: os.stat_result | None = None
        if not hasattr(signal, "SIGUSR1") or signal.getsignal(signal.SIGUSR1) is not signal.SIG_DFL:
            return
        is_used = "faulthandler" in sys.modules
        import faulthandler

        if not is_used:  # this shows whether the program has imported it
            del sys.modules["faulthandler"]
        self._end, told = map(out_of_the_way, os.pipe())
        for end in (self._end, told):
            os.set_blocking(end, False)
        self._pipe = os.fstat(self._end)
        self._unregister = faulthandler.unregister
        faulthandler.register(signal.SIGUSR1, told, all_threads=False)

    def has_come(self) -> bool:
        """Whether there was one since the last call."""
        if self._end is None or self._pipe is None:
            return False
        try:
            # A program may close what it has not opened, and get the same number for a file of its own.
            return os.path.samestat(os.fstat(self._end), self._pipe) and bool(os.read(self._end, _PIECE))
        except OSError:  # most of all since there was none
            return False

    def forget_in_child(self) -> None:
        """In a child after a fork: let the signal end it again, unless the program has seen to the signal itself."""
        if self._end is None or "faulthandler" in sys.modules:
            return
        if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
            with suppress(ValueError, RuntimeError):
                self._unregister(signal.SIGUSR1)
        self._end = None
