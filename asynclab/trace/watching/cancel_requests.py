"""Finds out who asked a task to end.

Nothing tells when cancel() is called on a task. But a task counts the requests, and it is woken by the cancelled future
that it waited for: so a request is noticed at the wake-up. A cancel goes down a chain of awaits before it comes up
again: who waited for a task that was cancelled on the way was asked by the same as that task.

A task that is ready already, or has not begun, is woken by nothing. Its count is looked at when the step ends in which
it was made, where only the task that made it can have asked; and whenever it begins to wait, or ends. Who asked in
between is unknown then, and none is named.
"""

from __future__ import annotations

import gc
import sys
import weakref
from asyncio import CancelledError, Future, Task
from collections import deque
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import msgspec

from asynclab.model.events import CancelIgnored, CancelShared, HandoverLost, TaskCancelRequested
from asynclab.trace.mishaps.ignored_cancels import GROUPS_TAKE_BACK, goes_on, goes_on_for_ever, is_in_failed_group
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.await_cycles import cancel_innermost
from asynclab.trace.recording.future_state import (
    awaited_by,
    cancel_requests_of,
    coroutine_of,
    exception_of,
    is_cancelled,
    is_done,
    is_future,
    is_task,
    result_of,
)
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.recording.values import short_repr

_FEW = 256
"""How many notes are kept before the notes of ended tasks are dropped."""


_FEW_ERRORS = 16
"""Of how many cancelled tasks it is remembered with which CancelledError they ended."""


class _Seen(msgspec.Struct):
    """What was noticed of the requests to end one task."""

    record: TaskRecord
    requests: int = 0
    """As Task.cancelling() counts."""
    by: int | None = None
    """The task whose step asked last; None for the user or a timer."""
    by_timer: bool = False
    has_woken: bool = False
    """Whether the request woke the task: its sender may be unknown, but it is no leftover of a task group."""
    is_ignored: bool = False
    """Whether it was reported that the task ignored the request."""
    expired: int = 0
    """How many timeouts around the task have expired whose requests its count did not show yet."""


class _Struck(msgspec.Struct):
    """A future that was cancelled, and the tasks that it wakes."""

    future: weakref.ref[Future[Any]]
    asked: TaskRecord | None = None
    """The first task that was asked to end."""
    others: list[TaskRecord] = msgspec.field(default_factory=list)
    """The woken tasks that were not asked to end, and are not reported yet."""


