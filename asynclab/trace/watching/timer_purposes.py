"""Finds out what a timer is for, a timeout or a delayed call, and writes its events.

The timer of a sleep() needs no event, because the wait of its task shows it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import time as time_of_day
from types import FrameType, FunctionType, MethodType
from typing import Any, TypeAlias

from asynclab.model.events import CallEnded, CallScheduled, ClockMistaken
from asynclab.trace import cpython
from asynclab.trace.recording.clock import finite, plain_seconds
from asynclab.trace.recording.code_ownership import place_from
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.values import callable_name
from asynclab.trace.watching.timeouts import Timeouts, is_rescheduled, timeout_of

_release_waiter, _on_timeout = cpython.release_waiter, cpython.on_timeout

_SINCE_1970 = 1e9
"""Seconds. A `time.time()` is larger than this; a `loop.time()`, which begins at the machine's start, is smaller."""

_DECADE = 3e8
"""About ten years in seconds."""

Purpose: TypeAlias = object
"""The purpose of a timer until it fires: the owner of a timeout (see Timeouts), or the number of a delayed call."""


_Call: TypeAlias = tuple[str, float, int | None, str]
"""A delayed call: the name of its function, its deadline in lab time, the task that made it, and its library."""


class TimerPurposes:
    """Writes the events of timers. Its errors are caught, so code that sets or cancels a timer doesn't notice them."""

    def __init__(self, recorder: Recorder, timeouts: Timeouts) -> None:
        self._recorder = recorder
        self._timeouts = timeouts
        self._calls = 0
        self._calls_before = 0
        """The number of calls at the last `report_old_calls`."""
        self.defers = False
        """Whether calls of libraries are reported late: when they are due, or at the second `report_old_calls`.

        Most are time limits that aren't reached: an HTTP client sets one for each request, and cancels it soon.
        """
        self.untold: dict[int, _Call] = {}
        """The pending calls that aren't reported yet, by their numbers."""

    def of(self, callback: Callable[..., object], args: tuple[Any, ...], when: float) -> Purpose:
        """The purpose of a timer that is set for the loop time `when`. Not for the timer of a sleep()."""
        try:
            recorder, kind = self._recorder, type(when)
            due = (when if kind is float or kind is int else plain_seconds(when)) - recorder.origin
            function = callback.__func__ if type(callback) is MethodType else callback
            if when > _SINCE_1970:
                self._check_clock(callback, when, sys._getframe(1))
            owner: object = None
            if function is _release_waiter:
                owner = args[0]
            elif function is _on_timeout:
                owner = timeout_of(callback)
            if owner is not None:
                self._timeouts.armed(owner, due)
                return owner
            if type(function) is FunctionType:
                name, library = function.__qualname__, recorder.code.package_of_file(function.__code__.co_filename)
            else:
                name, library = callable_name(callback), recorder.code.package_of(callback)
            self._calls = number = self._calls + 1
            self.untold[number] = name, due, recorder.current_number(), library
            if not (self.defers and library):
                self._report(number)
            return number
        except KeyboardInterrupt:  # comes from a signal, and so belongs to the program
            raise
        except BaseException as error:
            self._recorder.failed("timers", error)
            return None

    def _check_clock(self, callback: Callable[..., object], when: float, caller: FrameType) -> None:
        """Report a timer that is set by `time.time()` instead of `loop.time()`."""
        if abs(when - time_of_day()) < _DECADE:
            clock, file, line = self._recorder.clock, *place_from(caller, self._timeouts.boundary)
            name = "" if timeout_of(callback) else callable_name(callback)
            seconds = when - self._recorder.origin - clock.now()
            self._recorder.emit(ClockMistaken(clock.now(), name, seconds, self._recorder.current_number(), file, line))

    def came(self, purpose: Purpose) -> None:
        """Note that the timer of a timeout or a call fires."""
        try:
            if type(purpose) is int:
                if purpose in self.untold:
                    self._report(purpose)
                self._recorder.emit(CallEnded(self._recorder.clock.now(), purpose))
            else:
                self._timeouts.expired(purpose)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._recorder.failed("timers", error)

    def called_off(self, purpose: Purpose, caller: FrameType | None) -> None:
        """Note that a timer was cancelled before it fired. `caller` is the frame that cancels it, if known."""
        try:
            if type(purpose) is int:
                if self.untold.pop(purpose, None) is None:
                    self._recorder.emit(CallEnded(self._recorder.clock.now(), purpose))
            elif caller is None or not is_rescheduled(caller):
                self._timeouts.met(purpose)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._recorder.failed("timers", error)

    def report_old_calls(self) -> None:
        """Report the delayed calls that were already pending at the last call of this method."""
        for number in [number for number in self.untold if number <= self._calls_before]:
            self._report(number)
        self._calls_before = self._calls

    def _report(self, number: int) -> None:
        name, when, task, library = self.untold.pop(number)
        self._recorder.emit(CallScheduled(self._recorder.clock.now(), number, name, finite(when), task, library))
