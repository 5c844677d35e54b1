"""The timers of a lab: what stands for one in its heap, and what the loop is given in their place."""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, format_helpers
from asyncio.constants import DEBUG_STACK_DEPTH
from asyncio.events import Handle, TimerHandle
from collections.abc import Callable
from contextvars import Context, copy_context
from types import FrameType
from typing import Any, Protocol

from asynclab.trace import cpython
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.same_frames import looks_like

_run_untraced = cpython.run_handle

_SLOTS = (*TimerHandle.__slots__, *(slot for slot in Handle.__slots__ if slot != "__weakref__"))

_DEPTH = DEBUG_STACK_DEPTH - 2
"""How many frames debug mode keeps of where a timer was set: asyncio takes its own two off."""


class Keeper(Protocol):
    """Who keeps the timers of a lab."""

    def cancelled(self, handle: LabTimerHandle, caller: FrameType | None) -> None:
        """A timer was cancelled, by the frame `caller` where it is a timeout's."""

    @property
    def came(self) -> Callable[[object], None]:
        """Is called when the time of a timeout or a call has come."""

    def drive(self, driver: Driver) -> None:
        """The time has come for which the real timer was set."""


class LabTimerHandle(TimerHandle):
    """A timer in a lab's heap instead of the loop's."""

    __slots__ = ("_keeper", "_purpose", "_tracer")

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: AbstractEventLoop,
        context: Context | None,
        tracer: Recorder,
        keeper: Keeper,
    ) -> None:
        # As Handle.__init__ and TimerHandle.__init__ do it: calling them would cost more than the rest.
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = format_helpers.extract_stack(sys._getframe(3), _DEPTH) if loop._debug else None  # type: ignore[attr-defined]
        self._when = when
        self._scheduled = False
        self._tracer = tracer
        self._keeper = keeper
        self._purpose: object = None
        """Until it fires: the timeout that it is for (see Timeouts.armed), or a call's number; None for a sleep."""

    def cancel(self) -> None:
        tracer = self._tracer
        if tracer.loop is None:  # it has outlasted its lab, and is in the loop's own heap
            TimerHandle.cancel(self)
            return
        # As Handle.cancel does it; the loop doesn't count this one, as it is not in its heap. Each sleep() cancels.
        if self._cancelled:
            return
        self._cancelled = True
        purpose = self._purpose
        # A frame object costs as much as all the rest: none for a sleep, or a call.
        self._keeper.cancelled(self, None if purpose is None or type(purpose) is int else sys._getframe(1))
        if self._loop._debug:  # type: ignore[attr-defined]
            self._repr = repr(self)  # type: ignore[assignment]
        # Nothing stays alive because a cancelled timer is still in the heap.
        self._callback = self._args = self._purpose = None  # type: ignore[assignment]

    @looks_like(_run_untraced, "_context", "call_exception_handler")
    def _run(self) -> None:
        tracer = self._tracer
        if tracer.loop is None:
            return _run_untraced(self)
        purpose, self._purpose = self._purpose, None
        tracer.in_timer = True
        if purpose is not None:
            self._keeper.came(purpose)
        tracer.time_callback(self._callback)
        try:
            try:
                self._context.run(self._callback, *self._args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                context = cpython.failure_of(self, error)  # stays in this frame, as in that of Handle._run
                self._loop.call_exception_handler(context)
        except (SystemExit, KeyboardInterrupt) as error:
            if not tracer.takes_exit(error):
                raise
        finally:
            try:
                tracer.callback_timed()
                if tracer.eager.under_way:
                    tracer.eager.settle()
            except KeyboardInterrupt:  # a signal that came while our code ran is the program's
                raise
            except BaseException as error:
                tracer.failed("callbacks", error)
            tracer.in_timer = False
            if purpose is not None:
                tracer.firing_for = None
        if tracer.attention:
            tracer.attend()
        self = None  # type: ignore[assignment]
        return None

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Let a copy be an ordinary timer, and what can't be pickled fail as one does."""
        plain = TimerHandle.__new__(TimerHandle)
        for name in _SLOTS:
            setattr(plain, name, getattr(self, name))
        made = plain.__reduce_ex__(protocol)
        return _plain_timer, (), *made[2:]


def _plain_timer() -> TimerHandle:
    return TimerHandle.__new__(TimerHandle)


class Driver(TimerHandle):
    """The real timer for what comes first in a lab.

    The loop's `_run_once` moves the timers that are due to its ready queue, and counts what is ready only then
    (CPython 3.11 to 3.14). For each it sets `_scheduled` to False first. At that moment the lab's own due timers go to
    the ready queue, to the very places that they would have without a lab: so they run by themselves, in the same round
    as the rest, and none is lost if one of them raises what ends the loop.
    """

    __slots__ = ("_in_heap", "_timers", "when_in_lab")

    def __init__(
        self, when: float, when_in_lab: float, loop: AbstractEventLoop, context: Context, timers: Keeper
    ) -> None:
        """Prepare a timer for a time of the loop.

        Args:
            when: The loop's own time.
            when_in_lab: The same moment in lab time.
            loop: The loop.
            context: One that is in no lab.
            timers: Those of the lab.
        """
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


# A handle's repr names its class; observing must not change it.
for _kind in LabTimerHandle, Driver:
    _kind.__name__ = _kind.__qualname__ = "TimerHandle"
    _kind.__module__ = TimerHandle.__module__


class Deadline(float):
    """An entry of the heap: compared as fast as a number, and by its time alone, as asyncio compares its timers.

    So timers for the same moment fire in the order in which asyncio's heap would give them, which is not that of their
    births.
    """

    __slots__ = ("handle",)

    handle: LabTimerHandle


def run_late(handle: TimerHandle) -> None:
    """Run a timer that a loop keeps under another handle."""
    if not handle._cancelled:
        handle._run()


def deadline_at(when: float) -> Deadline:
    """The entry for a time.

    A float that comes from elsewhere, such as numpy, is read without running code of its own.
    """
    if type(when) is not float and issubclass(type(when), float):
        when = float.__pos__(when)
    return Deadline(when)
