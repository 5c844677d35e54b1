"""Detects that nobody has read a task's result, if that is an item from a queue, or an object that must be closed.

A call of result() is noticed: the task gets an own attribute of that name, which returns the same. An `await` of an
ended task can't be noticed. So if the code that made the task awaits a variable, the task is only reported once nothing
refers to it any more.

An object that must be closed is meant for the task that waits for it, directly or by a future, as in asyncio.wait() and
shield(). The object is lost if that task is cancelled before it runs, and doesn't pass the object on when it ends.
"""

from __future__ import annotations

import gc
import sys
from asyncio import CancelledError, Future, Queue, Task
from collections.abc import Callable, Iterable, Set
from functools import partial
from itertools import chain as chain_of
from itertools import islice
from types import CodeType, FrameType, FunctionType, NoneType
from typing import Any, TypeGuard

import msgspec

from asynclab.model.events import ResultUnread, TaskCreated
from asynclab.trace.called_from_c import NoticedMethod
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.mishaps.cut_off_tasks import is_kept
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.closable import is_closable, is_connection
from asynclab.trace.reading.code_flow import awaits_a_name, may_salvage, returns_what_it_awaits
from asynclab.trace.reading.reachable_objects import Reach
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import (
    awaited_by,
    coroutine_of,
    is_cancelled,
    is_done,
    is_task,
    result_of,
)
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.recording.values import has_type, is_a

_REFERENCES_OF_A_STEP = 2 if sys.version_info >= (3, 14) else 6  # since 3.14 a call only borrows its arguments
"""The number of references to a task that has just ended, if only the loop and the tracer have any."""

_GET = Queue.get.__code__

PLAIN: frozenset[type] = frozenset({bool, bytes, dict, float, int, list, set, str, NoneType})
"""The types of most results, which need no closing."""

_FEW = 3
"""How many items of a tuple are checked."""

_SEARCHES = 20
"""How often all objects may be searched for references to such a task."""

_MOST_OBJECTS = 2_000
"""The most objects that are searched, from those that the code which made a task refers to."""


class _Brought(msgspec.Struct):
    """The result of an ended task."""

    is_sure: bool
    """Whether nothing referred to the task when it ended, or only its waiter can have read the result."""
    is_lost: bool
    """Whether no waiter will get the result: there was none, or it was cancelled."""
    meant_for: int | None = None
    """For an object that must be closed: the number of the task that waited for it, or that made the ended task."""
    maker: int | None = None
    """The number of the task that made the ended task, if no task waits for it directly, but perhaps by a future."""
    is_given_up: bool = False
    """Whether nothing refers any more to an ended task whose result must be closed."""
    is_left: bool = False
    """Whether only the functions of its maker refer to the ended task, and a cancel has ended these."""
    is_unread: bool = True

    def read(self) -> None:
        """Note that the result was read. A read by asyncio to pass it on doesn't count if it is meant for a task."""
        frame: FrameType | None = sys._getframe(2)  # the caller of our replacement of result()
        is_passed_on = self.maker is not None and frame is not None and is_asyncio(frame.f_code.co_filename)
        self.is_unread = self.is_unread and is_passed_on and self.meant_for is not None


