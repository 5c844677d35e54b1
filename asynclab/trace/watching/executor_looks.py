"""Tells where a lookup of a host's name waits for a thread, since all of the loop's executor are busy."""

from __future__ import annotations

import socket
import sys
import threading
import weakref
from asyncio import AbstractEventLoop, Future
from typing import Any

from asynclab.model.events import ExecutorFull
from asynclab.trace import cpython
from asynclab.trace.recording.future_state import is_future
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.task_registry import tasks_of
from asynclab.trace.watching.held_threads import is_idle_worker, stands

FULL_AFTER = 0.5
"""Real seconds: a lookup takes a few thousandths, and its timeouts are made for that."""

_LOOKUPS = (socket.getaddrinfo, socket.getnameinfo)
_THREADS_TOLD = 4


class ExecutorLooks:
    """Tells once of each executor that lookups wait for its threads."""

    def __init__(self) -> None:
        self._waiting: Any = None
        """The call that was seen to wait last, as a weak reference."""
        self._since = 0.0
        """Real time at which it was seen first."""
        self._told: Any = None
        """The executor of which it was told, as a weak reference."""

    def look(self, recorder: Recorder) -> None:
        """Look once; to be called some times a second, on any thread but the loop's."""
        loop = recorder.loop
        executor = None if loop is None else cpython.default_executor(loop)
        if loop is None or executor is None or not cpython.queued_calls(executor):
            self._waiting = None
            return
        calls = [(call, cpython.function_of_call(call)) for call in cpython.queued_calls(executor)]
        call, function = next(((call, name) for call, name in calls if name in _LOOKUPS), (None, None))
        now = recorder.clock.real_time()
        if call is None or self._waiting is None or self._waiting() is not call:
            self._waiting, self._since = None if call is None else weakref.ref(call), now
        elif now - self._since >= FULL_AFTER and (self._told is None or self._told() is not executor):
            self._told = weakref.ref(executor)
            recorder.write(_event(recorder, loop, executor, call, function, now - self._since, len(calls)))


def _event(
    recorder: Recorder, loop: AbstractEventLoop, executor: Any, call: Any, function: Any, seconds: float, queued: int
) -> ExecutorFull:
    frames = sys._current_frames()
    workers = [thread for thread in threading.enumerate() if thread in cpython.threads_of(executor)]
    busy = [(thread, frames.get(thread.ident or 0)) for thread in workers]
    told = tuple(stands(thread, frame) for thread, frame in busy if not is_idle_worker(frame))[:_THREADS_TOLD]
    name = getattr(function, "__name__", "")
    task = _waiter(loop, call)
    return ExecutorFull(recorder.clock.now(), name, seconds, queued, told, len(workers), task)


def _waiter(loop: AbstractEventLoop, call: Any) -> int | None:
    """The task that waits for what a call will bring."""
    for callback in cpython.callbacks_of_call(call):
        cells = [cell.cell_contents for cell in callback.__closure__ or ()]
        for future in filter(is_future, cells):
            found = _waits_for(loop, future)
            if found is not None:
                return found
    return None


def _waits_for(loop: AbstractEventLoop, future: Future[Any]) -> int | None:
    for callback, _ in future._callbacks or ():
        record = tasks_of(loop).known(getattr(callback, "__self__", None))
        if record is not None:
            return record.id
    return None
