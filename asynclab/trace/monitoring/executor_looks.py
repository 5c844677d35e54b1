"""Reports calls that wait for a thread because all threads of their executor are busy, if that is likely a bug.

Four kinds of call are reported:

- a lookup of a host name, which asyncio runs in the default executor;
- a call that the busy threads themselves wait for, such as one that releases a semaphore or sets a future, or whose
  waiting task does so: without timeouts that is a deadlock;
- any call, if nobody waits any more for the calls that keep the threads busy: a timeout doesn't end a thread;
- any call that was cancelled before a thread began it.
"""

from __future__ import annotations

import concurrent.futures
import gc
import queue
import socket
import threading
import weakref
from asyncio import AbstractEventLoop, Future
from collections.abc import Iterator, Sequence
from functools import partial
from types import BuiltinMethodType, CodeType, FrameType, FunctionType, MethodType
from typing import Any

from asynclab.model.events import ExecutorFull
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.monitoring.held_threads import begins_call, frames_of_others, is_held, is_idle_worker, stands
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.recording.future_state import coroutine_of, is_cancelled, is_future
from asynclab.trace.recording.loop_tasks import tasks_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import is_a

FULL_AFTER = 0.5
"""Real seconds that a call must have waited. A lookup takes a few milliseconds, and its timeouts expect that."""

_LOOKUPS = (socket.getaddrinfo, socket.getnameinfo)
_THREADS_TOLD = 4
_CALLS_FOLLOWED = 20
_WAITS_FOLLOWED = 5
_WAIT: CodeType = threading.Condition.wait.__code__
_RUN_CALL: CodeType | None = getattr(getattr(cpython.WorkItem, "run", None), "__code__", None)
_SYNCHRONIZING = (threading.__file__, queue.__file__, concurrent.futures._base.__file__)
"""The files of the objects that threads wait for: locks, queues and futures."""


class ExecutorLooks:
    """Reports each executor once if such calls wait for its threads."""

    def __init__(self) -> None:
        self._since: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()
        """The real time at which each call was first seen waiting for a thread."""
        self._waiters: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        """The numbers of the tasks that wait for the first queued calls."""
        self._told: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        """The threads of reported executors."""

    def look(self, recorder: Recorder) -> None:
        """Check all executors. Call this several times a second, on any thread but the loop's."""
        loop = recorder.loop
        if loop is None:
            return
        for calls, workers in cpython.thread_pools():
            queued = cpython.queued_calls(calls)
            if queued and self._told.isdisjoint(workers):
                self._look_at(recorder, loop, queued, workers)

    def _look_at(
        self, recorder: Recorder, loop: AbstractEventLoop, queued: list[Any], workers: list[threading.Thread]
    ) -> None:
        frames = frames_of_others()
        busy = [frames.get(worker.ident or 0) for worker in workers]
        given_up = all(map(_is_given_up, busy))
        now = recorder.clock.real_time()
        call = self._never_begun(loop, queued, now)
        never_begun = call is not None
        call = call or (queued[0] if given_up else _urgent(loop, queued, busy))
        if call is None:
            return
        waited = now - self._since.setdefault(call, now)
        task = self._waiters.get(call) or (_number_of(_waiter(loop, call)) if waited >= FULL_AFTER else None)
        if task is None or waited < FULL_AFTER:
            return
        self._told.update(workers)
        threads = [(worker, frame) for worker, frame in zip(workers, busy, strict=True) if not is_idle_worker(frame)]
        told = tuple(stands(worker, frame) for worker, frame in threads[:_THREADS_TOLD])
        function, _ = _plainly(*cpython.function_of_call(call))
        name = getattr(function, "__qualname__", "") if type(function) in _NAMED else type(function).__name__
        told_of = ExecutorFull(recorder.clock.now(), name, waited, len(queued), told, len(workers), task)
        told_of.given_up, told_of.never_begun = given_up, never_begun
        told_of.holds_up = not (given_up or never_begun) and function not in _LOOKUPS
        recorder.write(told_of)

    def _never_begun(self, loop: AbstractEventLoop, queued: list[Any], now: float) -> Any:
        """A call for which a task has waited, and which was cancelled before a thread began it; None if none was."""
        for call in queued[:_CALLS_FOLLOWED]:
            if cpython.is_call_cancelled(call):
                if now - self._since.get(call, now) >= FULL_AFTER:
                    return call
            elif call not in self._waiters and (task := _number_of(_waiter(loop, call))) is not None:
                self._waiters[call] = task
                self._since.setdefault(call, now)
        return None


_NAMED = (FunctionType, MethodType, BuiltinMethodType)


