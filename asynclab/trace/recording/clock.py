"""The clock of a lab or an observed process: real time times a speed, stopped while paused."""

from __future__ import annotations

import math
from collections.abc import Callable


def finite(seconds: float) -> float | None:
    """A time or duration for an event; None if it is infinite or NaN, which JSON doesn't have."""
    return seconds if math.isfinite(seconds) else None


def plain_seconds(when: float) -> float:
    """A deadline as a plain float. For a subclass of float, such as numpy's, no code of the subclass runs.

    Raises:
        TypeError: `when` isn't a number.
    """
    return float.__pos__(when) if issubclass(type(when), float) else float(when)


class VirtualClock:
    """Lab time: real time times a speed, stopped while paused.

    It counts seconds since the lab started, and never goes backwards. `now()` is always
    `real_time() * rate + offset`; where a call would cost too much, the callers have this formula inline.
    """

    __slots__ = ("instant", "offset", "paused", "rate", "real_time", "speed")

    def __init__(self, real_time: Callable[[], float], *, speed: float = 1.0, instant: bool = False) -> None:
        """A clock at 0, stopped until `start`; `speed` is in lab seconds per real second, above 0."""
        self.real_time = real_time
        self.speed = _checked(speed)
        """Lab seconds per real second while not paused."""
        self.instant = instant
        self.paused = False
        self.rate = 0.0
        """Lab seconds per real second at present: 0 while paused, and before the start."""
        self.offset = 0.0
        """Lab time at real time 0, if it had always run at the present rate."""

    def start(self) -> None:
        """Start the clock, unless it is paused."""
        self._run_at(0.0 if self.paused else self.speed)

    def now(self) -> float:
        """Lab time in seconds."""
        return self.real_time() * self.rate + self.offset

    def pause(self) -> None:
        """Stop time."""
        self.paused = True
        self._run_at(0.0)

    def resume(self) -> None:
        """Resume from the time at which the clock stopped."""
        self.paused = False
        self._run_at(self.speed)

    def set_speed(self, speed: float) -> None:
        """Make time run faster or slower from now on.

        Raises:
            ValueError: The speed is not a finite number above 0.
        """
        self.speed = _checked(speed)
        if self.rate:
            self._run_at(self.speed)

    def skip(self, seconds: float) -> None:
        """Exclude the last `seconds` of real time."""
        real = self.real_time()
        self._go_on(real, (real - seconds) * self.rate + self.offset, self.rate)

    def advance_to(self, when: float) -> None:
        """Jump to the lab time `when`; do nothing if that has passed."""
        real = self.real_time()
        if when > real * self.rate + self.offset:
            self._go_on(real, when, self.rate)

    def real_delay(self, when: float) -> float:
        """Real seconds until the lab time `when`; infinite while the clock is stopped, 0 if `when` has passed."""
        left = when - self.now()
        if left <= 0:
            return 0.0
        return left / self.rate if self.rate else math.inf

    def _run_at(self, rate: float) -> None:
        real = self.real_time()
        self._go_on(real, real * self.rate + self.offset, rate)

    def _go_on(self, real: float, now: float, rate: float) -> None:
        """Set the lab time at the real time `real` to `now`, and never earlier, not even by rounding."""
        self.rate = rate
        self.offset = now - real * rate
        while real * rate + self.offset < now:
            self.offset += math.ulp(max(abs(self.offset), real * rate))


def _checked(speed: float) -> float:
    if not 0 < speed < math.inf:
        raise ValueError(f"a speed is a number above 0, not {speed!r}")
    return speed
