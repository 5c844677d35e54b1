import math
import random

import pytest

from asynclab.trace.recording.clock import VirtualClock


class Seconds:
    """Real time in the hands of a test."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def clock(seconds: Seconds) -> VirtualClock:
    """A clock that has been started."""
    clock = VirtualClock(seconds)
    clock.start()
    return clock


@pytest.mark.parametrize(("paused", "now"), [(False, 6), (True, 2)])
def test_real_time_that_is_skipped_takes_no_lab_time(seconds: Seconds, paused: bool, now: float) -> None:
    clock = VirtualClock(seconds, speed=2)
    clock.start()
    seconds.now += 1
    if paused:
        clock.pause()
    seconds.now += 100
    clock.skip(100)
    assert clock.now() == 2
    seconds.now += 2
    assert clock.now() == now


def test_a_speed_set_during_a_pause_waits_for_its_end(clock: VirtualClock, seconds: Seconds) -> None:
    clock.pause()
    clock.set_speed(4)
    seconds.now += 1
    assert clock.now() == 0
    clock.resume()
    seconds.now += 1
    assert clock.now() == 4


def test_a_jump_goes_forward_only(clock: VirtualClock) -> None:
    clock.advance_to(10)
    clock.advance_to(5)
    assert clock.now() == 10


def test_the_real_delay_depends_on_the_speed(seconds: Seconds) -> None:
    clock = VirtualClock(seconds, speed=0.5)
    clock.start()
    assert clock.real_delay(3) == 6
    assert clock.real_delay(-1) == 0
    clock.pause()
    assert clock.real_delay(3) == math.inf


@pytest.mark.parametrize("speed", [0, -1, math.inf, math.nan])
def test_a_speed_is_a_number_above_zero(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        VirtualClock(lambda: 0.0, speed=speed)


@pytest.mark.parametrize("uptime", [0.0, 5.3, 1e5, 1e7])
def test_time_never_goes_back_by_the_smallest_amount(seconds: Seconds, uptime: float) -> None:
    seconds.now, choices = uptime, random.Random(uptime)
    clock = VirtualClock(seconds, speed=3.7)
    clock.start()
    latest = clock.now()
    for _ in range(2_000):
        seconds.now += choices.choice([0, 1e-6, choices.random()])
        what = choices.choice(["pause", "resume", "speed", "jump"])
        if what == "speed":
            clock.set_speed(choices.choice([0.1, 0.25, 1, 4, 64]))
        elif what == "jump":
            when = clock.now() + choices.choice([0, 1e-3, 3600])
            clock.advance_to(when)
            assert clock.now() >= when
        else:
            getattr(clock, what)()
        assert clock.now() >= latest
        latest = clock.now()


def test_a_speed_set_before_the_start_starts_nothing(seconds: Seconds) -> None:
    clock = VirtualClock(seconds)
    clock.set_speed(2)
    seconds.now += 5
    assert clock.now() == 0
    clock.start()
    seconds.now += 1
    assert clock.now() == 2
