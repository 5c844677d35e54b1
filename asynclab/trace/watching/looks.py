"""Looks at suspended tasks, to tell what they wait for, without taking more than a share of the loop's time."""

from __future__ import annotations

import math
from asyncio import Task
from collections.abc import Sequence
from time import thread_time
from typing import Any

from asynclab.model.events import TaskWaiting
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
"""How much of a loop's CPU time may go into looks at suspended tasks as soon as their step ends."""

IDLE_SHARE = 0.001
"""How much of the time in which the loop waits, or other processes have the processor, may go there, too."""

LOOK_SAVINGS = 0.002
"""Seconds: how much of that time may be saved up. So short programs and those with few tasks are seen whole."""

FIRST_LOOK_AT = -math.inf
"""Real time from which on there is time for the first look."""

LOOK_LATER = 0.001
"""Real seconds that at most go at once into tasks that nobody asked for."""

SPARE_SHARE = 0.02
"""How much of the time in which the loop waits may go into those."""

_ENOUGH = 0.0002
"""Seconds to save again once the budget is spent: enough for several looks, as the accounting costs time too."""

_DROPPABLE = ("event", "future", "queue.get", "condition")

WAITS = "what tasks wait for"
"""What the watcher of waits is called where it fails."""


class Looks:
    """Which suspended tasks were looked at, and which are still to be."""

    def __init__(
        self, recorder: Recorder, tasks: TaskRegistry, resources: Resources, external: ExternalWaits, *, exact: bool
    ) -> None:
        """Begin with no task to look at; if `exact`, each is looked at as its step ends, whatever that costs."""
        self._recorder = recorder
        self._tasks = tasks
        self._known = WaitContext(recorder, tasks, resources, external)
        self._exact = exact
        self._savings = LOOK_SAVINGS
        """Seconds of CPU time that looks may take now."""
        self._reckoned = 0.0, 0.0
        """Real time and the thread's CPU time when that was reckoned last."""
        self._rate = IDLE_SHARE
        """What was saved in a real second when it was."""
        self._looked_later = 0.0, 0.0
        """Real time and the thread's CPU time at the last call of `look_later`."""
        self.again_at = FIRST_LOOK_AT
        """Real time before which there is no time for the next look."""
        self.sources = DroppedSources()
        self.replies = UnreadReplies(recorder, tasks.boundary)
        self.unread = UnreadStreams(recorder, tasks)
        self.updates = LostUpdates(recorder)
        self.pending: dict[int, TaskRecord] = {}
        """The tasks that there was no time to look at."""

    def look_at_the_rest(self, first: Sequence[int] = (), seconds: float = LOOK_LATER) -> None:
        """Look at tasks that there was no time to look at before: the `first`, then others for some real seconds."""
        pending, real_time = self.pending, self._recorder.clock.real_time
        for number in first:
            self._look_at(pending.pop(number, None))
        ends = real_time() + seconds
        while pending and real_time() < ends:
            self._look_at(pending.pop(next(iter(pending))))

    def look_later(self) -> None:
        """Look at tasks that nobody asked for, for a share of the time since the last call: a busy loop's is small."""
        now = self._recorder.clock.real_time(), thread_time()
        passed, busy = _passed(self._looked_later, now)
        self._looked_later = now
        self.look_at_the_rest(seconds=min(LOOK_LATER, busy * LOOK_SHARE + (passed - busy) * SPARE_SHARE))

    def look(self, record: TaskRecord, task: Task[Any], real: float) -> None:
        """Look at a task whose step ended at the real time `real`, or later; not to be called before `again_at`."""
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
        """Look at a task if there was no time to before, as what it waits for matters now. Later looks pay for it."""
        if record.id in self.pending:
            began = thread_time()
            self._look_at(self.pending.pop(record.id))
            self._savings -= thread_time() - began

    def was_cancelled(self, record: TaskRecord) -> None:
        """A task that still waits was asked to end: see whether it leaves a reply unread."""
        task = record()
        if task is not None and WAITS not in self._recorder.failures:
            with self._recorder.guard(WAITS):
                self.replies.cancelled(record, task)

    def _has_saved(self, real: float, cpu: float) -> bool:
        """Reckon what is saved at a real time and a CPU time of the thread, and whether that is anything."""
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
        """Find out what a suspended task waits for, and write it down."""
        if WAITS in self._recorder.failures:
            return
        try:
            self._tasks.notice_name(record, task)
            future = awaited_by(task)
            if future is None:  # it waits for nothing, but asked for another turn
                return
            chain = follow(coroutine_of(task))
            wait = describe_wait(future, chain, self._known)
            del future  # or it would count as one of those who may set it
            if wait.kind in _DROPPABLE:
                self.sources.begins(record, task)
            self._recorder.emit(TaskWaiting(self._recorder.clock.now(), record.id, wait))
            if wait.kind == "stream" or wait.library == POOL_LIBRARY:
                self.unread.begins(record, task)
            self._savings += self.updates.begins(record, chain)  # once for each function
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._recorder.failed(WAITS, error)


def _passed(before: tuple[float, float], now: tuple[float, float]) -> tuple[float, float]:
    """The time between two readings of real time and the thread's CPU time, and how much of it the thread ran."""
    passed = now[0] - before[0]
    return passed, min(passed, max(0.0, now[1] - before[1]))  # the loop may continue in another thread
