"""Lets an observed loop tell the time of its process, which can be paused, slowed and made to jump."""

from __future__ import annotations

import inspect
import math
import time
from asyncio import AbstractEventLoop, BaseEventLoop

from asynclab.trace import cpython
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.watching.observer import Observer

_USUAL_TIME = inspect.unwrap(BaseEventLoop.time)


class FollowedTime:
    """What a loop tells the time by since it was first paused, slowed or made to jump.

    It stays on the loop when the observation ends. From then on it runs as fast as real time, but it keeps what it
    lost: a loop's time must not jump, and its timers can't be moved. A handle's hash is that of its deadline, and the
    program may keep handles in a set.
    """

    __slots__ = ("_origin", "ahead", "clock")

    def __init__(self, clock: VirtualClock, origin: float, ahead: float) -> None:
        self.clock = clock
        self._origin = origin
        self.ahead = ahead
        """Seconds by which the loop was ahead of the monotonic clock before; less than 0 after an earlier pause."""

    def __call__(self) -> float:
        return self._origin + self.clock.now()


def origin_of(loop: AbstractEventLoop, clock: VirtualClock) -> float:
    """What a loop tells at the time 0 of its process; not a number for a loop with a time of its own.

    Such a loop is never asked: it may be in its making.
    """
    own = vars(loop).get("time")
    if isinstance(own, FollowedTime):
        return own() - clock.now()
    is_usual = own is None and inspect.unwrap(type(loop).time) is _USUAL_TIME
    return time.monotonic() - clock.now() if is_usual else math.nan


def follow_clock(observer: Observer, loop: AbstractEventLoop) -> None:
    """Let a loop tell the time of its process from now on, unless it has a time of its own."""
    own = vars(loop).get("time")
    is_free = own is None or (isinstance(own, FollowedTime) and own.clock is not observer.clock)
    if is_free and math.isfinite(observer.origin):
        ahead = loop.time() - time.monotonic()
        loop.time = FollowedTime(observer.clock, observer.origin, ahead)  # type: ignore[method-assign]


def jump_to_timer(observer: Observer, loop: AbstractEventLoop) -> bool:
    """Let time go on to the next timer, if that would have come by now had time not stood still.

    No further: what is outside the program has had as long to answer before a timeout expires.
    """
    followed = vars(loop).get("time")
    if not isinstance(followed, FollowedTime):
        return False
    due = min((timer.when() for timer in list(cpython.timer_heap(loop)) if not timer.cancelled()), default=math.inf)
    if due > time.monotonic() + followed.ahead:
        return False
    observer.clock.advance_to(due - observer.origin)
    return True
