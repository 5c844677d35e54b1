"""Detects that a task of run_coroutine_threadsafe() has failed, and no thread reads the exception from its future.

asyncio doesn't complain, because it has copied the exception to that concurrent.futures.Future, which never complains.
"""

from __future__ import annotations

import concurrent.futures
from asyncio import Task
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import Any
from weakref import ref

from asynclab.model.events import ExceptionDropped
from asynclab.trace import cpython
from asynclab.trace.called_from_c import NoticedMethod
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.recording.exception_tree import raised_at
from asynclab.trace.recording.future_state import exception_of
from asynclab.trace.recording.recorder import Recorder

_Future = concurrent.futures.Future


class PassedOnFailures:
    """Tracks failures that were copied to such a future, and reports those that no thread reads."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._unread: dict[int, tuple[ExceptionDropped, ref[Any]]] = {}
        """By the number of the task: the event to write, and a weak reference that dies together with the future."""

    def asked(self, number: int, task: Task[Any], caller: FrameType) -> None:
        """Note that `caller` reads the exception of a failed task. If it copies it to a future, watch that future."""
        error = exception_of(task) if caller.f_code is cpython.PASSED_ON else None
        if error is None:
            return
        future: Any = variables_of(caller)["concurrent"]
        has_waiter = future._waiters or future._condition._waiters
        if has_waiter or not all(map(cpython.is_chained, future._done_callbacks)):
            return
        event = ExceptionDropped(0.0, number, "", *raised_at(error, self._recorder.code.owns), is_passed_on=True)
        notice = partial(self._unread.pop, number, None)
        self._unread[number] = event, ref(notice, lambda _: self._gone(number))
        for reads in (_Future.exception, _Future.result):
            setattr(future, reads.__name__, NoticedMethod(reads, future, notice, error=error))

    def unread(self) -> Iterator[ExceptionDropped]:
        """The events for the unread failures at the end of the program."""
        while self._unread:
            event, _ = self._unread.popitem()[1]
            event.at = self._recorder.clock.now()
            yield event

    def _gone(self, number: int) -> None:
        """Report the failure of a destroyed future, unless it was read. May be called on any thread."""
        event, _ = self._unread.pop(number, (None, None))
        if event is not None:
            event.at = self._recorder.clock.now()
            write = self._recorder.write if self._recorder.is_elsewhere() else self._recorder.emit
            write(event)
