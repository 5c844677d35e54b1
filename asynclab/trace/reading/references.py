"""Finds tasks that can never be woken, by counting references as the garbage collector does.

It takes all objects that pending tasks refer to, directly or not. An object is in use if there are references to it
from outside of this set, or from another object in use. A waiting task that isn't in use can never be woken. References
from tasks whose code can wake nobody don't count. (Saioc et al., "Dynamic Partial Deadlock Detection and Recovery via
Garbage Collection", ASPLOS 2025.)
"""

from __future__ import annotations

import dis
import gc
import os
import signal
import sys
import weakref
from asyncio import AbstractEventLoop, Task, TaskGroup
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache, partial
from itertools import chain as chain_of
from types import AsyncGeneratorType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType, NoneType
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.harmless_tasks import can_wake_nobody
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import coroutine_of, is_task
from asynclab.trace.recording.recorder import Recorder

_MOST_OBJECTS = 20_000
"""Programs with more objects are not searched: that would take too long."""

_WITHOUT_IO = frozenset({"locks.py", "queues.py", "taskgroups.py", "tasks.py"})
"""The modules of asyncio in which a task waits for timers and other tasks."""

NONE_LEFT: Mapping[int, int] = MappingProxyType({})

_CLOSED = (type, ModuleType, CodeType, AbstractEventLoop, Recorder, str, bytes, int, float, NoneType)
"""Types whose references aren't followed: the objects that they refer to count as in use."""


