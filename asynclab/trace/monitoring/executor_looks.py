"""Reports calls that wait for a thread though they should not, since all threads of their executor are busy.

Four kinds of call are reported:
- a lookup of a host's name;
- a call that would end the threads' own waits, or whose task would, such as by the release of a semaphore or the result
  that they wait for: without timeouts that is a deadlock;
- any call, if nobody waits for the calls that the threads are busy with: a timeout does not end a thread;
- any call that was given up before a thread has begun it.
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

FULL_AFTER = 0.5
"""Real seconds: a lookup takes a few thousandths, and its timeouts are made for that."""

_LOOKUPS = (socket.getaddrinfo, socket.getnameinfo)
_THREADS_TOLD = 4
_CALLS_FOLLOWED = 20
_WAITS_FOLLOWED = 5
_WAIT: CodeType = threading.Condition.wait.__code__
_RUN_CALL: CodeType | None = getattr(getattr(cpython.WorkItem, "run", None), "__code__", None)
_SYNCHRONIZING = (threading.__file__, queue.__file__, concurrent.futures._base.__file__)
"""The files of what threads wait at."""


class ExecutorLooks:
    """Tells once of each executor that such calls wait for its threads."""

    def __init__(self) -> None:
        self._since: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()
        """Real time at which a call was first seen to wait."""
        self._waiters: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        """The tasks that wait for the first of the calls that wait for a thread."""
        self._told: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        """The threads of the executors that were reported."""

    def look(self, recorder: Recorder) -> None:
        """Look once. Call this several times a second, on any thread but the loop's."""
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
        """A call that somebody has waited for, and given up, while it waited for a thread; None if there is none."""
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
    """The first of the calls that should not wait for a thread; None if each of them may."""
    found = [_waits_at(frame) for frame in busy]
    # Where nothing has a timeout it is a deadlock, and reported as one.
    is_timed = any(not timer.cancelled() for timer in list(cpython.timer_heap(loop))) or not all(map(is_held, busy))
    wanted = [at for at, _ in filter(None, found)] if all(found) and is_timed else []
    futures = [at for at in wanted if isinstance(at, concurrent.futures.Future)]
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
    """The futures, of loops and threads, that are set when a call ends, or when the tasks that wait for it end."""
    left = [(future, 0) for future in _futures_of(call)]
    while left:
        future, depth = left.pop()
        for callback, _ in future._callbacks or ():
            found = list(_parts_of(callback))
            yield from found
            left += [(each, depth + 1) for each in found if depth < _WAITS_FOLLOWED and is_future(each)]


def _used_by_waiter(loop: AbstractEventLoop, call: Any) -> Iterator[Any]:
    """What the task that waits for a call has in variables."""
    record = _waiter(loop, call)
    task = None if record is None else record()
    for link in () if task is None else follow(coroutine_of(task)).links:
        yield from gc.get_referents(link)


def _is_given_up(frame: FrameType | None) -> bool:
    """Whether a thread runs a call whose future was cancelled on its loop's side, as by a timeout."""
    while frame is not None and frame.f_code is not _RUN_CALL:
        frame = frame.f_back
    futures = [] if frame is None else list(_futures_of(variables_of(frame)["self"]))
    return bool(futures) and all(map(is_cancelled, futures))


def _futures_of(call: Any) -> Iterator[Future[Any]]:
    """The loops' futures that are set when a call ends."""
    for callback in cpython.callbacks_of_call(call):
        yield from filter(is_future, (cell.cell_contents for cell in callback.__closure__ or ()))


def _plainly(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """What a call really calls, and with what: `asyncio.to_thread` hands in a partial of a context's `run`."""
    while type(function) is partial:
        function, arguments = function.func, (*function.args, *arguments)
        if type(function) is BuiltinMethodType and function.__name__ == "run" and arguments:
            function, arguments = arguments[0], arguments[1:]
    return function, arguments


def _code_of(function: Any) -> CodeType | None:
    function = function.__func__ if type(function) is MethodType else function
    return function.__code__ if type(function) is FunctionType else None


def _parts_of(function: Any) -> Iterator[Any]:
    """The objects that a function brings with it: what it is a method of, and the variables around it."""
    if type(function) in (MethodType, BuiltinMethodType):
        yield function.__self__
        function = function.__func__ if type(function) is MethodType else None
    if type(function) is FunctionType:
        yield from gc.get_referents(*(function.__closure__ or ()))


def _has(owner: Any, wanted: Any) -> bool:
    """Whether an object is another, or has it as an attribute, perhaps of its class."""
    if owner is wanted:
        return True
    parts = gc.get_referents(owner)
    classes = [vars(base) for each in parts if type(each) is type for base in each.__mro__[:-1]]
    attributes = [each for each in (*parts, *gc.get_referents(*classes)) if type(each) is dict]
    return any(part is wanted for part in (*parts, *gc.get_referents(*attributes)))


def _waits_at(frame: FrameType | None) -> tuple[Any, CodeType | None] | None:
    """The lock or queue of `threading` or `queue` that a thread waits at, and the function of its call."""
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
    """The task that waits for what a call will bring."""
    found = (_waits_for(loop, future) for future in _futures_of(call))
    return next((record for record in found if record is not None), None)


def _number_of(record: TaskRecord | None) -> int | None:
    return None if record is None else record.id


def _waits_for(loop: AbstractEventLoop, future: Future[Any]) -> TaskRecord | None:
    for callback, _ in future._callbacks or ():
        known: Any = callback if type(callback) in (BuiltinMethodType, MethodType) else None  # else it is not asked
        record = None if known is None else tasks_of(loop).known(known.__self__)
        if record is not None:
            return record
    return None
