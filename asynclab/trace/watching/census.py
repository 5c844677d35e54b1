"""Registers the tasks and locks that a running loop has when its observation begins, as `asynclab attach` needs."""

from __future__ import annotations

import asyncio
import math
from asyncio import AbstractEventLoop, Task
from collections.abc import Iterator
from itertools import islice
from typing import Any

from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.entered_blocks import entered
from asynclab.trace.recording.future_state import coroutine_of, is_done, name_of
from asynclab.trace.recording.recorder import TaskRecord
from asynclab.trace.recording.scope import outside_context
from asynclab.trace.watching.observer import Observer

AT_ONCE = 200
"""How many tasks are handled before the loop runs again: that takes a few milliseconds."""

_ACQUIRES = (asyncio.Lock.__aenter__.__code__, asyncio.Lock.acquire.__code__, asyncio.Condition.wait.__code__)
"""The functions in which a task waits for a lock that its `async with` has not acquired yet."""


class Census:
    """Finds the tasks, waits and held locks of a running loop. Works on the loop's thread, between two callbacks."""

    def __init__(self, observer: Observer, loop: AbstractEventLoop) -> None:
        """Register each pending task, before any of them runs a step."""
        self._observer = observer
        self._loop = loop
        found = [task for task in asyncio.all_tasks(loop) if not is_done(task)]
        records = [self._enter(task) for task in sorted(found, key=_age)]
        self.count = len(records)
        observer.registry.settle_names()
        self._unseen = iter(records)
        self._unread = iter(records)
        self._is_taken = False

    def look(self) -> bool:
        """Find which tasks hold locks, then what tasks wait for, at most `AT_ONCE` tasks per call.

        Returns:
            Whether the census is complete.
        """
        if self._observer.loop is None:
            return True
        if not self._is_taken:
            part = list(islice(self._unseen, AT_ONCE))
            for record in part:
                self._find_held(record)
            self._is_taken = len(part) < AT_ONCE
            return False
        numbers = [record.id for record in islice(self._unread, AT_ONCE)]
        self._observer.looks.look_at_the_rest(numbers)
        return len(numbers) < AT_ONCE

    def look_on(self, when_complete: Any) -> None:
        """Complete the census in batches, between which the loop runs; then call `when_complete`."""
        if self.look():
            when_complete()
        else:
            self._loop.call_soon(self.look_on, when_complete, context=outside_context())

    def _enter(self, task: Task[Any]) -> TaskRecord:
        observer = self._observer
        record = observer.registry.enter(task, coroutine_of(task), (observer.clock.now(), "", 0))
        assert record.created is not None
        record.created.found = True
        record.yielded = False
        observer.looks.pending[record.id] = record
        return record

    def _find_held(self, record: TaskRecord) -> None:
        task = record()
        if task is None or is_done(task):
            return
        resources = self._observer.resources
        for lock in _held(coroutine_of(task)):
            if id(lock) not in resources.known:
                resources.found(lock, record)


def _age(task: Task[Any]) -> tuple[float, str]:
    """A sort key that orders tasks by their creation, if they have asyncio's default names."""
    name = name_of(task)
    number = name.removeprefix("Task-")
    return (int(number) if name != number and number.isdecimal() else math.inf), name


def _held(coroutine: object) -> Iterator[asyncio.Lock]:
    """The locks that a suspended task holds by an `async with`."""
    chain = follow(coroutine)
    wanted = {id(variables_of(frame).get("self")) for frame in chain.frames if frame.f_code in _ACQUIRES}
    for link in chain.links:
        for manager in entered(link):
            if not issubclass(type(manager), (asyncio.Lock, asyncio.Condition)):
                continue
            lock = vars(manager).get("_lock") if issubclass(type(manager), asyncio.Condition) else manager
            is_held = issubclass(type(lock), asyncio.Lock) and asyncio.Lock.locked(lock)
            if is_held and not {id(lock), id(manager)} & wanted:
                yield lock
