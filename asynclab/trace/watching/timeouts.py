"""Follows timeouts (asyncio.timeout, wait_for) and how each ends, by the callbacks of their timers."""

from __future__ import annotations

import sys
from asyncio import Future, Task, Timeout
from collections.abc import Callable
from contextlib import suppress
from types import CodeType, FrameType, MethodType
from typing import Any

from asynclab.model.events import TimeoutDropped, TimeoutExpired, TimeoutMet, TimeoutRescheduled, TimeoutStarted
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.mishaps.killed_generators import struck_generator
from asynclab.trace.mishaps.misplaced_cancels import MisplacedCancels
from asynclab.trace.recording.clock import finite
from asynclab.trace.recording.code_ownership import place_from
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.recording.values import is_a
from asynclab.trace.watching.cancel_requests import CancelRequests

_LEAVE: CodeType = Timeout.__aexit__.__code__
_RESCHEDULE: CodeType = Timeout.reschedule.__code__


class Timeouts:
    """Numbers a lab's timeouts, and writes their events. Each has an "owner": the Timeout, or the waiter future."""

    def __init__(
        self, recorder: Recorder, tasks: TaskRegistry, cancels: CancelRequests, misplaced: MisplacedCancels
    ) -> None:
        self._recorder = recorder
        self._tasks = tasks
        self._cancels = cancels
        self._misplaced = misplaced
        self._running: dict[int, int] = {}
        """The numbers of running timeouts, by the id() of the owner."""
        self._deadlines: dict[int, float] = {}
        """The deadlines of running timeouts in lab time, by their numbers."""
        self._count = 0
        self.boundary = tasks.boundary
        """The code of the loop's own frame."""

    def armed(self, owner: object, when: float) -> None:
        """Note that a timeout's timer was set for the lab time `when`."""
        now = self._recorder.clock.now()
        known = self._running.get(id(owner))
        if known is None:
            library = self._recorder.code.package_calling(sys._getframe(1))
            self._start(owner, when, self._recorder.current_number(), library)
        else:
            self._deadlines[known] = when
            self._recorder.emit(TimeoutRescheduled(now, known, finite(when)))

    def found(self, owner: object, deadline: float, task: int | None) -> None:
        """Note a timeout whose timer was set before the observation; `deadline` is in lab time."""
        self._start(owner, deadline, task)

    def expired(self, owner: object) -> None:
        """Note that the timer of a timeout fires."""
        if is_a(owner, Future) and Future.done(owner):
            # In wait(), and in wait_for() before Python 3.12, the task waits for a waiter future that the timer sets.
            # If the awaited future has set the waiter first, in the same turn, then the timer changes nothing.
            self.met(owner)
            return
        task = getattr(owner, "_task", None)
        self._recorder.firing_for = self._tasks.number_of(task)
        if task is not None:
            self._cancels.timeout_expired(task)
            if is_a(owner, Timeout):
                record, struck = self._tasks.known(task), None
                if record is not None:
                    with self._recorder.guard("generators"):
                        self._misplaced.timeout_expired(record, owner)
                        struck = struck_generator(self._recorder, record.id, task, owner)
                owner._task = _Leaving(task, self._left_unheard, struck)
        number = self._running.pop(id(owner), None)
        if number is not None:
            del self._deadlines[number]
            self._recorder.emit(TimeoutExpired(self._recorder.clock.now(), number))

    def expired_at_once(self, timeout: Timeout) -> None:
        """Note that a timeout expires without a timer, because its deadline had passed when it was set."""
        if id(timeout) not in self._running:
            when, now = timeout.when(), self._recorder.clock.now()
            deadline = now if when is None else when - self._recorder.origin
            self._start(timeout, deadline, self._tasks.number_of(timeout._task))  # type: ignore[attr-defined]
        self.expired(timeout)

    def met(self, owner: object) -> None:
        """Note that the block of a timeout ended before its timer fired, or before anything was awaited in it."""
        number = self._running.pop(id(owner), None)
        if number is not None:
            now = self._recorder.clock.now()
            self._recorder.emit(TimeoutMet(now, number, max(0.0, now - self._deadlines.pop(number))))

    def _left_unheard(self, task: Task[Any], block: FrameType | None) -> None:
        """Report a block that ends without an exception although its timeout expired: it dropped CancelledError."""
        record = self._tasks.known(task)
        if record is not None and self._cancels.drops(record):
            file, line = place_from(block, self.boundary)
            self._recorder.emit(TimeoutDropped(self._recorder.clock.now(), record.id, file, line))

    def _start(self, owner: object, deadline: float, task: int | None, library: str = "") -> None:
        self._count += 1
        self._running[id(owner)] = self._count
        self._deadlines[self._count] = deadline
        self._recorder.emit(TimeoutStarted(self._recorder.clock.now(), self._count, finite(deadline), task, library))


class _Leaving:
    """Replaces the task of an expired Timeout, to notice the end of its block: `__aexit__` then calls uncancel().

    Timeouts that don't expire, which are most, cost nothing this way.
    """

    def __init__(
        self,
        task: Task[Any],
        left_unheard: Callable[[Task[Any], FrameType | None], None],
        left_with_error: Callable[[], None] | None,
    ) -> None:
        self._task = task
        self._left_unheard = left_unheard
        self._left_with_error = left_with_error

    def uncancel(self) -> int:
        """Check how the block ends, and call this method of the task."""
        leaves = sys._getframe(1)
        is_heard = leaves.f_code is _LEAVE and variables_of(leaves)["exc_type"] is not None
        with suppress(Exception):
            if is_heard and self._left_with_error is not None:
                self._left_with_error()
            elif leaves.f_code is _LEAVE and not is_heard and self._task.cancelling():
                self._left_unheard(self._task, leaves.f_back)
        return self._task.uncancel()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)


def timeout_of(callback: object) -> Timeout | None:
    """The Timeout that expires when this callback is called; None for any other callback."""
    if type(callback) is not MethodType or callback.__func__ is not cpython.on_timeout:
        return None
    return callback.__self__ if is_a(callback.__self__, Timeout) else None


def is_rescheduled(caller: FrameType) -> bool:
    """Whether the frame that cancels a timeout's timer is a `reschedule` to another deadline, even a past one."""
    return caller.f_code is _RESCHEDULE and variables_of(caller)["when"] is not None
