"""When callbacks become ready and run: the one place that every step of every task goes through."""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, Task, format_helpers
from asyncio.events import Handle
from collections.abc import Callable
from contextvars import Context, copy_context
from types import BuiltinMethodType, MethodType
from typing import Any

from asynclab.model.events import StepEnded, StepStarted
from asynclab.trace.census import TaskRecord
from asynclab.trace.scope import CURRENT
from asynclab.trace.timeouts import timeout_of
from asynclab.trace.tracer import Tracer

_run_untraced = Handle._run


def _find_step_type() -> type:
    """The C type of the callback that runs a task's step, which has no public name."""
    found: list[type] = []

    class _Loop:
        def call_soon(self, callback: object, *, context: object = None) -> None:
            found.append(type(callback))

        def get_debug(self) -> bool:
            return False

    async def nothing() -> None: ...

    coroutine = nothing()
    task = Task(coroutine, loop=_Loop())  # type: ignore[arg-type]
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coroutine.close()
    return found[0]


_STEP_TYPE = _find_step_type()
_TASK_CALLBACKS = frozenset({"task_wakeup", "TaskWakeupMethWrapper", "__step", "__wakeup"})
"""The names of the other callbacks that run a step: a wake-up, and both in tasks written in Python."""


class TracedHandle(Handle):
    """A Handle that tells its lab when it becomes ready and how long it runs.

    Outside a lab it does what a Handle does.
    """

    __slots__ = ("_record", "_tracer", "_waker")

    _record: TaskRecord | None
    """The task whose step this runs; None for any other callback."""
    _tracer: Tracer | None
    _waker: TaskRecord | None
    """For another callback: the task that caused it."""

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: AbstractEventLoop,
        context: Context | None = None,
    ) -> None:
        is_plain = context is None
        if context is None:
            context = copy_context()
        # As Handle.__init__ does it: to call that would cost a tenth of a step, and show in debug mode's tracebacks.
        self._context = context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = format_helpers.extract_stack(sys._getframe(1)) if loop._debug else None  # type: ignore[attr-defined]
        tracer = context.get(CURRENT)
        if tracer is None or tracer.loop is not loop:
            self._tracer = None
            return
        self._tracer = tracer
        kind = type(callback)
        if kind is _STEP_TYPE or ((kind is BuiltinMethodType or kind is MethodType) and _is_task_callback(callback)):
            task = callback.__self__  # type: ignore[attr-defined]
            record = tracer.records.get(id(task))
            if record is None:
                self._record = tracer.census.enter(task)
            else:
                self._record = record
                if record is tracer.current:
                    record.yielded = True
                else:
                    tracer.made_ready(record, args)
        else:
            self._record = None
            is_io = is_plain and sys._getframe(1).f_code.co_name != "_call_soon"
            self._waker = None if is_io or tracer.is_elsewhere() else tracer.waker

    def _run(self) -> None:
        tracer = self._tracer
        if tracer is None or tracer.loop is None:
            return _run_untraced(self)
        record = self._record
        if record is None:
            return self._run_callback(tracer)
        if tracer.paused and not tracer.hold.lets_through(self):
            return tracer.hold.handles.append(self)
        clock = tracer.clock
        emit = tracer.emit
        number = record.id
        record.yielded = False
        tracer.current = record
        started = tracer.step_started = clock.real_time()
        emit(StepStarted(started * clock.rate + clock.offset, number))
        try:
            self._context.run(self._callback, *self._args)
        except BaseException as error:
            self._step_raised(error)
        ended = clock.real_time()
        tracer.current = None
        at = ended * clock.rate + clock.offset
        yielded = record.yielded
        emit(StepEnded(at, number, ended - started, yielded))
        if not yielded or tracer.attention:
            tracer.step_ended(record, self._callback.__self__, at)  # type: ignore[attr-defined]
        return None

    def cancel(self) -> None:
        timeout = None if self._tracer is None or self._cancelled else timeout_of(self._callback)
        if timeout is not None and self._tracer is not None:
            self._tracer.timers.timeouts.met(timeout)
        super().cancel()

    def _run_callback(self, tracer: Tracer) -> None:
        tracer.cause = self._waker
        timeout = timeout_of(self._callback)
        if timeout is not None:
            tracer.timers.timeouts.expired_at_once(timeout)
        try:
            _run_untraced(self)
        except SystemExit as error:
            tracer.end_run(error)
        finally:
            tracer.cause = None
        if tracer.attention:
            tracer.attend()

    def _step_raised(self, error: BaseException) -> None:
        """Do as a Handle does, but let a SystemExit end the run and not the loop that others share."""
        tracer = self._tracer
        assert tracer is not None
        if isinstance(error, SystemExit):
            tracer.end_run(error)
            return
        tracer.current = None
        if isinstance(error, KeyboardInterrupt):
            raise error
        message = f"Exception in callback {format_helpers._format_callback_source(self._callback, self._args)}"
        self._loop.call_exception_handler({"message": message, "exception": error, "handle": self})


# A handle's repr names its class; observing must not change it.
TracedHandle.__name__ = TracedHandle.__qualname__ = "Handle"

BOUNDARY = TracedHandle._run.__code__
"""The code that runs steps: frames above it belong to the event loop."""


def _is_task_callback(callback: object) -> bool:
    return getattr(callback, "__name__", "") in _TASK_CALLBACKS and isinstance(
        getattr(callback, "__self__", None), Task
    )
