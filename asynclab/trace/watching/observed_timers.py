"""A timer handle that reports when it fires and when it is cancelled."""

from __future__ import annotations

import sys
from asyncio.constants import DEBUG_STACK_DEPTH
from asyncio.events import Handle, TimerHandle
from typing import Any

from asynclab.model.events import BLOCKED_AFTER
from asynclab.trace import cpython
from asynclab.trace.same_frames import looks_like
from asynclab.trace.watching.observer import Observer

_run_untraced = cpython.run_handle

_SLOTS = (*TimerHandle.__slots__, *(slot for slot in Handle.__slots__ if slot != "__weakref__"))

TIMER_DEPTH = DEBUG_STACK_DEPTH - 2
"""How many frames debug mode stores for a new timer: asyncio stores two more, and then removes its own two."""


class ObservedTimer(TimerHandle):
    """A timer in the heap of its loop. Our replacement of `call_at` makes it and sets its attributes.

    An HTTP client sets a timer for each request, and cancels it soon. So `cancel` has to be as fast as asyncio's.
    """

    __slots__ = ("_observer", "_purpose")

    _callback: Any
    _context: Any
    _loop: Any
    _repr: str | None
    _observer: Observer
    _purpose: object
    """Until it fires: the timeout that it belongs to (see Timeouts.armed), or a call's number; None for a sleep."""

    @looks_like(TimerHandle.cancel, "_timer_handle_cancelled", "super")
    def cancel(self) -> None:
        """Cancel the timer, and report the cancel if the timer was reported."""
        # A copy of TimerHandle.cancel and Handle.cancel.
        if self._cancelled:
            return
        loop = self._loop
        loop._timer_handle_cancelled(self)
        purpose = self._purpose
        if purpose is not None:
            observer = self._observer
            is_untold = type(purpose) is int and observer.purposes.untold.pop(purpose, None) is not None
            if not is_untold and observer.loop is not None:
                observer.purposes.called_off(purpose, sys._getframe(1))
        if loop._debug:
            super(TimerHandle, self).cancel()
        self._cancelled = True
        # A cancelled timer stays in the heap for a while, and must not keep these objects alive.
        self._callback = self._args = self._purpose = None  # type: ignore[assignment]

    @looks_like(_run_untraced, "_context", "call_exception_handler")
    def _run(self) -> None:
        observer = self._observer
        if observer.loop is None:
            return _run_untraced(self)
        purpose, self._purpose = self._purpose, None
        observer.in_timer = True
        if purpose is not None:
            observer.purposes.came(purpose)
        observer.callback = self._callback
        real_time = observer.clock.real_time
        started = observer.callback_started = real_time()
        try:
            if Handle._run is not _run_untraced:  # the program has replaced it
                Handle._run(self)
            else:
                try:
                    self._context.run(self._callback, *self._args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    context = cpython.failure_of(self, error)  # a variable of this frame, as in Handle._run
                    self._loop.call_exception_handler(context)
        except (SystemExit, KeyboardInterrupt) as error:
            if not observer.takes_exit(error):
                raise
        finally:
            try:
                if real_time() - started >= BLOCKED_AFTER:
                    observer.callback_timed()
                if observer.eager.under_way:
                    observer.eager.settle()
            except KeyboardInterrupt:  # comes from a signal, and so belongs to the program
                raise
            except BaseException as error:
                observer.failed("callbacks", error)
            observer.callback, observer.callback_started = None, 0.0
            observer.in_timer = False
            if purpose is not None:
                observer.firing_for = None
        if real_time() >= observer.attend_at:
            observer.attend()
        self = None  # type: ignore[assignment]
        return None

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copy and pickle like an ordinary TimerHandle, with the same errors."""
        plain = TimerHandle.__new__(TimerHandle)
        for name in _SLOTS:
            setattr(plain, name, getattr(self, name))
        made = plain.__reduce_ex__(protocol)
        return _plain_timer, (), *made[2:]


def look_like_timers(*kinds: type[TimerHandle]) -> None:
    """Name classes like asyncio's TimerHandle: a handle's repr has its class name, and must be the same as before."""
    for kind in kinds:
        kind.__name__ = kind.__qualname__ = "TimerHandle"
        kind.__module__ = TimerHandle.__module__


look_like_timers(ObservedTimer)


def _plain_timer() -> TimerHandle:
    return TimerHandle.__new__(TimerHandle)
