"""Holds all watchers for signs of bugs on one loop, and calls each of them at the right moment."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Iterable
from typing import Any

from asynclab.model.events import Event, TaskCutOff
from asynclab.trace.mishaps.cut_off_tasks import cut_off_by_close, is_cut_off
from asynclab.trace.mishaps.failed_connects import FailedConnects
from asynclab.trace.mishaps.foreign_threads import ForeignThreads
from asynclab.trace.mishaps.full_pipes import FullPipes
from asynclab.trace.mishaps.ignored_results import ignored_failures
from asynclab.trace.mishaps.left_open import LeftOpen
from asynclab.trace.mishaps.left_work import left_work
from asynclab.trace.mishaps.lost_items import lost_items
from asynclab.trace.mishaps.misplaced_cancels import MisplacedCancels
from asynclab.trace.mishaps.misuses import Misuses, cached_coroutines
from asynclab.trace.mishaps.partial_deadlocks import PartialDeadlocks
from asynclab.trace.mishaps.replaced_tasks import ReplacedTasks
from asynclab.trace.mishaps.silenced_failures import SilencedFailures
from asynclab.trace.mishaps.unread_items import UnreadItems
from asynclab.trace.mishaps.unseen_failures import UnseenFailures
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry


class MishapWatchers:
    """All watchers of one loop. Those that other classes call directly are public attributes."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._misuses = Misuses(recorder)
        self.silenced = SilencedFailures(recorder)
        self.misplaced = MisplacedCancels(recorder)
        self.items = UnreadItems(recorder, registry)
        self.foreign = ForeignThreads(recorder)
        self.connects = FailedConnects(recorder)
        self.pipes = FullPipes(recorder, registry)
        self._open = LeftOpen(recorder)
        self.replaced = ReplacedTasks(recorder, registry)
        self._unseen = UnseenFailures(recorder, registry)
        self.partial_deadlocks = PartialDeadlocks(recorder, registry)
        registry.when_gone = self.items.gone
        registry.when_failed, registry.when_failure_gone = self._task_failed, self.silenced.gone
        registry.is_silenced = self.silenced.is_unread

    def look(self, processes: int, is_idle: Callable[[], bool], is_left_alone: Callable[[], bool]) -> None:
        """Run the checks of all watchers. Call this several times a second, on any thread but the loop's.

        Args:
            processes: The number of running child processes.
            is_idle: Returns whether the loop waits.
            is_left_alone: Returns whether the loop waits for nothing but its timers.
        """
        self.replaced.look()
        self._unseen.look(is_idle)
        self.foreign.look()
        self.pipes.look(processes)
        self._open.look()
        self.partial_deadlocks.look(is_left_alone)

    def cancelled(self, record: TaskRecord, *, by_timer: bool, processes: int) -> None:
        """Note that a waiting task was cancelled, and is about to get its CancelledError."""
        self._report("items", lambda: lost_items(self._recorder, record, by_timer=by_timer))
        with self._recorder.guard("results"):
            self.items.cancelled(record)
            self._misuses.wait_cancelled(record)
        task = record() if processes or self.connects.has_connected else None
        if task is not None:
            with self._recorder.guard("child processes and connections"):
                self._open.wait_cancelled(record, task)
        with self._recorder.guard("generators"):
            self.misplaced.group_failed(record)

    def cut_off(self, record: TaskRecord, at: float) -> None:
        """Note that a task is cancelled because its loop ends; report if that stops unfinished work."""
        with self._recorder.guard("tasks that are cut off"):
            task = record()
            created = record.created
            if task is None or created is None or not created.line or created.internal:
                return
            if is_cut_off(task, (created.file, created.line)):
                self._recorder.emit(TaskCutOff(at, record.id))

    def gathered(self, record: TaskRecord, future: Future[Any], at: float) -> None:
        """Note that a task gets the results of a gather()."""
        self._report("results", lambda: ignored_failures(record, future, self._registry, at))
        self._report("work", lambda: left_work(self._recorder, record, future, self._registry, at))

    def loop_closed(self, *, in_order: bool) -> None:
        """Note that the loop was closed; `in_order` is False if the program ends by an exception."""
        if in_order:
            now = self._recorder.clock.now()
            self._report("tasks that are cut off", lambda: cut_off_by_close(self._registry.tasks(), now))
        self._report("caches", lambda: cached_coroutines.found(self._recorder))

    def _task_failed(self, record: TaskRecord, error: BaseException) -> None:
        self._misuses.failed(record, error)
        self.silenced.failed(record)

    def _report(self, watcher: str, found: Callable[[], Iterable[Event]]) -> None:
        with self._recorder.guard(watcher):
            for event in found():
                self._recorder.emit(event)
