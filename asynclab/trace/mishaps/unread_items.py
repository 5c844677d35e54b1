"""Sees that nobody has read a task's result: an item that it has taken from a queue, or something to be closed.

A call of result() is noticed: the task itself gets an attribute of that name, which returns the same.
An `await` of an ended task can't be seen. So where the code that made it awaits a variable, a task is only reported if
nobody refers to it any more.
"""

from __future__ import annotations

import sys
from asyncio import Queue, Task
from functools import partial
from types import CodeType
from typing import Any

import msgspec

from asynclab.model.events import ResultUnread, TaskCreated
from asynclab.trace.called_from_c import NoticedMethod
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.closable import is_closable
from asynclab.trace.reading.code_flow import awaits_a_name, may_salvage, returns_what_it_awaits
from asynclab.trace.reading.reachable_objects import Reach
from asynclab.trace.recording.future_state import coroutine_of, result_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry

_REFERENCES_OF_A_STEP = 2 if sys.version_info >= (3, 14) else 6  # since 3.14 a call only borrows its arguments
"""How many references there are to a task that has just ended, if nobody but the loop and the tracer has any."""

_GET = Queue.get.__code__

_MOST_OBJECTS = 2_000
"""How many objects of that code are looked at."""


class _Brought(msgspec.Struct):
    """What a task has brought."""

    is_unread: bool
    is_sure: bool
    """Whether nobody referred to the task any more as it ended, or only its waiter can have read it."""
    meant_for: int | None = None
    """The number of the task that waited for something to be closed."""

    def read(self) -> None:
        """Note that somebody has read the result."""
        self.is_unread = False


class UnreadItems:
    """The tasks that ended with an item that they had taken from a queue, or with something to be closed."""

    def __init__(self, recorder: Recorder, tasks: TaskRegistry) -> None:
        self._recorder = recorder
        self._tasks = tasks
        self._brought: dict[int, _Brought] = {}
        """By the id() of the task."""
        self._awaited_later: dict[tuple[str, int, bool], bool] = {}
        """Whether the code that makes such tasks may await them when they have ended, by its line.

        True: any code; False: other code than an `await` of a task that the same code has just made."""

    def ended(
        self, record: TaskRecord, task: Task[Any], created: TaskCreated, item: int, waiting: TaskRecord | None
    ) -> None:
        """A task has ended that had taken an item with this id() from a queue, and perhaps woken one that waits."""
        is_sure = sys.getrefcount(task) <= _REFERENCES_OF_A_STEP
        if type(task) is not Task or task._exception is not None or Task.cancelled(task):
            return
        if id(task._result) != item or not _passes_on(coroutine_of(task)):  # type: ignore[attr-defined]
            return
        if is_sure or not self._may_be_awaited(created):
            brought = self._brought[record.key] = _Brought(waiting is None, is_sure)
            if waiting is None:
                _notice_reading(task, brought)
        elif waiting is not None and not _may_salvage(waiting) and not self._may_be_awaited(created, again=False):
            self._brought[record.key] = _Brought(is_unread=False, is_sure=False)

    def handed_over(self, record: TaskRecord, task: Task[Any], waiting: TaskRecord) -> None:
        """A task has ended with a result, for which alone another task waits."""
        is_known = record.key in self._brought or not is_closable(type(result_of(task)))
        if not is_known and not _is_kept(task) and not _may_salvage(waiting):
            self._brought[record.key] = _Brought(is_unread=False, is_sure=True, meant_for=waiting.id)

    def not_received(self, task: Task[Any]) -> None:
        """The only task that waited for another is cancelled, and never gets the other's result."""
        record = self._tasks.known(task)
        brought = None if record is None else self._brought.get(record.key)
        if record is not None and brought is not None and not brought.is_unread:
            brought.is_unread = True
            _notice_reading(task, brought)

    def gone(self, record: TaskRecord) -> None:
        """A task was destroyed: tell if nobody has read its result."""
        brought = self._brought.pop(record.key, None)
        if brought is not None and brought.is_unread:
            now = self._recorder.clock.now()
            self._recorder.emit(ResultUnread(now, record.id, brought.is_sure, brought.meant_for))

    def _may_be_awaited(self, created: TaskCreated, *, again: bool = True) -> bool:
        """Whether the code of the task that made another awaits what may be a task that has ended.

        With `again=False`, a task that ended while it was awaited.
        """
        place = created.file, created.line, again
        if place not in self._awaited_later:
            maker = None if created.parent is None else next(self._tasks.some({created.parent}), None)
            chain = follow(None if maker is None else coroutine_of(maker[1]))
            if not chain.own_links:
                return True
            reach = Reach(chain.own_links, chain.frames, _MOST_OBJECTS)
            does = partial(awaits_a_name, made_at=created.line, also_of_calls_before=again)
            self._awaited_later[place] = reach.may_run(does)
        return self._awaited_later[place]


def _is_kept(task: Task[Any]) -> bool:
    """Whether others than a task refer to its result, such as a pool, which may close it."""
    kept = [object()]
    alone, result = kept[0], result_of(task)
    return sys.getrefcount(result) > sys.getrefcount(alone)


def _may_salvage(waiting: TaskRecord) -> bool:
    """Whether a task that waits for another may still get its result if it is cancelled."""
    waiter = waiting()
    frames = () if waiter is None else follow(coroutine_of(waiter)).frames
    return not frames or any(may_salvage(frame.f_code, frame.f_lasti) for frame in frames)


def _passes_on(coroutine: object) -> bool:
    """Whether a coroutine only returns what it has awaited, or is a queue's get() itself."""
    code = getattr(coroutine, "cr_code", None)
    return code is _GET or (type(code) is CodeType and returns_what_it_awaits(code))


def _notice_reading(task: Task[Any], brought: _Brought) -> None:
    read = NoticedMethod(Task.result, task, brought.read, value=result_of(task))
    task.result = read  # type: ignore[method-assign]
