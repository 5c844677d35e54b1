"""Observes the timers that a loop already has when its observation begins, without replacing them."""

from __future__ import annotations

import sys
import weakref
from asyncio import BaseEventLoop, TimerHandle
from collections.abc import Callable
from functools import wraps
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.future_state import awaited_by
from asynclab.trace.same_frames import looks_like
from asynclab.trace.watching.observed_timers import ObservedTimer
from asynclab.trace.watching.observer import Observer
from asynclab.trace.watching.timeouts import timeout_of

_run_untraced = cpython.run_handle


class _Found:
    """A timer that the loop already had, and its purpose."""

    __slots__ = ("observer", "purpose", "timer")

    def __init__(self, timer: TimerHandle, observer: Observer, purpose: object) -> None:
        self.timer = weakref.ref(timer)
        self.observer = observer
        self.purpose = purpose


class FoundTimers:
    """Reports when such timers fire and when they are cancelled.

    The program may keep a reference to a timer, to cancel it later. So the timers stay, and two methods of their class
    are patched. New timers aren't affected: they have another class, `ObservedTimer`.
    """

    def __init__(self, patches: Patches) -> None:
        self._known: dict[int, _Found] = {}
        """The timers, by their id()."""
        patches.set(TimerHandle, "_run", self._make_run())
        patches.wrap(TimerHandle, "cancel", self._around_cancel)

    def add(self, observer: Observer, loop: BaseEventLoop) -> None:
        """Report all timers of a loop, and observe them. The loop's tasks must be registered already."""
        tasks = observer.registry.tasks()
        waiters = {id(awaited_by(task)): record.id for record, task in tasks}
        for timer in list(cpython.timer_heap(loop)):
            if not isinstance(timer, ObservedTimer) and not timer.cancelled():
                self._known[id(timer)] = _Found(timer, observer, _purpose(timer, observer, waiters))

    def _take(self, timer: TimerHandle) -> _Found | None:
        found = self._known.pop(id(timer), None) if self._known else None
        if found is None or found.timer() is not timer or found.observer.loop is None:
            return None
        return found

    def _make_run(self) -> Callable[[TimerHandle], None]:
        take = self._take

        @looks_like(_run_untraced, "_context", "call_exception_handler")
        def _run(self: TimerHandle) -> None:
            found = take(self)
            if found is None:
                return _run_untraced(self)
            observer = found.observer
            observer.in_timer = True
            if found.purpose is not None:
                observer.purposes.came(found.purpose)
            observer.time_callback(self._callback)  # type: ignore[attr-defined]
            try:
                self._context.run(self._callback, *self._args)  # type: ignore[attr-defined]
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                context = cpython.failure_of(self, error)  # a variable of this frame, as in Handle._run
                self._loop.call_exception_handler(context)  # type: ignore[attr-defined]
            finally:
                observer.in_timer = False
                observer.firing_for = None
                observer.end_callback()
                self = found = None  # type: ignore[assignment]
            return None

        return _run

    def _around_cancel(self, original: Callable[[TimerHandle], None]) -> Callable[[TimerHandle], None]:
        take = self._take

        @wraps(original)
        def cancel(timer: TimerHandle) -> None:
            found = take(timer)
            if found is not None and found.purpose is not None:
                found.observer.purposes.called_off(found.purpose, sys._getframe(1))
            original(timer)

        return cancel


def _purpose(timer: TimerHandle, observer: Observer, waiters: dict[int, int]) -> object:
    """Report what a timer is for. Returns the timeout's owner, or the number of a call; None for a sleep."""
    callback: Any = timer._callback  # type: ignore[attr-defined]
    args: Any = timer._args
    if callback is cpython.set_result_unless_cancelled:
        return None
    due = timer.when() - observer.origin
    timeout = timeout_of(callback)
    if timeout is not None:
        task = observer.registry.number_of(timeout._task)  # type: ignore[attr-defined]
        observer.timeouts.found(timeout, due, task)
        return timeout
    if callback is cpython.release_waiter:
        observer.timeouts.found(args[0], due, waiters.get(id(args[0])))
        return args[0]
    return observer.purposes.of(callback, args, timer.when())
