"""Keeps the time of a lab: real time scaled by a speed, and still while paused."""

from __future__ import annotations

import math
from collections.abc import Callable


def finite(seconds: float) -> float | None:
    """A time or a duration as events tell it: None for one that never comes, as JSON has no infinity."""
    return seconds if math.isfinite(seconds) else None


def plain_seconds(when: float) -> float:
    """A deadline as a plain number: a float that comes from elsewhere, such as numpy, runs no code of its own.

    Raises:
        TypeError: It is no number.
    """
    return float.__pos__(when) if issubclass(type(when), float) else float(when)


class VirtualClock:
    """Lab time: real time scaled by a speed, and still while paused.

    Seconds since the lab started; never goes backwards. `now()` is written out where a call would cost too much:
    it is always `real_time() * rate + offset`.
    """

    __slots__ = ("instant", "offset", "paused", "rate", "real_time", "speed")

    def __init__(self, real_time: Callable[[], float], *, speed: float = 1.0, instant: bool = False) -> None:
        """A clock at 0 that stands still until it is started; `speed` is in lab seconds per real second, above 0."""
        self.real_time = real_time
        self.speed = _checked(speed)
        """Lab seconds per real second while not paused."""
        self.instant = instant
        self.paused = False
        self.rate = 0.0
        """Lab seconds per real second at present: 0 while paused, and before the start."""
        self.offset = 0.0
        """Lab time at the real time 0, had it always run at the present rate."""

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
        """Resume from where the time stands."""
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
        """Do as if the last `seconds` of real time had not been."""
        real = self.real_time()
        self._go_on(real, (real - seconds) * self.rate + self.offset, self.rate)

    def advance_to(self, when: float) -> None:
        """Jump to the lab time `when`; nothing happens where that has passed."""
        real = self.real_time()
        if when > real * self.rate + self.offset:
            self._go_on(real, when, self.rate)

    def real_delay(self, when: float) -> float:
        """Real seconds until the lab time `when`; infinite while time stands still, 0 where it has passed."""
        left = when - self.now()
        if left <= 0:
            return 0.0
        return left / self.rate if self.rate else math.inf

    def _run_at(self, rate: float) -> None:
        real = self.real_time()
        self._go_on(real, real * self.rate + self.offset, rate)

    def _go_on(self, real: float, now: float, rate: float) -> None:
        """Set the lab time of the real time `real` to `now`; not even a rounded sum may be earlier."""
        self.rate = rate
        self.offset = now - real * rate
        while real * rate + self.offset < now:
            self.offset += math.ulp(max(abs(self.offset), real * rate))


def _checked(speed: float) -> float:
    if not 0 < speed < math.inf:
        raise ValueError(f"a speed is a number above 0, not {speed!r}")
    return speed
