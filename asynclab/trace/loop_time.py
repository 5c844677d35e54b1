"""Makes an observed loop use the clock of its process, which can be paused, slowed and made to jump.

It sets `loop.time`. Pausing, stepping and slowing a program use this, and so does the option to skip idle time.
"""

from __future__ import annotations

import inspect
import math
import time
from asyncio import AbstractEventLoop, BaseEventLoop, TimerHandle
from collections.abc import Callable, Iterable
from time import monotonic

from asynclab.trace import cpython
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.watching.observer import Observer

_USUAL_TIME = inspect.unwrap(BaseEventLoop.time)


class FollowedTime:
    """The `time` of a loop that was paused, slowed or made to jump: the process's clock plus an offset."""

    __slots__ = ("_clock", "_origin")

    def __init__(self, clock: VirtualClock, origin: float) -> None:
        self._clock = clock
        self._origin = origin

    def __call__(self) -> float:
        return self._origin + self._clock.now()


def origin_of(loop: AbstractEventLoop, clock: VirtualClock) -> float:
    """The loop time at time 0 of the process's clock; NaN for a loop that overrides `time`.

    The loop's own `time` isn't called, because the loop may not be complete yet.
    """
    is_usual = (
        inspect.unwrap(type(loop).time) is _USUAL_TIME and "time" not in vars(loop) and time.monotonic is monotonic
    )
    return monotonic() - clock.now() if is_usual else math.nan


def follow_clock(observer: Observer, loop: AbstractEventLoop) -> None:
    """Make a loop use the process's clock from now on, unless it overrides `time`."""
    if math.isfinite(observer.origin) and "time" not in vars(loop):
        loop.time = FollowedTime(observer.clock, observer.origin)  # type: ignore[method-assign]


def is_behind(loop: AbstractEventLoop) -> bool:
    """Whether a loop's time is behind real time. A time that has jumped ahead stays ahead: it must never go back."""
    own = vars(loop).get("time")
    return isinstance(own, FollowedTime) and own() < type(loop).time(loop)


def catch_up(loop: AbstractEventLoop) -> None:
    """Return a loop to real time, and move its timers so that each keeps its remaining delay.

    Call this on the loop's own thread.
    """
    if is_behind(loop):
        before = loop.time()
        del vars(loop)["time"]
        _move(cpython.timer_heap(loop), loop.time() - before)


def jump_to_timer(observer: Observer, loop: AbstractEventLoop) -> bool:
    """Advance time to the next timer, if that would have been due by now without the pause.

    Never further: then a peer outside the program has had the full time to answer before a timeout expires.
    """
    if not isinstance(vars(loop).get("time"), FollowedTime):
        return False
    due = min((timer.when() for timer in list(cpython.timer_heap(loop)) if not timer.cancelled()), default=math.inf)
    if due > monotonic():
        return False
    observer.clock.advance_to(due - observer.origin)
    return True


def _move(timers: Iterable[TimerHandle], seconds: float) -> None:
    """Make timers fire later. All are moved by the same time, so a heap of them stays a heap.

    The hash of a TimerHandle depends on its time, and the program may keep timers in a set. So each timer gets a
    subclass of the same name that returns the old hash.
    """
    hashes: dict[int, int] = {}
    kinds: dict[type[TimerHandle], type[TimerHandle]] = {}
    for timer in timers:
        kind = type(timer)
        if kind.__hash__ is TimerHandle.__hash__:
            hashes[id(timer)] = hash(timer)
            if kind not in kinds:
                kinds[kind] = _with_hash(kind, lambda timer: hashes[id(timer)])
            timer.__class__ = kinds[kind]
        timer._when += seconds  # type: ignore[attr-defined]


def _with_hash(kind: type[TimerHandle], of: Callable[[TimerHandle], int]) -> type[TimerHandle]:
    names = {name: vars(kind)[name] for name in ("__module__", "__qualname__", "__doc__") if name in vars(kind)}
    return type(kind.__name__, (kind,), {**names, "__slots__": (), "__hash__": of})
