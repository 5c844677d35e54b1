"""Takes in what a loop had before anybody observed it: its tasks, what they wait for, and who holds which lock."""

from __future__ import annotations

import asyncio
import gc
import math
from asyncio import BaseEventLoop, Task
from asyncio.events import Handle
from collections.abc import Iterable, Iterator
from itertools import pairwise
from types import CodeType, FrameType, MethodType
from typing import Any

from asynclab.model.events import PrimitiveKind, TaskReady
from asynclab.trace import cpython
from asynclab.trace.recording.future_state import coroutine_of, is_done, name_of
from asynclab.trace.recording.recorder import TaskRecord
from asynclab.trace.watching.await_chain import follow
from asynclab.trace.watching.observer import Observer

AT_ONCE = 200
"""How many tasks are looked at before the loop may go on: some milliseconds."""

_KINDS: tuple[tuple[type, PrimitiveKind, str], ...] = (
    (asyncio.Lock, "lock", cpython.LOCK_VALUE),
    (asyncio.Semaphore, "semaphore", cpython.SEMAPHORE_VALUE),
    (asyncio.Event, "event", cpython.EVENT_VALUE),
    (asyncio.Condition, "condition", ""),
    (asyncio.Barrier, "barrier", cpython.BARRIER_VALUE),
)
"""The primitives, and the attribute that holds the value of each."""

_WAITING: frozenset[CodeType] = frozenset(
    function.__code__
    for function in (
        asyncio.Queue.get,
        asyncio.Queue.put,
        asyncio.Queue.join,
        asyncio.Lock.acquire,
        asyncio.Semaphore.acquire,
        asyncio.Event.wait,
        asyncio.Condition.wait,
        asyncio.Barrier.wait,
    )
)
"""The methods of queues and primitives in which tasks wait."""

_LEAVE = asyncio.Lock.__aexit__
"""What the end of `async with` on a lock or a semaphore calls; Python keeps it ready while the block runs."""


class Census:
    """What was there when a loop began to be observed. It is taken on the loop's thread, between two callbacks."""

    def __init__(self, observer: Observer, loop: BaseEventLoop) -> None:
        """Enter every task that is pending: none may take a step before.

        Args:
            observer: Observes the loop since just now.
            loop: The loop.
        """
        self._observer = observer
        tasks = sorted(asyncio.all_tasks(loop), key=_age)
        ready = {id(task) for task in _tasks_in(cpython.ready_queue(loop))}
        self._found = [self._enter(task, is_ready=id(task) in ready) for task in tasks if not is_done(task)]
        self.count = len(self._found)
        """How many tasks there were."""
        observer.registry.settle_names()
        for record in self._found:
            observer.looks.pending[record.id] = record
        self._chains = {record.id: follow(coroutine_of(task)).frames for record, task in _alive(self._found)}
        self._holders = dict(self._held())

    def _enter(self, task: Task[Any], *, is_ready: bool) -> TaskRecord:
        observer = self._observer
        now = observer.clock.now()
        record = observer.registry.enter(task, coroutine_of(task), (now, "", 0))
        assert record.created is not None
        record.created.found = True
        record.yielded = False
        if is_ready:
            observer.emit(TaskReady(now, record.id, "callback"))
        return record
