"""The traced handle: the loop runs each callback by a handle, and this one records the callback's start and end.

A task's step is such a callback too, so handles are how the tracer sees all steps.
"""

from __future__ import annotations

import os
import sys
from asyncio import AbstractEventLoop, base_events, format_helpers
from asyncio.events import Handle
from collections.abc import Callable
from contextvars import Context, copy_context
from threading import get_ident
from types import CodeType, MethodType
from typing import Any

from asynclab.model.events import BLOCKED_AFTER, Stepped
from asynclab.trace import cpython
from asynclab.trace.governing.owners import busy_observer
from asynclab.trace.patching.step_callbacks import is_task_callback, makes_step_of_itself
from asynclab.trace.recording.code_ownership import frame_of_maker
from asynclab.trace.recording.future_state import is_task
from asynclab.trace.recording.loop_tasks import LoopTasks, tasks_of
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.scope import CURRENT, TASKS
from asynclab.trace.same_frames import looks_like
from asynclab.trace.watching.timeouts import timeout_of

_run_untraced = cpython.run_handle
_on_timeout = cpython.on_timeout
_UNSET: Any = object()
_PASSED_BY = (os.path.dirname(__file__), base_events.__file__)
_THREAD_SAFE_INIT: CodeType | None = getattr(getattr(cpython.ThreadSafeHandle, "__init__", None), "__code__", None)


class _StandIn(type):
    """The metaclass of TracedHandle, which forwards attributes of the class to `asyncio.Handle`.

    While tracing, `asyncio.events.Handle` is TracedHandle. If a program replaces a method of `asyncio.events.Handle` or
    of `asyncio.Handle`, both names have to show the new method. Attributes of instances aren't affected.
    """

    def __getattribute__(cls, name: str) -> Any:
        return getattr(Handle, name) if cls is _shown else super().__getattribute__(name)

    def __setattr__(cls, name: str, value: object) -> None:
        if cls is _shown:
            setattr(Handle, name, value)
        else:
            super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        if cls is _shown:
            delattr(Handle, name)
        else:
            super().__delattr__(name)

    def __instancecheck__(cls, found: object) -> bool:
        return isinstance(found, Handle) if cls is _shown else super().__instancecheck__(found)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, Handle) if cls is _shown else super().__subclasscheck__(kind)


_shown: type | None = None
"""TracedHandle, once the class is complete."""


