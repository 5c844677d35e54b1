"""Replaces `loop.call_at`, so that timers are observed, and code in a lab gets timers on lab time."""

from __future__ import annotations

import heapq
import sys
from asyncio import BaseEventLoop, format_helpers
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import wraps
from types import FunctionType
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.governing.owners import governor
from asynclab.trace.recording.scope import TASKS
from asynclab.trace.same_frames import looks_like
from asynclab.trace.watching.observed_timers import TIMER_DEPTH, ObservedTimer

GOVERNS = "_asynclab_governs"
"""An attribute that marks our replacement of `loop.time`, which returns lab time to code in a lab."""

_new: Any = ObservedTimer.__new__
_WAKES_SLEEPER = cpython.set_result_unless_cancelled
_CHECKS = ("TypeError", "_check_closed", "_check_thread", "_check_callback")


def observe_call_at(kind: type[BaseEventLoop], original: FunctionType) -> Callable[..., Any]:
    """Make a replacement of `call_at` for a class of loops. It makes observed timers if the loop's timers are observed.

    It does the same as the original, but in one call instead of five: an HTTP client sets a timer for each request.
    """

    @wraps(original)
    @looks_like(original, "TimerHandle", *_CHECKS, "heappush")
    def call_at(
        self: Any, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Set an observed timer, in the loop's own heap."""
        try:
            tasks = self._asynclab_tasks
        except AttributeError:  # another thread has ended the observation since this was called
            tasks = None
        # A loop of a subclass calls this by super(): its own `call_at`, also replaced, has seen the call.
        observer = None if tasks is None or type(self) is not kind else tasks.timed_by
        if observer is None:
            timer = original(self, when, callback, *args, context=context)
            if timer._source_traceback:
                del timer._source_traceback[-1]  # this frame: asyncio removes a fixed number of frames, from the end
            return timer
        if when is None:
            raise TypeError("when cannot be None")
        if self._closed:
            self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, "call_at")
        timer = _new(ObservedTimer)
        timer._context = copy_context() if context is None else context
        timer._loop = self
        timer._callback = callback
        timer._args = args
        timer._cancelled = False
        timer._repr = None
        timer._source_traceback = format_helpers.extract_stack(sys._getframe(1), TIMER_DEPTH) if self._debug else None
        timer._when = when
        timer._scheduled = False
        timer._observer = observer
        timer._purpose = None
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        if callback is not _WAKES_SLEEPER:
            timer._purpose = observer.purposes.of(callback, args, when)
        return timer

    return call_at


def govern_call_at(kind: type[BaseEventLoop], observed: FunctionType) -> Callable[..., Any]:
    """Make a replacement of `call_at` for use with labs: a lab's code gets timers in the lab's heap.

    Timers of other code are left to `observed`, which `observe_call_at` has made.
    """
    original: FunctionType = vars(observed)["__wrapped__"]

    @wraps(original)
    @looks_like(original, "TimerHandle", *_CHECKS)
    def call_at(
        self: Any, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Set a timer in the lab's heap for code in a lab, and in the loop's own heap for other code."""
        tasks = getattr(self, TASKS, None) if type(self) is kind else None
        tracer = None if tasks is None or tasks.sole is not None else governor(context)
        is_governed = (
            tracer is not None
            and tracer.loop is self
            # otherwise the program has replaced `time`, and `when` is of that time
            and "time" not in self.__dict__
            and hasattr(kind.time, GOVERNS)
        )
        if tracer is None or not is_governed:
            timer = observed(self, when, callback, *args, context=context)
            if timer._source_traceback:
                del timer._source_traceback[-1]
            return timer
        if when is None:
            raise TypeError("when cannot be None")
        if self._closed:
            self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, "call_at")
        try:
            return tracer.timers.call_at(when, callback, args, context)
        except KeyboardInterrupt:
            raise
        except BaseException:  # `when` isn't a number, or is an object that only asyncio's own heap can compare
            return original(self, when, callback, *args, context=context)

    return call_at
