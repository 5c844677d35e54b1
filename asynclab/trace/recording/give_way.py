"""Makes a busy loop give the GIL to our monitoring thread, which would otherwise rarely get it.

The monitoring thread looks at all loops several times per second, to send their events and to find blocked loops.
"""

from __future__ import annotations

import _thread
import math
from time import monotonic

NEVER = math.inf
AT_ONCE = -math.inf

SLACK = 0.01
"""Real seconds that a look may be late before loops wait for it."""

LONGEST = 0.005
"""Real seconds that a loop waits for a look, at most: the same as Python's switch interval between threads."""

PAUSE = 0.02
"""Real seconds between two waits of loops for the same look; doubled each time."""

LONGEST_PAUSE = 0.16
"""The limit of that doubling, in real seconds."""

_REFRESH = 1.0
"""Real seconds after which a loop checks again when the next look is due, at the latest."""


class GiveWay:
    """Knows when the next look of the monitoring thread is overdue; loops then wait for it.

    Python takes the GIL from a thread that has held it for 5 ms while another thread waits. A busy loop never holds it
    for that long: it releases the GIL at each `select`, and takes it back before the other thread has woken up.
    """

    def __init__(self) -> None:
        self._overdue_at = NEVER
        self._over = _thread.allocate_lock()
        """A lock that is usually held. `expect` releases it, so that a loop that waits for a look continues."""
        self._over.acquire()
        self._pause = PAUSE

    def expect(self, seconds: float) -> None:
        """Note that the present look is over, and that the next one begins in `seconds` real seconds."""
        self._overdue_at = monotonic() + seconds + SLACK
        self._pause = PAUSE
        if self._over.locked():  # otherwise no loop has waited since the last look
            self._over.release()

    def expect_none(self) -> None:
        """Note that no look will come soon, or ever."""
        self.expect(NEVER)

    def stand_aside(self) -> float:
        """Wait for an overdue look. A loop calls this on its own thread.

        Returns:
            The `monotonic()` time at which to call this again.
        """
        now = monotonic()
        if now < self._overdue_at:
            return min(self._overdue_at, now + _REFRESH)
        self._over.acquire(blocking=False)  # it was released after an earlier look
        if self._over.acquire(timeout=LONGEST):
            return self._overdue_at
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        return monotonic() + pause
