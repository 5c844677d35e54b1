"""Tells what timers are for: timeouts, and callbacks that are to be called later; a sleep's own wait tells of it."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

from asynclab.model.events import CallEnded, CallScheduled
from asynclab.trace.recording.clock import finite
from asynclab.trace.recording.code_ownership import package_of
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.watching.timeouts import Timeouts, is_rescheduled

Purpose: TypeAlias = object
"""What a timer is for until it fires: a timeout (see Timeouts.armed), or a call's number."""


class TimerPurposes:
    """Writes the events of timers. It fails as a watcher does: whoever sets or cancels a timer doesn't notice."""

    def __init__(self, recorder: Recorder, timeouts: Timeouts) -> None:
        self._recorder = recorder
        self._timeouts = timeouts
        self._calls = 0

    def of(self, callback: Callable[..., object], args: tuple[Any, ...], when: float) -> Purpose:
        """The purpose of a timer that is set for a moment in lab time, and that no sleep sets."""
        try:
            return self._timeouts.armed(callback, args, when) or self._schedule(callback, when)
        except KeyboardInterrupt:  # a signal that came while our code ran is the program's
            raise
        except BaseException as error:
            self._recorder.failed("timers", error)
            return None

    def came(self, purpose: Purpose) -> None:
        """The time of a timeout or a call has come."""
        try:
            if type(purpose) is int:
                self._recorder.emit(CallEnded(self._recorder.clock.now(), purpose))
            else:
                self._timeouts.expired(purpose)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._recorder.failed("timers", error)

    def called_off(self, purpose: Purpose, caller: FrameType) -> None:
        """A timer was cancelled that has not fired.

        Args:
            purpose: What it was for.
            caller: The frame that cancels it.
        """
        try:
            if type(purpose) is int:
                self._recorder.emit(CallEnded(self._recorder.clock.now(), purpose))
            elif not is_rescheduled(caller):
                self._timeouts.met(purpose)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._recorder.failed("timers", error)

    def _schedule(self, callback: Callable[..., object], when: float) -> int:
        """Tell of a callback that is due at a lab time, and give it a number."""
        recorder = self._recorder
        self._calls += 1
        name = getattr(callback, "__qualname__", "") or type(callback).__name__
        library = package_of(callback, recorder.code)
        due = finite(when)
        recorder.emit(CallScheduled(recorder.clock.now(), self._calls, name, due, recorder.current_number(), library))
        return self._calls
