"""Gives the GIL to a thread that looks at loops, where a loop that is never idle would keep it from that thread."""

from __future__ import annotations

import _thread
import math
from time import monotonic

NEVER = math.inf
AT_ONCE = -math.inf

SLACK = 0.01
"""Real seconds that a look may be late before loops make way for it."""

LONGEST = 0.005
"""Real seconds that a loop waits for a look: as long as Python lets one thread keep its lock from another."""

PAUSE = 0.02
"""Real seconds that a loop goes on before it waits again for a look that takes longer; it doubles each time."""

LONGEST_PAUSE = 0.16

_REFRESH = 1.0
"""Real seconds after which a loop asks again when the next look is due, at the latest."""


class GiveWay:
    """When a look is overdue, for the loops that are looked at.

    Python takes its lock from a thread that has held it for 5 ms while another waits. A loop gives it away for a
    moment whenever it asks for I/O, and has it back before the other has woken: so nobody ever holds it for that long.
    """

    def __init__(self) -> None:
        self._overdue_at = NEVER
        self._over = _thread.allocate_lock()
        """Held but for a moment, in which a loop that waits for the end of a look goes on."""
        self._over.acquire()
        self._pause = PAUSE

    def expect(self, seconds: float) -> None:
        """The next look begins in so many real seconds; the present one is over."""
        self._overdue_at = monotonic() + seconds + SLACK
        self._pause = PAUSE
        if self._over.locked():  # else nobody has waited since the last one
            self._over.release()

    def expect_none(self) -> None:
        """There will be no look any more, or not soon."""
        self.expect(NEVER)

    def stand_aside(self) -> float:
        """Wait for a look that is overdue, on a loop's thread.

        Returns:
            The time by `monotonic()` at which to ask again.
        """
        now = monotonic()
        if now < self._overdue_at:
            return min(self._overdue_at, now + _REFRESH)
        self._over.acquire(blocking=False)  # it was released for another look
        if self._over.acquire(timeout=LONGEST):
            return self._overdue_at
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        return monotonic() + pause
