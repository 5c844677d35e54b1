"""Detects that a variable got a new task while the old one still runs: nobody can cancel or await the old one any more.

For example, start() is called twice: both tasks run the same function of the same object, but the object keeps only the
later task. Or each round of a loop makes a task and waits for it, and leaves the previous one running.
"""

from __future__ import annotations

import gc
from asyncio import Task
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from asynclab.model.events import TaskReplaced
from asynclab.trace.cpython import callbacks_of
from asynclab.trace.mishaps.cut_off_tasks import is_kept
from asynclab.trace.mishaps.ignored_cancels import is_in_endless_loop
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.recording.future_state import cancel_requests_of, coroutine_of, is_task
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.recording.values import is_a, qualified_type_name

REPLACED_AFTER = 0.5
"""Real seconds for which the old task must still run; also the time between two checks."""

_MOST_TASKS = 50
"""The variables of a program with more tasks aren't checked."""

_MOST_ALIKE = 1_000
_ROUNDS = 10
"""How many tasks a loop in the program must have made and left."""

SEARCH_SECONDS = 0.2
"""Real seconds in the life of a loop for which all objects may be searched for references to such tasks."""

_FLAGS_OF = vars(type)["__flags__"].__get__
_HEAP_TYPE = 1 << 9
"""The flag of a class that was made at run time, as by a `class` statement."""


class ReplacedTasks:
    """Searches a loop for tasks that another task has replaced in their only variable."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._seen: set[int] = set()
        """The tasks that were found replaced at the latest check."""
        self._settled: set[int] = set()
        self._next_look = 0.0
        self._newest = 0
        """The number of the newest task at the latest check."""
        self._left = SEARCH_SECONDS

    def look(self) -> None:
        """Check the loop. Call this several times a second, on any thread but the loop's."""
        now = self._recorder.clock.real_time()
        if now < self._next_look:
            return
        self._next_look = now + REPLACED_AFTER
        records = [record for record, _ in islice(self._registry.tasks(), _MOST_ALIKE + 1)]
        if len(records) <= _MOST_ALIKE:
            self._check_rounds(records)
        newest = max((record.id for record in list(self._registry.tasks_of_loop.values())[-1:]), default=0)
        if len(records) <= _MOST_TASKS and (newest > self._newest or self._seen):
            self._newest = newest
            self._check_variables(records)

    def _check_variables(self, records: list[TaskRecord]) -> None:
        seen, self._seen = self._seen, set()
        for record in records:
            task = record()
            if task is None or record.id in self._settled or cancel_requests_of(task):
                continue
            by, name = next(self._later_ones(record.id, task), (0, ""))
            if not by or not is_in_endless_loop(task):  # the slowest check, so the last
                continue
            if record.id not in seen:
                self._seen.add(record.id)
            elif self._is_left(record):
                self._report(record.id, by, name)

    def _check_rounds(self, records: list[TaskRecord]) -> None:
        """Find tasks that another task made at one line, in many steps, if it waits only for the newest of them."""
        alike = defaultdict[tuple[object, ...], list[TaskRecord]](list)
        for record in records:
            made = record.created
            if made is not None and made.parent is not None and made.line:
                alike[made.parent, made.file, made.line, made.coroutine].append(record)
        for *older, newest in alike.values():
            left = [each for each in older if not _is_awaited(each())]
            rounds = {round(each.created.at, 2) for each in left if each.created is not None}
            if len(rounds) < _ROUNDS or not _is_awaited(newest()) or left[0].id in self._settled:
                continue
            if self._is_left(left[0]) and not is_kept(left[len(left) // 2]()):
                self._report(left[0].id, newest.id, "", len(left))

    def _is_left(self, record: TaskRecord) -> bool:
        """Whether nothing refers to a task. Searched only once for each task, and while there is time."""
        if self._left <= 0:
            return False
        self._settled.add(record.id)
        began = self._recorder.clock.real_time()
        is_left = not is_kept(record())
        self._left -= self._recorder.clock.real_time() - began
        return is_left

    def _report(self, number: int, by: int, name: str, count: int = 0) -> None:
        self._recorder.write(TaskReplaced(self._recorder.clock.now(), number, by, name, count))

    def _later_ones(self, number: int, task: Task[Any]) -> Iterator[tuple[int, str]]:
        """The later tasks of the same function in the variables of its object or module, with the variable's name."""
        for owner, space in _spaces(task):
            for name, value in list(space.items()):
                if is_task(value) and value is not task and _code_of(value) is _code_of(task):
                    known = self._registry.tasks_of_loop.get(id(value))
                    if known is not None and known() is value and known.id > number:
                        yield known.id, f"{owner}{name}"


def _spaces(task: Task[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The variables of the objects that a task's function refers to, each with the class's name; and of its module."""
    chain = follow(coroutine_of(task))
    for each in gc.get_referents(chain.links[0]) if chain.links else ():
        if _FLAGS_OF(type(each)) & _HEAP_TYPE and not is_a(each, type):
            with suppress(AttributeError):
                yield f"{qualified_type_name(each)}.", object.__getattribute__(each, "__dict__")
    if chain.frames:
        yield "", chain.frames[0].f_globals


def _is_awaited(task: Task[Any] | None) -> bool:
    """Whether a task has done callbacks, as it has if something waits for it."""
    return task is not None and bool(callbacks_of(task))


def _code_of(task: Task[Any]) -> object:
    return getattr(coroutine_of(task), "cr_code", task)
