"""Who asked a task to end.

Nothing tells when cancel() is called on a task. But a task counts the requests, and it is woken by the cancelled future
that it waited for: so a request is noticed at the wake-up. A cancel goes down a chain of awaits before it comes up
again: who waited for a task that was cancelled on the way was asked by the same as that task.
"""

from __future__ import annotations

from asyncio import Task
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asynclab.model.events import TaskCancelRequested
from asynclab.trace.governing.await_cycles import cancel_innermost

if TYPE_CHECKING:
    from asynclab.trace.recording.recorder import Tracer
    from asynclab.trace.recording.task_registry import TaskRecord


@dataclass(slots=True)
class _Seen:
    """What was noticed of the requests to end one task."""

    requests: int
    """As Task.cancelling() counts."""
    by: int | None
    """The task whose step asked last; None for the user or a timer."""
    by_timer: bool


class Cancels:
    """The requests to end tasks that were noticed."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._seen: dict[int, _Seen] = {}

    def ask(self, record: TaskRecord, task: Task[Any]) -> bool:
        """Request a cancel in the name of the person at the keyboard; whether the task took it."""
        self._tracer.emit(TaskCancelRequested(self._tracer.clock.now(), record.id))
        self._seen[record.id] = _Seen(task.cancelling() + 1, None, by_timer=False)
        try:
            return task.cancel()
        except RecursionError:  # asyncio goes down a chain of awaits in calls; its end is where a cancel takes effect
            return cancel_innermost(task)

    def notice(self, record: TaskRecord, at: float) -> bool:
        """See whether a task that a cancelled future wakes at a lab time was asked to end, or only the future was."""
        tracer, task, seen = self._tracer, record(), self._seen.get(record.id)
        requests = 0 if task is None else task.cancelling()
        if requests > (0 if seen is None else seen.requests):
            self._seen[record.id] = found = self._origin(record, requests)
            if not found.by_timer:
                tracer.emit(TaskCancelRequested(at, record.id, found.by))
        return requests > 0

    def _origin(self, record: TaskRecord, requests: int) -> _Seen:
        tracer = self._tracer
        if tracer.in_timer:
            timed_out = tracer.timers.timeouts.firing_for
            return _Seen(requests, timed_out, by_timer=timed_out in (None, record.id))
        below = None if tracer.waker is None else self._seen.get(tracer.waker.id)
        if below is not None and tracer.waker is not None and _was_cancelled(tracer.waker):
            return _Seen(requests, below.by, below.by_timer or below.by == record.id)
        by = None if tracer.waker is None or tracer.is_elsewhere() else tracer.waker.id
        return _Seen(requests, by, by_timer=False)


def _was_cancelled(record: TaskRecord) -> bool:
    task = record()
    return task is not None and task.cancelled()
