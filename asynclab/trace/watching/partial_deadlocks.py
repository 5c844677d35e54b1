"""Finds tasks that nothing can wake any more, though the rest of the program goes on.

References are counted as the garbage collector does: of the objects that waiting tasks lead to, those that are also
referred to from elsewhere are in use, with all that they lead to. What is left would be garbage, if `asyncio.run` did
not keep its main task: no code can wake or cancel a task in there. (Saioc et al., "Dynamic Partial Deadlock Detection
and Recovery via Garbage Collection", ASPLOS 2025.)
"""

from __future__ import annotations

import gc
import signal
import sys
import weakref
from asyncio import AbstractEventLoop, Task
from functools import partial
from itertools import islice
from types import CodeType, FunctionType, ModuleType, NoneType
from typing import Any

from asynclab.model.events import TasksStranded
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import awaited_by, coroutine_of, is_done, is_task
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.watching.private_waits import waits_for_its_own

FIRST_AFTER = 1.0
"""Real seconds for which the main task has waited for the same."""

AGAIN_AFTER = 0.5
"""Real seconds until the next look, which has to find the same; twice as many each time where nothing is found."""

_LATEST_AFTER = 30.0

_MOST_TASKS = 200
_MOST_OBJECTS = 20_000
"""Of a program with more nothing is told: to look at them would take too long."""

_CLOSED = (type, ModuleType, CodeType, AbstractEventLoop, Recorder, str, bytes, int, float, NoneType)
"""What is not followed: whatever it leads to counts as in use."""


class PartialDeadlocks:
    """The tasks of a loop that nothing can wake or cancel."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._wait = (0, 0)
        """The id() of the main task, and of what it waits for."""
        self._next_look = 0.0
        self._patience = AGAIN_AFTER
        self._found = frozenset[int]()
        self._told = frozenset[int]()

    def look(self) -> None:
        """Look once; to be called some times a second, on any thread but the loop's."""
        now = self._recorder.clock.real_time()
        wait = self._main_wait()
        if wait != self._wait:
            self._wait, self._next_look, self._patience = wait, now + FIRST_AFTER, AGAIN_AFTER
        if not wait[1] or now < self._next_look:
            return
        found = self._stranded()
        if found and found == self._found and found != self._told:
            self._told = found
            self._recorder.write(TasksStranded(self._recorder.clock.now(), tuple(sorted(found))))
        self._patience = AGAIN_AFTER if found != self._found else min(2 * self._patience, _LATEST_AFTER)
        self._found, self._next_look = found, now + self._patience

    def _main_wait(self) -> tuple[int, int]:
        """Which task `run_until_complete` waits for, and for what that waits: all is in use where it goes on."""
        for _, task in self._registry.tasks():
            if is_task(task) and cpython.runs_until_end_of(task):
                awaited = awaited_by(task)
                return id(task), 0 if awaited is None or is_done(awaited) else id(awaited)
        return 0, 0

    def _stranded(self) -> frozenset[int]:
        """The numbers of the tasks that nothing can wake, if the main one is among them, and not by its own will."""
        found: list[Any] = list(islice(self._registry.tasks(), _MOST_TASKS + 1))
        numbers = [record.id for record, _ in found]
        objects = [task for _, task in found]
        del found
        used = in_use(objects, self._wait[0], self._recorder.thread) if len(numbers) <= _MOST_TASKS else None
        del objects  # else it would be one more that refers to what the tasks wait for
        stranded = {number for number, is_used in zip(numbers, used or (), strict=False) if not is_used}
        tasks = [(number, task) for number, task in self._registry.some(stranded) if not waits_for_its_own(task)]
        is_main = any(id(task) == self._wait[0] for _, task in tasks)  # else it waits for ctrl+c, and keeps the rest
        return frozenset(number for number, _ in tasks) if is_main else frozenset()


def in_use(objects: list[Any], main: int, thread: int) -> list[bool] | None:
    """Whether each object is in use by others than those that the objects lead to.

    Args:
        objects: Where to begin; those that they lead to are added. Nothing else of the caller may refer to them.
        main: The id() of the task that the loop's `run_until_complete` waits for.
        thread: The identifier of the loop's thread.

    Returns:
        Whether it is in use, for each; None where they lead to too many.
    """
    edges = _follow(objects)
    if edges is None:
        return None
    objects.append(object())  # nothing but the list refers to that
    counts = list(map(sys.getrefcount, objects))
    objects.pop()
    outside = [count - counts[-1] for count in counts[:-1]]
    for strong, _ in edges:
        for index in strong:
            outside[index] -= 1
    weak = [0] * len(objects)
    for _, referent in edges:
        if referent is not None:
            weak[referent] += 1
    under_way = {
        id(coroutine_of(each)) for each in objects if is_task(each)
    }  # whoever has them can do nothing with them
    reached = []
    for index, count in enumerate(outside):
        value = objects[index]
        own = _held_by_runner(value, thread) if id(value) == main else 0
        if (count > own and id(value) not in under_way) or _is_weakly_known(value, weak[index]):
            reached.append(index)
    free = [False] * len(objects)
    while reached:
        index = reached.pop()
        if not free[index]:
            free[index] = True
            strong, referent = edges[index]
            reached += strong if referent is None else [*strong, referent]
    return free


def _follow(objects: list[Any]) -> list[tuple[list[int], int | None]] | None:
    """Add to some objects what they lead to, and tell which each one refers to, and which it does weakly."""
    index_of = {id(each): index for index, each in enumerate(objects)}
    edges: list[tuple[list[int], int | None]] = []

    def index(each: Any) -> int:
        found = index_of.setdefault(id(each), len(objects))
        if found == len(objects):
            objects.append(each)
        return found

    for value in objects:  # grows meanwhile
        if len(objects) > _MOST_OBJECTS:
            return None
        kind = type(value)
        referents = [each for each in gc.get_referents(value) if not _is_closed(each)]
        if kind is FunctionType:
            referents = [each for each in referents if each is not value.__globals__ and each is not value.__builtins__]
        strong = [index(each) for each in referents]
        weakly = weakref.ref.__call__(value) if issubclass(kind, weakref.ref) else None
        edges.append((strong, None if weakly is None or _is_closed(weakly) else index(weakly)))
    return edges


def _is_closed(value: object) -> bool:
    kind = type(value)
    return issubclass(kind, _CLOSED) or kind.__module__.startswith("asynclab.trace")


def _is_weakly_known(value: object, inside: int) -> bool:
    """Whether weak references lead to an object from elsewhere, such as a cache; asyncio has one to each task."""
    if is_task(value):
        return False
    found = weakref.getweakrefs(value)
    return sum(not type(each).__module__.startswith("asynclab.") for each in found) > inside


def _held_by_runner(task: Task[Any], thread: int) -> int:
    """How many references to its main task those have that only run it: at ctrl+c they cancel it, and so all."""
    count = 0
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if is_asyncio(frame.f_code.co_filename):
            count += sum(each is task for each in variables_of(frame).values())
        frame = frame.f_back
    handler = signal.getsignal(signal.SIGINT)
    if type(handler) is partial:
        count += sum(each is task for each in handler.keywords.values())
    return count
