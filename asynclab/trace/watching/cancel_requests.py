"""Finds out who cancelled a task.

`Task.cancel()` can't be hooked. But a task counts its cancel requests, and cancel() cancels the future that the task
waits for, which wakes the task. So a request is noticed at that wake-up. If a task waits for another task, cancel()
first cancels the inner one, and so on down the chain of awaits. So each task of the chain has the same sender.

A task that is already ready, or has not started, isn't woken by cancel(). Its count is read at three moments: at the
end of the step that created it, when only its creator can have cancelled it; when it begins to wait; and when it ends.
In the last two cases the sender is unknown, and none is named.
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
from asynclab.trace.mishaps.ignored_cancels import (
    GROUPS_TAKE_BACK,
    has_swallowed_cancel,
    is_in_endless_loop,
    is_in_failed_group,
)
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
from asynclab.trace.recording.values import is_a, short_repr

_FEW = 256
"""How many notes are kept before the notes of destroyed tasks are dropped."""


_FEW_ERRORS = 16
"""For how many cancelled tasks the CancelledError that ended them is remembered."""


class _Seen(msgspec.Struct):
    """The cancel requests to one task, as far as they were noticed."""

    record: TaskRecord
    requests: int = 0
    """Their number, as Task.cancelling() counts."""
    by: int | None = None
    """The task that sent the last one; None for the user or a timer, or if unknown."""
    by_timer: bool = False
    has_woken: bool = False
    """Whether the request woke the task. Such a request is real, even if its sender is unknown: it isn't one that a
    task group has not taken back."""
    is_ignored: bool = False
    """Whether it was reported that the task ignored the request."""
    expired: int = 0
    """How many timeouts around the task have expired whose requests weren't in `requests` yet."""


class _Struck(msgspec.Struct):
    """A cancelled future, and the tasks that it wakes."""

    future: weakref.ref[Future[Any]]
    asked: TaskRecord | None = None
    """The first woken task that was itself cancelled."""
    others: list[TaskRecord] = msgspec.field(default_factory=list)
    """The woken tasks that were not cancelled themselves, and are not reported yet."""