class UnreadItems:
    """Tracks tasks that ended with an item from a queue, or an object that must be closed; reports lost results."""

    def __init__(self, recorder: Recorder, tasks: TaskRegistry) -> None:
        self._recorder = recorder
        self._tasks = tasks
        self._brought: dict[int, _Brought] = {}
        """The results of ended tasks, by the id() of the task."""
        self.by_maker: dict[int, set[int]] = {}
        """The id() of those tasks for which no other task waits directly, by the number of the task that made them."""
        self._cancelled: dict[int, TaskRecord] = {}
        """The latest few tasks that were cancelled while they waited, by their numbers."""
        self._searches = _SEARCHES
        self._awaited_later: dict[tuple[str, int, bool], bool] = {}
        """Whether the code that makes such tasks may await them after they have ended.

        The key has the file and line that make them, and the `again` of `_may_be_awaited`."""

    def ended(
        self, record: TaskRecord, task: Task[Any], created: TaskCreated, item: int, waiting: TaskRecord | None
    ) -> None:
        """Note that a task has ended which had taken the item with this id() from a queue.

        `waiting` is the task that its end wakes, if any.
        """
        is_sure = sys.getrefcount(task) <= _REFERENCES_OF_A_STEP
        if type(task) is not Task or task._exception is not None or Task.cancelled(task):
            return
        if id(task._result) != item or not _passes_on(coroutine_of(task)):  # type: ignore[attr-defined]
            return
        if is_sure or not self._may_be_awaited(created):
            brought = self._brought[record.key] = _Brought(is_sure, waiting is None)
            if waiting is None:
                _notice_reading(task, brought)
                if not is_sure:
                    self._may_reach(created.parent, record, brought)
        elif waiting is not None and not _may_salvage(waiting) and not self._may_be_awaited(created, again=False):
            self._brought[record.key] = _Brought(is_sure=False, is_lost=False)

    def closable_brought(
        self, record: TaskRecord, task: Task[Any], created: TaskCreated | None, waiting: TaskRecord | None
    ) -> None:
        """Note that a task has ended with a result, for which at most one other task waits."""
        fits = is_connection if waiting is None else _is_closable
        if record.key in self._brought or not _has(result_of(task), fits) or _is_kept(task):
            return
        if waiting is not None:
            if not _may_salvage(waiting):
                self._brought[record.key] = _Brought(is_sure=True, is_lost=False, meant_for=waiting.id)
        elif sys.getrefcount(task) <= _REFERENCES_OF_A_STEP + _callbacks_to_come(task):
            self._brought[record.key] = _Brought(is_sure=True, is_lost=True, is_given_up=True)
        elif created is not None and created.parent is not None:
            brought = self._brought[record.key] = _Brought(is_sure=True, is_lost=False, meant_for=created.parent)
            _notice_reading(task, brought)
            self._may_reach(created.parent, record, brought)

    def _may_reach(self, maker: int | None, record: TaskRecord, brought: _Brought) -> None:
        """Note that the result may reach the task that made the ended one, unless that was cancelled just now."""
        if maker is not None:
            brought.maker = maker
            self.by_maker.setdefault(maker, set()).add(record.key)
            cancelled = self._cancelled.get(maker)
            if cancelled is not None and _has_yet_to_learn(cancelled):
                self.cancelled(cancelled)

    def not_received(self, record: TaskRecord, waiter: Task[Any], future: Future[Any]) -> None:
        """Note that a task was woken by a task or future, but cancelled before it ran: it never gets the result."""
        if is_task(future):
            known = self._tasks.known(future)
            brought = None if known is None else self._brought.get(known.key)
            if brought is not None and not brought.is_lost:
                brought.is_lost = True
                _notice_reading(future, brought)
        elif record.id in self.by_maker and not _may_have_salvaged(waiter):
            self._never_come(record.id)

    def cancelled(self, record: TaskRecord) -> None:
        """Note that a waiting task is cancelled: it may not get results of others that exist already, or come now."""
        if len(self._cancelled) > _FEW:
            del self._cancelled[next(iter(self._cancelled))]
        self._cancelled[record.id] = record
        waiter = record()
        if waiter is not None and record.id in self.by_maker and not _may_salvage(record):
            chain = follow(coroutine_of(waiter))
            links = zip(chain.links, chain.frames, strict=True)
            inner = (gc.get_referents(link) for link, frame in links if is_asyncio(frame.f_code.co_filename))
            self._never_come(record.id, set(map(id, chain_of(chain.links, chain_of.from_iterable(inner)))))

    def _never_come(self, maker: int, passing: Set[int] = frozenset()) -> None:
        """Mark results as lost that could reach the task `maker` only by tasks that it made, unless others keep these.

        Objects with an id() in `passing` don't count as others.
        """
        ready: Iterable[Any] = getattr(self._recorder.loop, "_ready", ())
        called = [handle._callback for handle in ready]
        cells = chain_of.from_iterable(each.__closure__ or () for each in called if _is_asyncios(each))
        pass_it = {*passing, *map(id, cells), *(id(handle._args) for handle in ready)}
        for key in self.by_maker[maker]:
            known = self._tasks.tasks_of_loop.get(key)
            if known is not None and self._searches > 0:
                self._searches -= 1
                brought = self._brought.get(key)
                if brought is not None:
                    brought.is_left = not is_kept(known(), pass_it)
                    brought.is_lost |= brought.is_left

    def maker_ended(self, record: TaskRecord) -> None:
        """Note that a task has ended, and report the results that are lost with it.

        The results themselves may exist for long, because the task's exception keeps its variables. A result isn't lost
        if the task has passed it on when it was cancelled, for example to a callback that closes it.
        """
        ready: Iterable[Any] = getattr(self._recorder.loop, "_ready", ())
        passing = {id(handle._args) for handle in ready if _is_asyncios(handle._callback)}
        ended = [frame for frame, _ in _raised_in(record()) if is_asyncio(frame.f_code.co_filename)]
        passing.update(id(value) for frame in ended for value in variables_of(frame).values())  # as in a wait()
        for key in self.by_maker.pop(record.id):
            brought, known = self._brought.get(key), self._tasks.tasks_of_loop.get(key)
            if brought is not None and known is not None and brought.is_left:
                if not is_kept(known(), passing):
                    del self._brought[key]
                    self._report(known, brought)
                elif brought.meant_for is not None:
                    brought.is_lost = False

    def gone(self, record: TaskRecord) -> None:
        """Note that a task was destroyed; report if nobody has read its result."""
        brought = self._brought.pop(record.key, None)
        if brought is not None:
            if brought.maker is not None and (keys := self.by_maker.get(brought.maker)) is not None:
                keys.discard(record.key)
                if not keys:
                    del self.by_maker[brought.maker]
            current = self._recorder.current
            is_late = current is None or current.id != brought.maker  # others may have had the task meanwhile
            if brought.maker is None or brought.meant_for is None or not is_late:
                self._report(record, brought)

    def _report(self, record: TaskRecord, brought: _Brought) -> None:
        if brought.is_unread and brought.is_lost:
            now = self._recorder.clock.now()
            event = ResultUnread(now, record.id, brought.is_sure, brought.meant_for, brought.is_given_up)
            self._recorder.emit(event)

    def _may_be_awaited(self, created: TaskCreated, *, again: bool = True) -> bool:
        """Whether the code of the task that made another one may await that after its end.

        With `again=False`, the other task ended while it was awaited, and only a further `await` counts.
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


def _is_closable(value: object) -> bool:
    return is_closable(type(value))


def _has(result: object, fits: Callable[[object], bool]) -> bool:
    """Whether `fits` is true for a result, or for an item of it if it is a tuple, as open_connection() returns."""
    if type(result) is tuple:
        return any(map(fits, islice(result, _FEW)))
    return not has_type(result, PLAIN) and fits(result)


def _is_kept(task: Task[Any]) -> bool:
    """Whether other objects than the task refer to its result, such as a pool, which may close it."""
    kept = [object()]
    alone, result = kept[0], result_of(task)
    count = sys.getrefcount(alone)
    if type(result) is not tuple:
        return sys.getrefcount(result) > count
    inside = (sys.getrefcount(each) > count for each in islice(result, _FEW) if _is_closable(each))
    return sys.getrefcount(result) > count + 1 or any(inside)  # the iterator refers to the tuple too


def _callbacks_to_come(task: Task[Any]) -> int:
    """The number of asyncio's own done callbacks in the ready queue for an ended task."""
    ready = islice(reversed(getattr(Task.get_loop(task), "_ready", ())), _FEW)
    mine = [handle._callback for handle in ready if handle._args and handle._args[0] is task]
    return sum(map(_is_asyncios, mine))