class References:
    """The references between the objects that tasks refer to. Objects are numbered in the order found, tasks first."""

    def __init__(self, tasks: list[Any], main: int = 0, thread: int = 0, left: Mapping[int, int] = NONE_LEFT) -> None:
        """Follow the references of a loop's tasks.

        Args:
            tasks: The pending tasks. The objects that they refer to are appended; the caller must not refer to these.
            main: The id() of the task that the loop's `run_until_complete` waits for.
            thread: The identifier of the loop's thread.
            left: Its values are the id() of tasks that are known never to end.
        """
        self._strong: list[list[int]] = []
        self._weak: dict[int, int] = {}
        self._known_outside: list[int] = []
        self._groups: dict[int, tuple[set[int], set[int]]] = {}
        """By the id() of a task group, or of gather()'s callback: the callbacks of its tasks, and the tasks."""
        self._harmless = set[int]()
        """The coroutines of tasks that can wake nobody or never end, and the tasks that never end."""
        self._failing = set[int]()
        """The tasks of groups that look as if they could fail."""
        count = len(tasks)
        self._is_whole = self._follow(tasks)
        """Whether all objects were followed, because there were few enough."""
        if self._is_whole:
            self._find_known(tasks, main, thread)
            self._find_groups(tasks, count)
            index_of = {id(each): index for index, each in enumerate(tasks)}
            never_ends = set(left.values())
            known = list(filter(is_task, tasks[:count]))
            harmless = (task for task in known if id(task) in never_ends or can_wake_nobody(task))
            never_ends.update([id(coroutine_of(task)) for task in harmless])
            self._harmless = {index_of[key] for key in never_ends if key in index_of}

    def in_use(self, *, may_fail: bool = True) -> list[bool]:
        """Whether each object is in use.

        Args:
            may_fail: Whether any task of a group may end the group by a failure. Otherwise only tasks may that look as
                if they could fail.
        """
        used = [not self._is_whole] * len(self._strong)
        groups = [] if may_fail else list(self._groups.values())
        waited_for = {end for ends, _ in groups for end in ends}
        self._spread(used, self._known_outside, waited_for)
        while over := {end for group in groups if self._may_end(group, used) for end in group[0] & waited_for}:
            waited_for -= over
            for end in over:
                self._spread(used, self._strong[end] if used[end] else (), waited_for)
        return used

    def _may_end(self, group: tuple[set[int], set[int]], used: list[bool]) -> bool:
        """Whether a group may end: all its tasks are in use, or one is that looks as if it could fail."""
        _, tasks = group
        return all(used[task] for task in tasks) or any(used[task] for task in tasks & self._failing)

    def _spread(self, used: list[bool], reached: Iterable[int], closed: Container[int]) -> None:
        """Mark objects as in use, and all objects that they refer to, but not those that closed objects refer to."""
        left = list(reached)
        while left:
            index = left.pop()
            if used[index]:
                continue
            used[index] = True
            if index in self._weak:
                left.append(self._weak[index])
            if index not in closed and index not in self._harmless:
                left += self._strong[index]

    def _follow(self, objects: list[Any]) -> bool:
        """Append the objects that some objects refer to, directly or not. Returns False if there are too many."""
        index_of = {id(each): index for index, each in enumerate(objects)}

        def index(each: Any) -> int:
            found = index_of.setdefault(id(each), len(objects))
            if found == len(objects):
                objects.append(each)
            return found

        for value in objects:  # grows meanwhile
            if len(objects) > _MOST_OBJECTS:
                return False
            referents = [each for each in gc.get_referents(value) if not _is_closed(each)]
            if type(value) is FunctionType:  # its global variables are in use anyway
                named = value.__globals__, getattr(value, "__builtins__", None)
                referents = [each for each in referents if not any(each is names for names in named)]
            if issubclass(type(value), weakref.ref):
                weakly = weakref.ref.__call__(value)
                if weakly is not None and not _is_closed(weakly):
                    self._weak[len(self._strong)] = index(weakly)
            self._strong.append([index(each) for each in referents])
        return True

    def _find_known(self, objects: list[Any], main: int, thread: int) -> None:
        """Find the objects that have more references than those from the other objects."""
        objects.append(object())  # only the list refers to it, so its count shows our own references
        counts = list(map(sys.getrefcount, objects))
        objects.pop()
        left = [count - counts[-1] for count in counts[:-1]]
        for index in chain_of.from_iterable(self._strong):
            left[index] -= 1
        weak = Counter(self._weak.values())
        under_way = {id(coroutine_of(each)) for each in objects if is_task(each)}  # only its task runs a coroutine
        for index, value in enumerate(objects):
            own = _held_by_runner(value, thread) if id(value) == main else 0
            if (left[index] > own and id(value) not in under_way) or _is_weakly_known(value, weak[index]):
                self._known_outside.append(index)

    def _find_groups(self, objects: list[Any], count: int) -> None:
        """Find the groups of tasks, from TaskGroup or gather(), that wait for all their tasks unless one fails."""
        index_of = {id(each): index for index, each in enumerate(objects)}
        for index, task in enumerate(objects[:count]):
            self._forget_awaiting(index, task, objects)
            for callback in cpython.callbacks_of(task):
                is_gather = type(callback) is FunctionType and callback.__code__ is cpython.GATHER_ENDED
                is_group = type(callback) is MethodType and type(callback.__self__) is TaskGroup
                if is_gather or is_group:
                    ends, members = self._groups.setdefault(
                        id(callback.__self__ if is_group else callback), (set(), set())
                    )
                    ends.add(index_of[id(callback)])
                    members.add(index)
                    if _may_fail(task):
                        self._failing.add(index)

    def _forget_awaiting(self, index: int, task: Task[Any], objects: list[Any]) -> None:
        """Drop a task's references to the tasks that await it (Python 3.14 and later): its callbacks have them too."""
        awaiting = {id(each) for each in getattr(task, "_asyncio_awaited_by", None) or ()}
        if awaiting:
            edges = self._strong[index]
            self._strong[index] = [
                each for each in edges if id(objects[each]) not in awaiting and type(objects[each]) is not set
            ]


def _may_fail(task: Task[Any]) -> bool:
    """Whether a task looks as if it could fail, and so end its group: its code has a `raise`, or it waits for I/O."""
    codes = [frame.f_code for frame in follow(coroutine_of(task)).frames]
    waits = bool(codes) and is_asyncio(codes[-1].co_filename) and os.path.basename(codes[-1].co_filename) in _WITHOUT_IO
    return not waits or any(_has_raise(code) for code in codes if not is_asyncio(code.co_filename))


@lru_cache(1_000)
def _has_raise(code: CodeType) -> bool:
    return any(each.opname == "RAISE_VARARGS" for each in dis.get_instructions(code))


def _is_closed(value: object) -> bool:
    kind = type(value)
    return issubclass(kind, _CLOSED) or kind.__module__.startswith("asynclab.trace")


def _is_weakly_known(value: object, inside: int) -> bool:
    """Whether an object has weak references from elsewhere, such as from a cache; `inside` is the number of ours.

    Tasks and async generators don't count: asyncio has a weak reference to each.
    """
    if is_task(value) or type(value) is AsyncGeneratorType:
        return False
    found = weakref.getweakrefs(value)
    return sum(not type(each).__module__.startswith("asynclab.") for each in found) > inside


def _held_by_runner(task: Task[Any], thread: int) -> int:
    """The number of references to the main task from asyncio's runner and its Ctrl-C handler, which don't wake it."""
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