class CancelRequests:
    """Notices cancel requests to tasks, finds their senders, and writes their events."""

    def __init__(self, recorder: Recorder, tasks: TaskRegistry) -> None:
        self._recorder = recorder
        self._tasks = tasks
        self.seen: dict[int, _Seen] = {}
        """The noticed requests, by the number of the task."""
        self._most = _FEW
        self._struck: _Struck | None = None
        """The latest cancelled future, with its waiters."""
        self._errors: deque[tuple[weakref.ref[BaseException], int]] = deque(maxlen=_FEW_ERRORS)
        """The CancelledErrors of the latest tasks that were cancelled, and the tasks' numbers."""
        self.when_lost: Callable[[TaskRecord, Task[Any], Future[Any]], None] | None = None
        """Called with a cancelled task that never gets the result that woke it, and the task or future that had it."""

    def ask(self, record: TaskRecord, task: Task[Any]) -> bool:
        """Cancel a task for the user. Returns what `Task.cancel()` returns."""
        now = self._recorder.clock.now()
        self.look(record, task, now)
        self._recorder.emit(TaskCancelRequested(now, record.id))
        self._note(record, cancel_requests_of(task) + 1, None, by_timer=False)
        try:
            return task.cancel()
        except RecursionError:  # cancel() recurses down the chain of awaits; only the innermost future matters
            return cancel_innermost(task)

    def notice(self, record: TaskRecord, at: float) -> bool:
        """Whether a task was cancelled that a cancelled future wakes now. If not, only the future was cancelled."""
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
        """Note that a cancelled future wakes a task, and report if it was cancelled because of another waiter.

        That happens if two tasks await the same future, and one of them is cancelled. The future wakes both in the same
        step or callback. `is_asked` says whether this task was cancelled itself.
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

    def check_shared(self, record: TaskRecord, by: TaskRecord, at: float) -> None:
        """Report if a cancelled task, `by`, cancels in its step the future that the task `record` waits for.

        Only if both tasks are in the same function of the user's, such as one that shares a future among its callers.
        """
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
        """Note that a task ended as cancelled. Report if it wasn't cancelled itself, but raised another's error."""
        error = next((each for each in gc.get_referents(task) if is_a(each, CancelledError)), None)
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
        """Check whether a task was cancelled since the last check, without being woken by that.

        `by` is the only task that can have done it, or None if that is unknown. `woken_by` has the future that had
        woken the task for the step that has just ended.
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
            self._check_lost_result(record, task, future, moment)

    def _check_lost_result(self, record: TaskRecord, task: Task[Any], future: Future[Any], at: float) -> None:
        """Report a lost result: it woke the task, but the task was cancelled before it ran, and got CancelledError."""
        if not is_future(future) or is_cancelled(future) or exception_of(future) is not None:
            return
        awaited = None if is_done(task) else awaited_by(task)
        if getattr(task, "_must_cancel", False) or (awaited is not None and is_cancelled(awaited)):
            return  # the task cancelled itself in that step, and had got the result
        if self.when_lost is not None:
            self.when_lost(record, task, future)
        if not is_task(future):
            self._recorder.emit(HandoverLost(at, record.id, short_repr(result_of(future))))

    def ignored_by(self, record: TaskRecord, task: Task[Any]) -> CancelIgnored | None:
        """The event for a cancelled task that waits again after its step; None if that is allowed, or was reported."""
        seen = self.seen.get(record.id)
        if seen is None or seen.is_ignored or not seen.requests or not has_swallowed_cancel(task):
            return None
        by_group = is_in_failed_group(task)
        is_certain = by_group or seen.by_timer or seen.has_woken or seen.by is not None
        if not is_certain and not GROUPS_TAKE_BACK:
            return None
        seen.is_ignored = True
        now, is_endless = self._recorder.clock.now(), is_in_endless_loop(task)
        return CancelIgnored(now, record.id, seen.by_timer, seen.by, by_group, is_endless)

    def drops(self, record: TaskRecord) -> bool:
        """Whether it is not reported yet that a task drops its CancelledError."""
        seen = self.seen.get(record.id)
        return seen is None or not seen.is_ignored

    def timeout_expired(self, task: Task[Any]) -> None:
        """Note that a timeout around a task is about to cancel it. No other hook sees that if the task is ready."""
        record = self._tasks.known(task)
        if record is not None and not is_done(task):
            self.look(record, task, None)
            seen = self.seen.get(record.id)
            if seen is None:
                seen = self._note(record, cancel_requests_of(task), None, by_timer=True)
            seen.expired += 1

    def _without_timeouts(self, seen: _Seen, requests: int) -> tuple[int, int]:
        """The number of requests now and before; those by timeouts count as known before. Updates the notes."""
        if requests < seen.requests:  # uncancel() took the last one back; the rest may be a task group's
            seen.by, seen.by_timer = None, False
        by_timeouts = min(seen.expired, max(0, requests - seen.requests))
        before = min(seen.requests, requests) + by_timeouts  # fewer after Task.uncancel()
        seen.requests, seen.expired = before, 0
        return requests, before

    def _note(self, record: TaskRecord, requests: int, by: int | None, *, by_timer: bool) -> _Seen:
        if len(self.seen) >= self._most:
            self._forget()
        seen = self.seen[record.id] = _Seen(record, requests, by, by_timer)
        return seen

    def _forget(self) -> None:
        """Drop the notes of destroyed tasks. A task that has ended may still turn out to be the sender of a request."""
        self.seen = {number: seen for number, seen in self.seen.items() if seen.record() is not None}
        self._most = max(_FEW, 2 * len(self.seen))

    def _origin(self, record: TaskRecord) -> tuple[int | None, bool]:
        """Who cancelled the task that is woken now: a task's number or None, and whether it was a timer."""
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
