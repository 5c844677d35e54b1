"""Notices SIGUSR1 to a program that has no handler for it; the viewer then reports what its tasks wait for.

faulthandler handles the signal, in C. So `signal.getsignal` still returns SIG_DFL, and no step is interrupted.
faulthandler writes its text into a pipe, and the text is thrown away.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

_PIECE = 65_536


def out_of_the_way(descriptor: int) -> int:
    """Move our file descriptor to a high number, so that the program's files get the same numbers as without asynclab.

    Returns:
        The new number, or the old one if the system refuses.
    """
    try:
        import fcntl

        number = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, min(os.sysconf("SC_OPEN_MAX"), 1024) * 3 // 4)
    except (ImportError, OSError, ValueError):
        return descriptor
    os.close(descriptor)
    return number


class ReportRequests:
    """Notices SIGUSR1 to this process."""

    def __init__(self) -> None:
        """Register for the signal, unless it is already handled or ignored, or the system doesn't have it."""
        self._end: int | None = None
        self._pipe: os.stat_result | None = None
        if not hasattr(signal, "SIGUSR1") or signal.getsignal(signal.SIGUSR1) is not signal.SIG_DFL:
            return
        is_used = "faulthandler" in sys.modules
        import faulthandler

        if not is_used:  # so that sys.modules shows whether the program itself imports it
            del sys.modules["faulthandler"]
        self._end, told = map(out_of_the_way, os.pipe())
        for end in (self._end, told):
            os.set_blocking(end, False)
        self._pipe = os.fstat(self._end)
        self._unregister = faulthandler.unregister
        faulthandler.register(signal.SIGUSR1, told, all_threads=False)

    def has_come(self) -> bool:
        """Whether the signal has come since the last call."""
        if self._end is None or self._pipe is None:
            return False
        try:
            # A program may close descriptors that it didn't open, and then get the same number for its own file.
            return os.path.samestat(os.fstat(self._end), self._pipe) and bool(os.read(self._end, _PIECE))
        except OSError:  # mostly BlockingIOError: no signal has come
            return False

    def forget_in_child(self) -> None:
        """In a forked child, restore the signal's default action, unless the program has set its own."""
        if self._end is None or "faulthandler" in sys.modules:
            return
        if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
            with suppress(ValueError, RuntimeError):
                self._unregister(signal.SIGUSR1)
        self._end = None
