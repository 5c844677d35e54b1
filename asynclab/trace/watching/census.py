"""Takes in what a loop had before anybody observed it: its tasks, what they wait for, and who holds which lock."""

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
"""How many tasks are looked at before the loop runs again: that takes a few milliseconds."""

_ACQUIRES = (asyncio.Lock.__aenter__.__code__, asyncio.Lock.acquire.__code__, asyncio.Condition.wait.__code__)
"""Where a task is inside `async with`, and has not got the lock."""


class Census:
    """What a loop had when it began to be observed. It is taken on the loop's thread, between two of its callbacks."""

    def __init__(self, observer: Observer, loop: AbstractEventLoop) -> None:
        """Enter each pending task, before any of them takes a step."""
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
        """Find who holds which lock, then what tasks wait for, a bounded number a call. Returns whether it is done."""
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
        """Look at all tasks in batches, between which the loop runs; then call a function."""
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
    """Orders tasks as they were made, where their names tell."""
    name = name_of(task)
    number = name.removeprefix("Task-")
    return (int(number) if name != number and number.isdecimal() else math.inf), name


def _held(coroutine: object) -> Iterator[asyncio.Lock]:
    """The locks within whose `async with` a suspended task is."""
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
