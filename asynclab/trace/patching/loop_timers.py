"""Observes the timers that a loop keeps itself: those of a process all of whose loops are observed."""

from __future__ import annotations

import weakref
from asyncio import BaseEventLoop, TimerHandle
from collections.abc import Callable
from contextvars import Context
from types import FrameType
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.governing.timer_handles import Driver, LabTimerHandle, deadline_at
from asynclab.trace.watching.observer import Observer


class LoopTimers:
    """Makes the timers of a loop, and is told what becomes of them."""

    def __init__(self, observer: Observer, loop: BaseEventLoop) -> None:
        self._observer = observer
        observer.purposes.defers = True
        self.came = observer.purposes.came
        self._loop = weakref.ref(loop)

    def call_at(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> TimerHandle:
        """Set a timer as `BaseEventLoop.call_at` does, which has made its checks before.

        Raises:
            TypeError: The time can't be compared with others.
        """
        observer, loop = self._observer, self._loop()
        assert loop is not None  # it is the one that is asked
        handle = LabTimerHandle(when, callback, args, loop, context, observer, self)
        cpython.push_timer(handle)
        if callback is not cpython.set_result_unless_cancelled:  # what a sleep arms its timer with
            deadline = when if type(when) is float else deadline_at(when)
            handle._purpose = observer.purposes.of(callback, args, deadline - observer.origin)
        return handle

    def cancelled(self, handle: LabTimerHandle, caller: FrameType | None) -> None:
        """A timer was cancelled: its loop counts those, to clear them away when they are many."""
        cpython.count_cancelled(handle._loop, handle)
        if handle._purpose is not None:
            self._observer.purposes.called_off(handle._purpose, caller)

    def drive(self, driver: Driver) -> None:
        """A loop that keeps its own timers needs none to drive them."""
