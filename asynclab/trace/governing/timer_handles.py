"""The timer handles of a lab: one class for the timers in the lab's own heap, and one for the loop's heap."""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, format_helpers
from asyncio.events import TimerHandle
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, Protocol

from asynclab.trace.watching.observed_timers import TIMER_DEPTH, ObservedTimer, look_like_timers
from asynclab.trace.watching.observer import Observer


class Keeper(Protocol):
    """The owner of a lab's timers, which its handles call: see `Timers`."""

    def cancelled(self, handle: LabTimerHandle) -> None:
        """Note that a timer was cancelled."""

    def drive(self, driver: Driver) -> None:
        """Fire the timers that are due, because the real timer is due."""


class LabTimerHandle(ObservedTimer):
    """The handle of a timer that is in its lab's heap instead of the loop's."""

    __slots__ = ("_keeper",)

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: AbstractEventLoop,
        context: Context | None,
        observer: Observer,
        keeper: Keeper,
    ) -> None:
        # A copy of Handle.__init__ and TimerHandle.__init__: to call them would cost more than all the rest.
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = format_helpers.extract_stack(sys._getframe(3), TIMER_DEPTH) if loop._debug else None  # type: ignore[attr-defined]
        self._when = when
        self._scheduled = False
        self._observer = observer
        self._keeper = keeper
        self._purpose = None

    def cancel(self) -> None:
        """Cancel the timer, and tell its lab."""
        observer = self._observer
        if observer.loop is None:  # the lab is over, so the timer is in the loop's own heap
            TimerHandle.cancel(self)
            return
        # A copy of Handle.cancel, since each sleep() calls it. The loop isn't told: the timer is not in its heap.
        if self._cancelled:
            return
        self._cancelled = True
        purpose = self._purpose
        if purpose is not None:
            observer.purposes.called_off(purpose, sys._getframe(1))
        self._keeper.cancelled(self)
        if self._loop._debug:
            self._repr = repr(self)
        # A cancelled timer stays in the heap for a while, and must not keep these objects alive.
        self._callback = self._args = self._purpose = None  # type: ignore[assignment]


class Driver(TimerHandle):
    """The real timer, in the loop's heap, for the first timer of a lab.

    When it is due, the loop's `_run_once` sets its `_scheduled` to False, appends it to the ready queue, and only later
    counts the ready handles (CPython 3.11 to 3.14). The setter of `_scheduled` uses this moment: it appends the lab's
    due timers to the ready queue. So they get the places that they would have without a lab, and run in the same turn.
    None of them is lost if another one raises an exception that ends the loop.
    """

    __slots__ = ("_in_heap", "_timers", "when_in_lab")

    def __init__(
        self, when: float, when_in_lab: float, loop: AbstractEventLoop, context: Context, timers: Keeper
    ) -> None:
        """Prepare a timer for the loop's time `when`, which is `when_in_lab` in lab time; `context` is outside labs."""
        # A copy of Handle.__init__ and TimerHandle.__init__: each timer of a lab may need a driver.
        self._context = context
        self._loop = loop
        self._callback = timers.drive
        self._args = (self,)
        self._cancelled = False
        self._repr = None
        self._source_traceback = None
        self._when = when
        self._in_heap = False
        self._timers = timers
        self.when_in_lab = when_in_lab

    @property
    def _scheduled(self) -> bool:
        return self._in_heap

    @_scheduled.setter
    def _scheduled(self, value: bool) -> None:
        was_taken_out = self._in_heap and not value
        self._in_heap = value
        if was_taken_out and not self._cancelled:
            self._timers.drive(self)


look_like_timers(LabTimerHandle, Driver)


class Deadline(float):
    """An entry of the lab's heap. It is a float, so the heap compares it as fast as a number.

    Like asyncio's timers, two entries are compared only by time. So timers for the same moment fire in the same order
    as in asyncio's heap, which isn't the order of their creation.
    """

    __slots__ = ("handle",)

    handle: LabTimerHandle


def run_late(handle: TimerHandle) -> None:
    """Run a lab's timer that was moved to a loop with its own `call_at`, which made another handle for it."""
    if not handle._cancelled:
        handle._run()