class TracedHandle(Handle, metaclass=_StandIn):
    """A Handle that tells its recorder when its callback becomes ready, starts and ends.

    If nobody records the callback, it does the same as a Handle. Code that runs once per step is inlined, here and in
    our call_soon: a function call costs a twentieth of a whole step.
    """

    __slots__ = ("_record", "_tracer", "_waker")

    _record: TaskRecord | None
    """The task whose step this runs; None for any other callback."""
    _tracer: Recorder | None
    _waker: TaskRecord | None
    """For a callback that isn't a step: the task that caused it."""

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: AbstractEventLoop,
        context: Context | None = None,
    ) -> None:
        is_plain = context is None
        # A copy of Handle.__init__: calling that would add a frame to the stack that debug mode stores.
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = format_helpers.extract_stack(sys._getframe(1)) if loop._debug else None  # type: ignore[attr-defined]
        try:
            if self._is_step_of_known_task():
                return
            self._join_lab(getattr(loop, TASKS, None), is_task_callback(callback))
            if self._waker is not None and is_plain and not _is_from_call_soon(sys._getframe(1).f_code):
                self._waker = None  # a handle for I/O: no task causes its callback
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._leave_lab(error)

    def _is_step_of_known_task(self) -> bool:
        """Handle the step of a known task on a loop with its own `call_soon`. Returns whether it is one."""
        callback = self._callback
        task = callback.__self__ if is_task_callback(callback) else None  # type: ignore[attr-defined]
        record = None if task is None else tasks_of(self._loop).known(task)
        if record is None:
            return False
        self._record, self._tracer = record, record.tracer
        self._waker = None
        if record is record.tracer.current:
            record.yielded = True
        else:
            record.tracer.made_ready(record, self._args)
        return True

    def _join_lab(self, tasks: LoopTasks | None, is_step: bool) -> None:
        """Find the recorder of the callback. If it is the step of an unknown task, register the task."""
        self._record = self._waker = self._tracer = None
        if tasks is None:
            return
        tracer = tasks.sole
        if tracer is None:
            tracer = tasks.everybodys
            found = self._context.get(CURRENT, _UNSET)
            if found is _UNSET:
                found = self._owner_by_step(is_step=is_step)
            if found is not None and found.loop is self._loop:
                tracer = found
            if tracer is None:
                return
        self._tracer = tracer
        if is_step:
            task = self._callback.__self__  # type: ignore[attr-defined]
            self._record = tracer.enter(task, frame_of_maker(2))
            return
        if tracer.eager.under_way:  # for example, gather() adds a callback to a task that has already ended
            tracer.eager.settle(next(filter(is_task, self._args), None))
        waker = tracer.current or tracer.cause
        if waker is not None and get_ident() == tracer.thread:
            self._waker = waker

    def _owner_by_step(self, *, is_step: bool) -> Recorder | None:
        """The recorder of a callback in whose context no lab is set: it depends on the code that schedules it.

        A new task belongs to its creator's lab, and a callback that a lab's code passes to call_soon belongs to that
        lab. Any other callback wakes code outside the lab that waited for the lab's code: it isn't the lab's.
        """
        tracer = CURRENT.get(_UNSET)
        if tracer is _UNSET:
            tracer = busy_observer()
        if tracer is None or tracer.loop is not self._loop or get_ident() != tracer.thread:
            return None
        if is_step:
            return tracer if makes_step_of_itself(self._callback) else None
        frame = sys._getframe(1)
        while _is_passed_by(frame.f_code) and frame.f_back is not None:
            frame = frame.f_back
        return tracer if "call_soon" in frame.f_code.co_names else None

    def _leave_lab(self, error: BaseException) -> None:
        """Run this callback unrecorded, because our code has failed."""
        tracer: Recorder | None = getattr(self, "_tracer", None)
        self._record = self._waker = self._tracer = None
        if tracer is None:
            return
        tracer.failed("tasks", error)
        if is_task_callback(self._callback):
            task = self._callback.__self__  # type: ignore[attr-defined]
            if not tracer.knows(task):
                tracer.enter_unseen(task)

    @looks_like(_run_untraced, "_context", "call_exception_handler")
    def _run(self) -> None:
        # Every callback is called from this frame, so the stack has as many frames as without asynclab.
        record = self._record
        tracer: Recorder | None
        outer = None
        if record is not None:
            tracer = record.tracer
            if tracer.detour and not tracer.admits(self):
                return None
            if tracer.current is not None:
                return tracer.within_step(self._run)
            clock = tracer.clock
            real_time = clock.real_time
            record.yielded = False
            tracer.current = record
            emit_first = tracer.emit = tracer.emit_first
            started = tracer.step_started = real_time()
            began = tracer.step_began = started * clock.rate + clock.offset
        elif (tracer := self._tracer) is not None and tracer.loop is not None:
            outer = tracer.callback
            callback = tracer.callback = self._callback
            tracer.cause = self._waker
            real_time = tracer.clock.real_time
            started = tracer.callback_started = real_time()
            if type(callback) is MethodType and callback.__func__ is _on_timeout:
                tracer.timeout_fires(callback)
            callback = None  # type: ignore[assignment]
        else:
            tracer = None
        try:
            if Handle._run is not _run_untraced:  # the program has replaced it
                Handle._run(self)
            else:
                try:
                    if self._args:
                        self._context.run(self._callback, *self._args)
                    else:
                        self._context.run(self._callback)  # much cheaper than with `*args`
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    context = cpython.failure_of(self, error)  # a variable of this frame, as in Handle._run
                    self._loop.call_exception_handler(context)
        except BaseException as error:
            if tracer is None or not self._is_taken(tracer, outer, error):
                raise
            self = outer = None  # type: ignore[assignment]
            return None
        try:
            if tracer is None:
                pass
            elif record is not None:
                ended = real_time()
                if tracer.emit is not emit_first:
                    tracer.end_step(record, self._callback.__self__, ended, self._args)  # type: ignore[attr-defined]
                else:  # nothing happened in this step
                    tracer.current = None
                    write = tracer.emit = tracer.write
                    if record.yielded:
                        write(Stepped(began, record.id, ended - started, True))
                    else:
                        tracer.stepped(record, self._callback.__self__, began, ended, self._args)  # type: ignore[attr-defined]
                if ended >= tracer.attend_at or tracer.gone:
                    tracer.attend()
            else:
                ended = real_time()
                if ended >= tracer.attend_at or ended - started >= BLOCKED_AFTER:
                    tracer.end_callback()
                tracer.callback, tracer.cause, tracer.callback_started = outer, None, 0.0
                outer = None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if tracer is not None:
                tracer.step_lost(error)
        # As in Handle._run. A failed task's traceback keeps this frame alive, so the frame must not refer to the task.
        self = None  # type: ignore[assignment]
        return None

    def _is_taken(self, tracer: Recorder, outer: object, error: BaseException) -> bool:
        """Whether an exception from a callback that would end the loop ends only the lab's run instead."""
        if self._record is not None:
            return tracer.step_failed(self._record, self._callback.__self__, error)  # type: ignore[attr-defined]
        tracer.end_callback()
        tracer.callback, tracer.cause, tracer.callback_started = outer, None, 0.0
        return tracer.takes_exit(error)

    @looks_like(Handle.cancel, "repr")
    def cancel(self) -> None:
        """Cancel the handle. If it was for a timeout that expired at once, that timeout has been met."""
        tracer = self._tracer
        callback = self._callback
        timeout = None
        if type(callback) is MethodType and tracer is not None and not self._cancelled:
            timeout = timeout_of(callback)
        if timeout is not None and tracer is not None:
            try:
                tracer.timeout_called_off(timeout)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                tracer.failed("timeouts", error)
        if not self._cancelled:  # a copy of Handle.cancel
            self._cancelled = True
            if self._loop.get_debug():
                self._repr = repr(self)  # type: ignore[assignment]
            self._callback = self._args = None  # type: ignore[assignment]


# A handle's repr has its class name, which must be the same as without asynclab. So must the error for a handle that
# can't be pickled: Python pickles the slots in the order of `__slotnames__`.
TracedHandle.__name__ = TracedHandle.__qualname__ = "Handle"
TracedHandle.__module__ = Handle.__module__
TracedHandle.__slotnames__ = [*(slot for slot in Handle.__slots__ if slot != "__weakref__"), *TracedHandle.__slots__]

BOUNDARY = TracedHandle._run.__code__
"""The code that runs steps: its callers' frames belong to the event loop."""

_shown = TracedHandle


def _is_from_call_soon(code: CodeType) -> bool:
    """Whether code is that in which call_soon or call_soon_threadsafe makes a handle."""
    return code.co_name == "_call_soon" or code is _THREAD_SAFE_INIT


def _is_passed_by(code: CodeType) -> bool:
    """Whether code only passes a callback on, so that its caller counts as the code that schedules the callback."""
    return code.co_filename.startswith(_PASSED_BY) or code is _THREAD_SAFE_INIT