def _urgent(loop: AbstractEventLoop, queued: Sequence[Any], busy: Sequence[FrameType | None]) -> Any:
    """The first queued call that should not have to wait for a thread; None if all of them may wait."""
    found = [_waits_at(frame) for frame in busy]
    # If nothing has a timeout, this is a deadlock, and another watcher reports it.
    is_timed = any(not timer.cancelled() for timer in list(cpython.timer_heap(loop))) or not all(map(is_held, busy))
    wanted = [at for at, _ in filter(None, found)] if all(found) and is_timed else []
    futures = [at for at in wanted if is_a(at, concurrent.futures.Future)]
    brought = [each for call in queued[:_CALLS_FOLLOWED] if futures for each in _brought_by(call)]
    if futures and all(any(each is at for each in brought) for at in futures):
        return queued[0]
    for call in queued[:_CALLS_FOLLOWED]:
        function, arguments = _plainly(*cpython.function_of_call(call))
        if function in _LOOKUPS:
            return call
        if wanted and _code_of(function) not in [code for _, code in filter(None, found)]:
            used = [function, *arguments, *_parts_of(function), *_used_by_waiter(loop, call)]
            if any(_has(each, at) for each in used for at in wanted):
                return call
    return None


def _brought_by(call: Any) -> Iterator[Any]:
    """The objects, such as futures, that done callbacks use when a call ends, or when its waiting tasks end."""
    left = [(future, 0) for future in _futures_of(call)]
    while left:
        future, depth = left.pop()
        for callback in cpython.callbacks_of(future):
            found = list(_parts_of(callback))
            yield from found
            left += [(each, depth + 1) for each in found if depth < _WAITS_FOLLOWED and is_future(each)]


def _used_by_waiter(loop: AbstractEventLoop, call: Any) -> Iterator[Any]:
    """The objects in the variables of the task that waits for a call."""
    record = _waiter(loop, call)
    task = None if record is None else record()
    for link in () if task is None else follow(coroutine_of(task)).links:
        yield from gc.get_referents(link)


def _is_given_up(frame: FrameType | None) -> bool:
    """Whether a thread runs a call whose asyncio future was cancelled, for example by a timeout."""
    while frame is not None and frame.f_code is not _RUN_CALL:
        frame = frame.f_back
    futures = [] if frame is None else list(_futures_of(variables_of(frame)["self"]))
    return bool(futures) and all(map(is_cancelled, futures))


def _futures_of(call: Any) -> Iterator[Future[Any]]:
    """The asyncio futures that are set when a call ends."""
    for callback in cpython.callbacks_of_call(call):
        yield from filter(is_future, (cell.cell_contents for cell in callback.__closure__ or ()))


def _plainly(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The program's function in a call, and its arguments: `asyncio.to_thread` submits a partial of `Context.run`."""
    while type(function) is partial:
        function, arguments = function.func, (*function.args, *arguments)
        if type(function) is BuiltinMethodType and function.__name__ == "run" and arguments:
            function, arguments = arguments[0], arguments[1:]
    return function, arguments


def _code_of(function: Any) -> CodeType | None:
    function = function.__func__ if type(function) is MethodType else function
    return function.__code__ if type(function) is FunctionType else None


def _parts_of(function: Any) -> Iterator[Any]:
    """The objects that a function refers to: the `self` of a method, and the variables of enclosing functions."""
    if type(function) in (MethodType, BuiltinMethodType):
        yield function.__self__
        function = function.__func__ if type(function) is MethodType else None
    if type(function) is FunctionType:
        yield from gc.get_referents(*(function.__closure__ or ()))


def _has(owner: Any, wanted: Any) -> bool:
    """Whether an object is another one, or has it as an attribute, or as an attribute of its class."""
    if owner is wanted:
        return True
    parts = gc.get_referents(owner)
    classes = [vars(base) for each in parts if type(each) is type for base in each.__mro__[:-1]]
    attributes = [each for each in (*parts, *gc.get_referents(*classes)) if type(each) is dict]
    return any(part is wanted for part in (*parts, *gc.get_referents(*attributes)))


def _waits_at(frame: FrameType | None) -> tuple[Any, CodeType | None] | None:
    """The lock, queue or future that a thread waits for, and the function of its call; None if it doesn't wait."""
    if frame is None or frame.f_code is not _WAIT:
        return None
    wanted, called = None, None
    while frame is not None and not begins_call(frame):
        if frame.f_code.co_filename in _SYNCHRONIZING:
            wanted = variables_of(frame).get("self")
        called = frame.f_code
        frame = frame.f_back
    return None if wanted is None else (wanted, called)


def _waiter(loop: AbstractEventLoop, call: Any) -> TaskRecord | None:
    """The task that waits for the result of a call."""
    found = (_waits_for(loop, future) for future in _futures_of(call))
    return next((record for record in found if record is not None), None)


def _number_of(record: TaskRecord | None) -> int | None:
    return None if record is None else record.id


def _waits_for(loop: AbstractEventLoop, future: Future[Any]) -> TaskRecord | None:
    for callback in cpython.callbacks_of(future):
        known: Any = callback if type(callback) in (BuiltinMethodType, MethodType) else None  # else it isn't read
        record = None if known is None else tasks_of(loop).known(known.__self__)
        if record is not None:
            return record
    return None
