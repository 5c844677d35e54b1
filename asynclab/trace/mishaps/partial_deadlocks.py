"""Finds tasks that nothing can wake any more, although the rest of the program still runs.

An object to which only such waiting tasks refer would be garbage, if `asyncio.run` didn't keep its main task. So no
code can wake or cancel a task that waits for it: see `trace/reading/references.py`.
"""

from __future__ import annotations

from asyncio import Task
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from asynclab.model.events import TasksStranded
from asynclab.trace import cpython
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.harmless_tasks import can_wake_nobody
from asynclab.trace.reading.private_waits import waits_for_event, waits_for_its_own
from asynclab.trace.reading.references import NONE_LEFT, References
from asynclab.trace.reading.wakers import lone_wakers
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import awaited_by, coroutine_of, is_done, is_task
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry

FIRST_AFTER = 1.0
"""Real seconds for which the main task must have waited for the same object."""

AGAIN_AFTER = 0.5
"""Real seconds between two searches, which must find the same tasks; doubled each time if nothing new is found."""

_LATEST_AFTER = 30.0

_MOST_TASKS = 200
"""Programs with more tasks are not searched: that would take too long."""


class PartialDeadlocks:
    """Searches a loop for tasks that nothing can wake or cancel."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._main: TaskRecord | None = None
        """The record of the main task, which `run_until_complete` waits for."""
        self._next_search = 0.0
        """Real time from which on to look for the main task, if it is unknown."""
        self._wait = (0, 0)
        """The id() of the main task, and of the future that it waits for."""
        self._next_look = 0.0
        self._patience = AGAIN_AFTER
        self._found = frozenset[int]()
        self._told = frozenset[int]()
        self._seen_step = 0.0
        """The start of the loop's latest step at the latest check."""
        self._is_settled = False
        """Whether nothing new can be found until the next step."""

    def look(self, is_left_alone: Callable[[], bool]) -> None:
        """Check the loop. Call this several times a second, on any thread but the loop's.

        `is_left_alone` returns whether the loop waits for nothing but its timers.
        """
        now, latest_step = self._recorder.clock.real_time(), self._recorder.step_started
        is_new, self._seen_step = latest_step != self._seen_step, latest_step
        self._is_settled = self._is_settled and not is_new
        if self._is_settled:
            return
        wait = self._main_wait()
        if wait != self._wait:
            self._wait, self._next_look, self._patience = wait, now + FIRST_AFTER, AGAIN_AFTER
        if not wait[1] or now < self._next_look:
            return
        if not is_new and (is_left_alone() or not self._waits_in_own_code()):  # other checks report an idle program
            self._is_settled = True
            return
        found, is_sure = self._stranded(is_left_alone, is_idle=not is_new)
        serves = len(found) == 1 and cpython.serves(self._recorder.loop)
        if found and found == self._found and found != self._told:
            self._told = found
            wakers = tuple(lone_wakers(self._registry.some(found)))
            self._recorder.write(
                TasksStranded(self._recorder.clock.now(), tuple(sorted(found)), is_sure, serves, wakers)
            )
        self._is_settled = found == self._found
        self._patience = AGAIN_AFTER if found != self._found else min(2 * self._patience, _LATEST_AFTER)
        self._found, self._next_look = found, now + self._patience

    def _main_wait(self) -> tuple[int, int]:
        """The id() of the main task, and of the future that it awaits; 0 while it doesn't wait: then all is in use."""
        task = None if self._main is None else self._main()
        if task is None or not _is_main(task):
            task = self._find_main()
        if task is None:
            return 0, 0
        awaited = awaited_by(task)
        return id(task), 0 if awaited is None or is_done(awaited) else id(awaited)

    def _find_main(self) -> Task[Any] | None:
        """Search all tasks for the main one, at intervals: a loop that runs by `run_forever` has none."""
        self._main, now = None, self._recorder.clock.real_time()
        if now < self._next_search:
            return None
        self._next_search = now + AGAIN_AFTER
        for record, task in self._registry.tasks():
            if _is_main(task):
                self._main = record
                return task
        return None

    def _waits_in_own_code(self) -> bool:
        """Whether each task waits in the program's own code. Waits in a library mostly end by an event from outside."""
        owns = self._recorder.code.owns
        for _, task in islice(self._registry.tasks(), _MOST_TASKS):
            files = [frame.f_code.co_filename for frame in follow(coroutine_of(task)).frames]
            file = next((each for each in reversed(files) if not is_asyncio(each)), "")
            if file and not owns(file):
                return False
        return True

    def _stranded(self, is_left_alone: Callable[[], bool], *, is_idle: bool) -> tuple[frozenset[int], bool]:
        """The tasks that nothing can wake, if the main task is among them and doesn't wait on purpose.

        An idle program may wait on purpose, for an event that only its end will set.

        Returns:
            Their numbers, and whether nothing wakes them even if a task fails that is in a group with one of them.
        """
        found: list[Any] = list(islice(self._registry.tasks(), _MOST_TASKS + 1))
        if len(found) > _MOST_TASKS:
            return frozenset(), False
        left = self._left(found) if is_left_alone() else NONE_LEFT
        numbers = [record.id for record, _ in found]
        tasks = [task for _, task in found]
        del found
        references = References(tasks, self._wait[0], self._recorder.thread, left)
        del tasks  # it has references to the objects that they wait for
        for may_fail in (True, False):
            used = references.in_use(may_fail=may_fail)
            stranded = {number for number, is_used in zip(numbers, used, strict=False) if not is_used}
            waiting = [(number, task) for number, task in self._registry.some(stranded) if not waits_for_its_own(task)]
            is_meant = is_idle and any(waits_for_event(task) for _, task in waiting)
            if not is_meant and any(id(task) == self._wait[0] for _, task in waiting):  # else main keeps the rest
                return frozenset([*left, *(number for number, _ in waiting)]), may_fail
        return frozenset(), False

    def _left(self, found: list[tuple[TaskRecord, Task[Any]]]) -> Mapping[int, int]:
        """The numbers and id() of the waiting tasks, if all other tasks sleep and can wake nobody; otherwise empty.

        Tasks that wait for an event are left out: other code may set the event when the program ends.
        """
        harmless = {record.id: id(awaited_by(task)) for record, task in found if can_wake_nobody(task)}
        sleeps = set(harmless.values())
        timers = [] if self._recorder.loop is None else list(cpython.timer_heap(self._recorder.loop))
        if not all(each.cancelled() or (cpython.is_sleep(each) and id(each._args[0]) in sleeps) for each in timers):
            return NONE_LEFT
        left = [(record.id, task) for record, task in found if record.id not in harmless]
        waits = map(awaited_by, (task for _, task in left))
        is_sure = all(awaited is not None and not is_done(awaited) for awaited in waits)
        return {number: id(task) for number, task in left if not waits_for_event(task)} if is_sure else NONE_LEFT


def _is_main(task: Task[Any]) -> bool:
    return is_task(task) and cpython.runs_until_end_of(task)
