"""The timers of a lab: what stands for one in its heap, and what the loop is given in their place."""

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
    """The owner of a lab's timers."""

    def cancelled(self, handle: LabTimerHandle) -> None:
        """A timer was cancelled."""

    def drive(self, driver: Driver) -> None:
        """The time has come for which the real timer was set."""


class LabTimerHandle(ObservedTimer):
    """A timer in a lab's heap instead of the loop's."""

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
        # As Handle.__init__ and TimerHandle.__init__ do it: calling them would cost more than the rest.
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
        """Cancel it, and let its lab know."""
        observer = self._observer
        if observer.loop is None:  # it has outlasted its lab, and is in the loop's own heap
            TimerHandle.cancel(self)
            return
        # As Handle.cancel does it; the loop doesn't count this one, as it is not in its heap. Each sleep() cancels.
        if self._cancelled:
            return
        self._cancelled = True
        purpose = self._purpose
        if purpose is not None:
            observer.purposes.called_off(purpose, sys._getframe(1))
        self._keeper.cancelled(self)
        if self._loop._debug:
            self._repr = repr(self)
        # Nothing stays alive because a cancelled timer is still in the heap.
        self._callback = self._args = self._purpose = None  # type: ignore[assignment]


class Driver(TimerHandle):
    """The loop's real timer, set for the first timer of a lab.

    The loop's `_run_once` moves the timers that are due to its ready queue, and counts what is ready only then
    (CPython 3.11 to 3.14). For each it sets `_scheduled` to False first. At that moment the lab's own due timers go to
    the ready queue, to the very places that they would have without a lab: so they run by themselves, in the same round
    as the rest, and none is lost if one of them raises what ends the loop.
    """

    __slots__ = ("_in_heap", "_timers", "when_in_lab")

    def __init__(
        self, when: float, when_in_lab: float, loop: AbstractEventLoop, context: Context, timers: Keeper
    ) -> None:
        """Prepare a timer for the loop's time `when`, which is `when_in_lab` in the lab; `context` is one in no lab."""
        # As Handle.__init__ and TimerHandle.__init__ do it: each timer of a lab may need one of these.
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
    """An entry of the heap: compared as fast as a number, and by its time alone, as asyncio compares its timers.

    So timers for the same moment fire in the order of asyncio's heap, which is not the order of their creation.
    """

    __slots__ = ("handle",)

    handle: LabTimerHandle


def run_late(handle: TimerHandle) -> None:
    """Run a lab's timer that was moved to the loop, which keeps it in another handle."""
    if not handle._cancelled:
        handle._run()
