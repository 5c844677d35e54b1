"""Finds out what suspended tasks wait for, within a limited share of the loop's time.

A "look" at a task reads its stack and describes its wait. It costs more than a short step, so a busy loop can't afford
one after each step. Tasks for which there is no time are kept in `Looks.pending`, and looked at later.
"""

from __future__ import annotations

import math
from asyncio import Task
from collections.abc import Sequence
from time import thread_time
from typing import Any

from asynclab.model.events import TaskWaiting
from asynclab.trace.mishaps.dropped_tasks import dropped_tasks
from asynclab.trace.mishaps.lost_updates import LostUpdates
from asynclab.trace.mishaps.unread_replies import UnreadReplies
from asynclab.trace.mishaps.unread_streams import POOL_LIBRARY, UnreadStreams
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.private_waits import DroppedSources
from asynclab.trace.recording.future_state import awaited_by, coroutine_of, is_done
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.watching.external_waits import ExternalWaits
from asynclab.trace.watching.resource_registry import Resources
from asynclab.trace.watching.task_waits import WaitContext, describe_wait

LOOK_SHARE = 0.01
"""The share of a loop's CPU time for looks at tasks right after their steps."""

IDLE_SHARE = 0.001
"""The share of the time for them in which the loop waits, or other processes have the processor."""

LOOK_SAVINGS = 0.002
"""Seconds of this time that may be saved up. So in short programs, and those with few tasks, all waits are seen."""

FIRST_LOOK_AT = -math.inf
"""Real time from which on the first look is allowed."""

LOOK_LATER = 0.001
"""The most real seconds per call for looks at tasks that nobody has asked for."""

SPARE_SHARE = 0.02
"""The share of the time in which the loop waits for such looks."""

_ENOUGH = 0.0002
"""Seconds to save before the next look once the savings are spent: enough for several looks."""

_DROPPABLE = ("event", "future", "queue.get", "condition")

WAITS = "what tasks wait for"
"""The name of this watcher in the report of a failure."""


class Looks:
    """Looks at suspended tasks, and keeps account of the time that this may take."""

    def __init__(
        self, recorder: Recorder, tasks: TaskRegistry, resources: Resources, external: ExternalWaits, *, exact: bool
    ) -> None:
        """Start without pending tasks; if `exact`, look at each task when its step ends, whatever that costs."""
        self._recorder = recorder
        self._tasks = tasks
        self._known = WaitContext(recorder, tasks, resources, external)
        self._exact = exact
        self._savings = LOOK_SAVINGS
        """Seconds of CPU time that looks may take now."""
        self._reckoned = 0.0, 0.0
        """Real time and the thread's CPU time at the last calculation of the savings."""
        self._rate = IDLE_SHARE
        """The seconds saved per real second at that calculation."""
        self._looked_later = 0.0, 0.0
        """Real time and the thread's CPU time at the last call of `look_later`."""
        self.again_at = FIRST_LOOK_AT
        """Real time before which no further look is allowed."""
        self.sources = DroppedSources()
        self.replies = UnreadReplies(recorder, tasks.boundary)
        self.unread = UnreadStreams(recorder, tasks)
        self.updates = LostUpdates(recorder)
        self.pending: dict[int, TaskRecord] = {}
        """The tasks for which there was no time yet, by their numbers."""

    def look_at_the_rest(self, first: Sequence[int] = (), seconds: float = LOOK_LATER) -> None:
        """Look at pending tasks: those numbered in `first`, then others for at most `seconds` of real time."""
        pending, real_time = self.pending, self._recorder.clock.real_time
        for number in first:
            self._look_at(pending.pop(number, None))
        ends = real_time() + seconds
        while pending and real_time() < ends:
            self._look_at(pending.pop(next(iter(pending))))

    def look_later(self) -> None:
        """Look at pending tasks for a share of the time since the last call, which is small for a busy loop."""
        now = self._recorder.clock.real_time(), thread_time()
        passed, busy = _passed(self._looked_later, now)
        self._looked_later = now
        self.look_at_the_rest(seconds=min(LOOK_LATER, busy * LOOK_SHARE + (passed - busy) * SPARE_SHARE))

    def look(self, record: TaskRecord, task: Task[Any], real: float) -> None:
        """Look at a task whose step ended at the real time `real`, now or later. Don't call this before `again_at`."""
        if self._exact:
            self.find_wait(record, task)
            return
        began = thread_time()
        if self._has_saved(real, began):
            self.pending.pop(record.id, None)
            self.find_wait(record, task)
            self._savings -= thread_time() - began
        else:
            self.pending[record.id] = record
        if self._savings <= 0:
            self.again_at = real + (_ENOUGH - self._savings) / self._rate

    def look_now(self, record: TaskRecord) -> None:
        """Look at a task now if it is pending, because its wait is needed. The time is taken from later looks."""
        if record.id in self.pending:
            began = thread_time()
            self._look_at(self.pending.pop(record.id))
            self._savings -= thread_time() - began

    def was_cancelled(self, record: TaskRecord) -> None:
        """Check whether a waiting task that was cancelled leaves a reply unread."""
        task = record()
        if task is not None and WAITS not in self._recorder.failures:
            with self._recorder.guard(WAITS):
                self.replies.cancelled(record, task)

    def _has_saved(self, real: float, cpu: float) -> bool:
        """Calculate the savings at a real time and a CPU time of the thread. Returns whether there are any."""
        passed, busy = _passed(self._reckoned, (real, cpu))
        self._reckoned = real, cpu
        saved = busy * LOOK_SHARE + (passed - busy) * IDLE_SHARE
        self._rate = saved / passed if passed else LOOK_SHARE
        self._savings = min(LOOK_SAVINGS, self._savings + saved)
        return self._savings > 0

    def _look_at(self, record: TaskRecord | None) -> None:
        task = None if record is None else record()
        if record is not None and task is not None and not is_done(task):
            self.find_wait(record, task)

    def find_wait(self, record: TaskRecord, task: Task[Any]) -> None:
        """Find out what a suspended task waits for, and write the event."""
        if WAITS in self._recorder.failures:
            return
        try:
            self._tasks.notice_name(record, task)
            future = awaited_by(task)
            if future is None:  # it waits for nothing, only for its next turn
                return
            chain = follow(coroutine_of(task))
            wait = describe_wait(future, chain, self._known)
            del future  # a reference here would count as one by which the future may be set
            if wait.kind in _DROPPABLE:
                self.sources.begins(record, task)
            self._recorder.emit(TaskWaiting(self._recorder.clock.now(), record.id, wait))
            for event in dropped_tasks(self._recorder, record, chain, self._tasks) if wait.kind == "wait" else ():
                self._recorder.emit(event)
            if wait.kind == "stream" or wait.library == POOL_LIBRARY:
                self.unread.begins(record, task)
            self._savings += self.updates.begins(record, chain)  # it takes time only once per function
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._recorder.failed(WAITS, error)


def _passed(before: tuple[float, float], now: tuple[float, float]) -> tuple[float, float]:
    """The real time between two readings of real and CPU time, and the CPU time of the thread in it."""
    passed = now[0] - before[0]
    return passed, min(passed, max(0.0, now[1] - before[1]))  # the loop may continue in another thread
