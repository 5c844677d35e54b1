"""Detects failures that cancel() or wait() has silenced: asyncio won't complain that nobody read the exception.

On a failed task, cancel() only turns that complaint off. So a shutdown that cancels all tasks and waits for them hides
which of them had failed before. wait() with FIRST_EXCEPTION reads the exceptions itself, and reports them to nobody.

If code of the program reads the exception later, we notice that: the task gets own attributes `exception` and `result`,
which return the same. An `await` can't be noticed this way, but it raises the exception, so its traceback changes.
"""

from __future__ import annotations

import gc
import sys
from asyncio import AbstractEventLoop, Future, StreamReaderProtocol, Task
from collections.abc import Iterator
from types import FrameType
from typing import Any
from weakref import ref

import msgspec

from asynclab.model.events import ExceptionDropped
from asynclab.trace import cpython
from asynclab.trace.called_from_c import NoticedMethod
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.mishaps.cut_off_tasks import is_kept
from asynclab.trace.mishaps.passed_on_failures import PassedOnFailures
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.code_flow import awaits_a_name
from asynclab.trace.reading.reachable_objects import Reach
from asynclab.trace.recording.exception_tree import raised_at
from asynclab.trace.recording.future_state import complains, coroutine_of, exception_of, is_future, is_task
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import short_error

_MOST_OBJECTS = 2_000
"""The most objects that are searched, from those that the cancelling code refers to."""


class _Silenced(msgspec.Struct):
    """A failed task that was silenced before its exception was read."""

    traceback: int
    """The id() of its exception's traceback at that moment."""
    may_be_awaited: bool
    """Whether the code that silenced it may await it."""
    is_read: bool = False

    def read(self) -> None:
        """Note that the exception was read."""
        self.is_read = True


def unread_futures(recorder: Recorder, loop: AbstractEventLoop) -> Iterator[ExceptionDropped]:
    """The events for a loop's futures that the program has set to an exception that nobody has read.

    asyncio itself would report a future in a reference cycle only when it is collected, perhaps at Python's exit.
    """
    found = [each for each in gc.get_objects() if type(each) is Future and each._loop is loop and complains(each)]
    streams = (each for each in (gc.get_objects() if found else ()) if issubclass(type(each), StreamReaderProtocol))
    closed = {id(vars(each).get("_closed")) for each in streams}  # a destroyed stream reads it itself
    for each in found:
        error = exception_of(each)
        file, line = ("", 0) if error is None else raised_at(error, recorder.code.owns)
        if error is not None and line and id(each) not in closed:
            yield ExceptionDropped(recorder.clock.now(), None, short_error(error), file, line)


class SilencedFailures:
    """Tracks silenced tasks, and reports those whose exceptions nobody reads."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._silenced: dict[int, _Silenced] = {}
        """The silenced tasks, by their id()."""
        self.passed_on = PassedOnFailures(recorder)

    def failed(self, record: TaskRecord) -> None:
        """Note that a task has failed, and watch for code that silences it."""
        task = record()
        if type(task) is not Task or not complains(task):
            return
        reference = ref(task)

        def cancel(msg: object = None) -> bool:
            """Request that this task cancel itself."""
            failed = reference()
            if failed is not None:
                del failed.cancel
                with self._recorder.guard("failures"):
                    if complains(failed):
                        self._silence(failed, list(_frames_from(sys._getframe(1))))
                failed.cancel(msg)
            return False

        def exception() -> BaseException | None:
            """Return the exception that was set on this future."""
            failed, caller = reference(), sys._getframe(1)
            if failed is not None:
                del failed.exception
                with self._recorder.guard("failures"):
                    if complains(failed) and caller.f_code is cpython.WAIT_ENDED:
                        self._silence(failed, _frames_of_waiter(caller))
                    elif complains(failed) and caller.f_code is cpython.SHIELDED:
                        self._keep(failed, may_be_awaited=_is_kept(failed))
                    self.passed_on.asked(record.id, failed, caller)
            return Task.exception(failed)  # type: ignore[arg-type]

        task.cancel, task.exception = cancel, exception  # type: ignore[method-assign]

    def is_unread(self, task: Task[Any]) -> bool:
        """Whether nobody has read the exception of an existing task since it was silenced."""
        found = self._silenced.get(id(task))
        return found is not None and not found.is_read and found.traceback == _traceback_of(task)

    def gone(self, record: TaskRecord) -> None:
        """Note that a task was destroyed; report if nobody can have read its exception since it was silenced."""
        found = self._silenced.pop(record.key, None)
        if found is not None and not (found.is_read or found.may_be_awaited):
            self._recorder.emit(ExceptionDropped(self._recorder.clock.now(), record.id))

    def _silence(self, task: Task[Any], frames: list[FrameType]) -> None:
        """Note that code with these frames silenced a task. If no frames are known, any code may await the task."""
        own, owns = {each.f_code for each in frames}, self._recorder.code.owns
        may_be_awaited = not frames or Reach((), frames, _MOST_OBJECTS).may_run(
            lambda code: (code in own or owns(code.co_filename)) and awaits_a_name(code)
        )
        self._keep(task, may_be_awaited=may_be_awaited)

    def _keep(self, task: Task[Any], *, may_be_awaited: bool) -> None:
        silenced = self._silenced[id(task)] = _Silenced(_traceback_of(task), may_be_awaited)
        for reads in (Task.exception, Task.result):
            setattr(task, reads.__name__, NoticedMethod(reads, task, silenced.read, error=exception_of(task)))


def _frames_from(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _frames_of_waiter(ended: FrameType) -> list[FrameType]:
    """The frames of the task in asyncio.wait(), found by the callback that wait() adds to each awaited future."""
    waiter = variables_of(ended).get("waiter")
    tasks = map(cpython.owner_of, cpython.callbacks_of(waiter) if is_future(waiter) else ())
    return [frame for each in tasks if is_task(each) for frame in follow(coroutine_of(each)).frames]


def _is_kept(task: Task[Any]) -> bool:
    """Whether other objects than the present call of its callback refer to a task, which is the last argument there."""
    calls = [each for each in gc.get_referrers(task) if type(each) is tuple and each[-1] is task]
    return is_kept(task, [id(each) for each in calls])


def _traceback_of(task: Task[Any]) -> int:
    error = exception_of(task)
    return 0 if error is None else id(error.__traceback__)