class CancelRequests:
    """The requests to end tasks that were noticed."""

    def __init__(self, recorder: Recorder, tasks: TaskRegistry) -> None:
        self._recorder = recorder
        self._tasks = tasks
        self.seen: dict[int, _Seen] = {}
        """What was noticed, by the number of the task."""
        self._most = _FEW
        self._struck: _Struck | None = None
        """The latest such future."""
        self._errors: deque[tuple[weakref.ref[BaseException], int]] = deque(maxlen=_FEW_ERRORS)
        """With what the latest tasks have ended that were asked to, and their numbers."""
        self.when_lost: Callable[[TaskRecord, Task[Any], Future[Any]], None] | None = None
        """Called with a task that was cancelled, and the task or future that had woken it: it never gets the result."""

    def ask(self, record: TaskRecord, task: Task[Any]) -> bool:
        """Request a cancel for the person at the keyboard. Returns whether the task took it."""
        now = self._recorder.clock.now()
        self.look(record, task, now)
        self._recorder.emit(TaskCancelRequested(now, record.id))
        self._note(record, cancel_requests_of(task) + 1, None, by_timer=False)
        try:
            return task.cancel()
        except RecursionError:  # asyncio goes down a chain of awaits in calls; its end is where a cancel takes effect
            return cancel_innermost(task)

    def notice(self, record: TaskRecord, at: float) -> bool:
        """See whether a task that a cancelled future wakes at a lab time was asked to end, or only the future was."""
        task, seen = record(), self.seen.get(record.id)
        requests = 0 if task is None else cancel_requests_of(task)
        if requests > (0 if seen is None else seen.requests):
            by, by_timer = self._origin(record)
            self._note(record, requests, by, by_timer=by_timer).has_woken = True
            if not by_timer:
                self._recorder.emit(TaskCancelRequested(at, record.id, by))
        elif seen is not None:
            seen.requests = requests
        return requests > 0

    def strikes(self, record: TaskRecord, future: Future[Any], at: float, *, is_asked: bool) -> None:
        """A cancelled future wakes a task: see whether it was cancelled because another task that awaits it was.

        All its waiters are woken in the same step or callback.
        """
        if self._struck is None or self._struck.future() is not future:
            self._struck = _Struck(weakref.ref(future))
        struck = self._struck
        if is_asked:
            struck.asked = struck.asked or record
        else:
            struck.others.append(record)
        if struck.asked is not None:
            for other in struck.others:
                self._recorder.emit(CancelShared(at, other.id, struck.asked.id))
            struck.others.clear()

    def see_shared(self, record: TaskRecord, by: TaskRecord, at: float) -> None:
        """See whether a task that runs cancels what another waits for, in a function of both, as it was cancelled."""
        task, cancelled = record(), by()
        if task is None or cancelled is None or not cancel_requests_of(cancelled):
            return
        shared = {frame.f_code for frame in follow(coroutine_of(task)).frames}
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_code is not self._tasks.boundary:
            if frame.f_code in shared and self._recorder.code.owns(frame.f_code.co_filename):
                self._recorder.emit(CancelShared(at, record.id, by.id))
                return
            frame = frame.f_back

    def ended(self, record: TaskRecord, task: Task[Any], at: float) -> None:
        """A task has ended cancelled: see whether nobody had asked it to, and the CancelledError is that of another."""
        error = next((each for each in gc.get_referents(task) if isinstance(each, CancelledError)), None)
        if error is None:
            return
        if cancel_requests_of(task):
            self._errors.append((weakref.ref(error), record.id))
            return
        for known, number in self._errors:
            if known() is error:
                self._recorder.emit(CancelShared(at, record.id, number, is_raised_again=True))
                return

    def look(
        self,
        record: TaskRecord,
        task: Task[Any],
        at: float | None,
        by: int | None = None,
        *,
        woken_by: Sequence[Future[Any]] = (),
    ) -> None:
        """See whether a task was asked to end, by a call that no hook saw, since the last look.

        `by` must have asked, if anybody has; None if that is unknown. `woken_by` began the step that just ended.
        """
        requests = Task.cancelling(task) if type(task) is Task else cancel_requests_of(task)
        if not requests and not self.seen:
            return
        seen = self.seen.get(record.id)
        before = 0 if seen is None else seen.requests
        has_timed_out = seen is not None and seen.expired > 0
        if seen is not None:
            requests, before = self._without_timeouts(seen, requests)
        moment = self._recorder.clock.now() if at is None else at
        if requests > before:
            self._note(record, requests, by, by_timer=False)
            self._recorder.emit(TaskCancelRequested(moment, record.id, by))
        elif not has_timed_out:
            return
        for future in woken_by:
            self._see_what_is_lost(record, task, future, moment)

    def _see_what_is_lost(self, record: TaskRecord, task: Task[Any], future: Future[Any], at: float) -> None:
        """Report the result that woke a task if it was asked to end before it ran: it got a CancelledError instead."""
        if not is_future(future) or is_cancelled(future) or exception_of(future) is not None:
            return
        awaited = None if is_done(task) else awaited_by(task)
        if getattr(task, "_must_cancel", False) or (awaited is not None and is_cancelled(awaited)):
            return  # it asked itself, in that very step, and had got what it was woken with
        if self.when_lost is not None:
            self.when_lost(record, task, future)
        if not is_task(future):
            self._recorder.emit(HandoverLost(at, record.id, short_repr(result_of(future))))

    def ignored_by(self, record: TaskRecord, task: Task[Any]) -> CancelIgnored | None:
        """The event for a task that waits again after its step though it was asked to end; once for each request."""
        seen = self.seen.get(record.id)
        if seen is None or seen.is_ignored or not seen.requests or not goes_on(task):
            return None
        by_group = is_in_failed_group(task)
        is_certain = by_group or seen.by_timer or seen.has_woken or seen.by is not None
        if not is_certain and not GROUPS_TAKE_BACK:
            return None
        seen.is_ignored = True
        now, is_endless = self._recorder.clock.now(), goes_on_for_ever(task)
        return CancelIgnored(now, record.id, seen.by_timer, seen.by, by_group, is_endless)

    def drops(self, record: TaskRecord) -> bool:
        """Whether it is news that a task drops its CancelledError."""
        seen = self.seen.get(record.id)
        return seen is None or not seen.is_ignored

    def timeout_expired(self, task: Task[Any]) -> None:
        """A timeout around a task is about to ask it to end. No other hook sees that if the task is ready."""
        record = self._tasks.known(task)
        if record is not None and not is_done(task):
            self.look(record, task, None)
            seen = self.seen.get(record.id)
            if seen is None:
                seen = self._note(record, cancel_requests_of(task), None, by_timer=True)
            seen.expired += 1

    def _without_timeouts(self, seen: _Seen, requests: int) -> tuple[int, int]:
        """The requests now, and before; the ones by timeouts count as known before. Updates the notes."""
        if requests < seen.requests:  # the last one was taken back, as by its timeout; those left may be a task group's
            seen.by, seen.by_timer = None, False
        by_timeouts = min(seen.expired, max(0, requests - seen.requests))
        before = min(seen.requests, requests) + by_timeouts  # fewer where it has taken one back: see Task.uncancel
        seen.requests, seen.expired = before, 0
        return requests, before

    def _note(self, record: TaskRecord, requests: int, by: int | None, *, by_timer: bool) -> _Seen:
        if len(self.seen) >= self._most:
            self._forget()
        seen = self.seen[record.id] = _Seen(record, requests, by, by_timer)
        return seen

    def _forget(self) -> None:
        """Drop what was noted of tasks that are gone; one that has ended may still be said to have asked others."""
        self.seen = {number: seen for number, seen in self.seen.items() if seen.record() is not None}
        self._most = max(_FEW, 2 * len(self.seen))

    def _origin(self, record: TaskRecord) -> tuple[int | None, bool]:
        """The task that cancelled the task woken now, None if no task did; and whether a timer did."""
        recorder = self._recorder
        if recorder.in_timer:
            timed_out = recorder.firing_for
            return timed_out, timed_out in (None, record.id)
        waker = None if recorder.is_elsewhere() else recorder.waker
        below = None if waker is None else self.seen.get(waker.id)
        if below is not None and waker is not None and _was_cancelled(waker):
            return below.by, below.by_timer or below.by == record.id
        return None if waker is None else waker.id, False


def _was_cancelled(record: TaskRecord) -> bool:
    task = record()
    return task is not None and is_cancelled(task)