def _is_asyncios(callback: object) -> TypeGuard[FunctionType]:
    """Whether a callback is a function of asyncio, such as the done callback of shield()."""
    return type(callback) is FunctionType and is_asyncio(callback.__code__.co_filename)


def _has_yet_to_learn(record: TaskRecord) -> bool:
    """Whether a cancelled task hasn't run since the cancel."""
    task = record()
    awaited = None if task is None or is_done(task) else awaited_by(task)
    return awaited is not None and is_cancelled(awaited)


def _may_salvage(waiting: TaskRecord) -> bool:
    """Whether a task that waits for another one may still read its result after being cancelled."""
    waiter = waiting()
    frames = () if waiter is None else follow(coroutine_of(waiter)).frames
    return not frames or any(may_salvage(frame.f_code, frame.f_lasti) for frame in frames)


def _may_have_salvaged(waiter: Task[Any]) -> bool:
    """Whether a task that was just cancelled may have read the result: it hasn't ended, or its handlers may have."""
    raised = _raised_in(waiter)
    return not raised or any(may_salvage(frame.f_code, at) for frame, at in raised)


def _raised_in(task: Task[Any] | None) -> list[tuple[FrameType, int]]:
    """The frames of a task that a cancel has ended, outermost first, each with its instruction."""
    error = next((each for each in gc.get_referents(task) if is_a(each, CancelledError)), None)
    traceback, found = None if error is None else error.__traceback__, list[tuple[FrameType, int]]()
    while traceback is not None:
        found.append((traceback.tb_frame, traceback.tb_lasti))
        traceback = traceback.tb_next
    return found


def _passes_on(coroutine: object) -> bool:
    """Whether a coroutine only returns the result of an await, or is a queue's get() itself."""
    code = getattr(coroutine, "cr_code", None)
    return code is _GET or (type(code) is CodeType and returns_what_it_awaits(code))


def _notice_reading(task: Task[Any], brought: _Brought) -> None:
    read = NoticedMethod(Task.result, task, brought.read, value=result_of(task))
    task.result = read  # type: ignore[method-assign]
