"""When callbacks become ready and run: the one place that every step of every task goes through."""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, BaseEventLoop, Task, format_helpers
from asyncio.constants import DEBUG_STACK_DEPTH
from asyncio.events import Handle
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import wraps
from threading import get_ident
from types import BuiltinMethodType, MethodType
from typing import Any

from asynclab.model.events import Stepped
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.recorder import Tracer
from asynclab.trace.recording.scope import CURRENT, adopt, observer
from asynclab.trace.recording.task_registry import RECORDS, TaskRecord
from asynclab.trace.watching.timeouts import timeout_of

_run_untraced = Handle._run
_new = Handle.__new__
_DEPTH = DEBUG_STACK_DEPTH - 2
"""How many frames debug mode keeps of where a callback was scheduled: call_soon takes its own two off."""


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

    Outside a lab it does what a Handle does. What runs once a step is written out, here and where call_soon is
    replaced, instead of called: a call costs a twentieth of a whole step.
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
        # As Handle.__init__ does it: to call that would show in debug mode's tracebacks, too.
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = format_helpers.extract_stack(sys._getframe(1)) if loop._debug else None  # type: ignore[attr-defined]
        if self._is_step_of_known_task():
            return
        self._join_lab(may_be_step=True)
        if self._waker is not None and is_plain and sys._getframe(1).f_code.co_name != "_call_soon":
            self._waker = None  # what I/O brings is caused by nobody here

    def _is_step_of_known_task(self) -> bool:
        """See to a step that comes another way than through our `call_soon`: that of a loop with its own."""
        callback = self._callback
        record = RECORDS.get(id(callback.__self__)) if _is_task_callback(callback) else None  # type: ignore[attr-defined]
        record = None if record is None else record.tracer.census.known(callback.__self__)  # type: ignore[attr-defined]
        if record is None:
            return False
        self._record, self._tracer = record, record.tracer
        if record is record.tracer.current:
            record.yielded = True
        else:
            record.tracer.made_ready(record, self._args)
        return True

    def _join_lab(self, *, may_be_step: bool) -> None:
        """See whose the callback is; a task that has not been seen before is entered.

        Args:
            may_be_step: Whether the type of the callback allows that it is a step of a task.
        """
        loop, context = self._loop, self._context
        self._record = self._waker = None
        self._tracer = tracer = context.get(CURRENT)
        if tracer is None and CURRENT.get() is not None:
            self._tracer = tracer = self._adopted(context)
        if tracer is None or tracer.loop is not loop:
            self._tracer = None
            return
        if may_be_step and _is_task_callback(self._callback):
            task = self._callback.__self__  # type: ignore[attr-defined]
            self._record = tracer.census.enter(task, task.get_coro())
            return
        waker = tracer.current or tracer.cause
        if waker is not None and get_ident() == tracer.thread:
            self._waker = waker

    def _adopted(self, context: Context) -> Tracer | None:
        """A new task goes to the lab of its creator, though it brings a context of its own."""
        creator = observer()
        if creator is None or creator.loop is not self._loop or not _is_task_callback(self._callback):
            return None
        adopt(context, creator)
        return context.get(CURRENT)

    def _run(self) -> None:
        record = self._record
        if record is None:
            return self._run_callback()
        tracer = record.tracer
        if tracer.detour:
            if tracer.loop is None:
                return _run_untraced(self)
            if not tracer.hold.lets_through(self):
                return tracer.hold.handles.append(self)
        clock = tracer.clock
        real_time = clock.real_time
        events = tracer.events
        record.yielded = False
        tracer.current = record
        tracer.step_mark = len(events)
        started = tracer.step_started = real_time()
        began = tracer.step_began = started * clock.rate + clock.offset
        args = self._args
        try:
            if args:
                self._context.run(self._callback, *args)
            else:
                self._context.run(self._callback)  # much cheaper than with the star
        except BaseException as error:
            self._step_raised(error, tracer)
        ended = real_time()
        seconds = ended - started
        tracer.current = None
        yielded = record.yielded
        if len(events) == tracer.step_mark:
            events.append(Stepped(began, record.id, seconds, yielded))
            if yielded and not tracer.attention and not tracer.gone:
                return None
            at = began + seconds * clock.rate  # as the model has it
        else:
            at = tracer.end_long_step(record, ended, seconds)
        tracer.step_ended(record, self._callback.__self__, at, ended)  # type: ignore[attr-defined]
        return None

    def cancel(self) -> None:
        timeout = None if self._tracer is None or self._cancelled else timeout_of(self._callback)
        if timeout is not None and self._tracer is not None:
            self._tracer.timers.timeouts.met(timeout)
        super().cancel()

    def _run_callback(self) -> None:
        tracer = self._tracer
        if tracer is None or tracer.loop is None:
            return _run_untraced(self)
        tracer.cause = self._waker
        callback = self._callback
        if type(callback) is MethodType:
            timeout = timeout_of(callback)
            if timeout is not None:
                tracer.timers.timeouts.expired_at_once(timeout)
        try:
            _run_untraced(self)  # its frame is part of the traceback that a failing callback shows
        except SystemExit as error:
            tracer.end_run(error)
        except KeyboardInterrupt as error:
            tracer.end_run(error)
            raise
        finally:
            tracer.cause = None
        if tracer.attention:
            tracer.attend()
        return None

    def _step_raised(self, error: BaseException, tracer: Tracer) -> None:
        """Do as a Handle does, but let a SystemExit end the run and not the loop that others share."""
        if isinstance(error, SystemExit):
            tracer.end_run(error)
            return
        if isinstance(error, KeyboardInterrupt):
            tracer.end_run(error)
            tracer.open_step()
            tracer.current = None
            raise error
        message = f"Exception in callback {format_helpers._format_callback_source(self._callback, self._args)}"
        self._loop.call_exception_handler({"message": message, "exception": error, "handle": self})


def replace_call_soon(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Let a class of loops make the handle of a step in one call instead of three, unless it has a way of its own.

    Through call_soon each step of each task becomes ready. What stands in for it does what the original does: it
    checks, makes the handle, and appends it to those that are ready.
    """
    original = kind.call_soon
    if original is not BaseEventLoop.call_soon or kind._call_soon is not BaseEventLoop._call_soon:  # type: ignore[attr-defined]
        return

    @wraps(original)
    def call_soon(
        self: BaseEventLoop, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        if type(self) is not kind:  # a class derived from this one may have a way of its own
            return original(self, callback, *args, context=context)
        if self._closed:  # type: ignore[attr-defined]
            self._check_closed()  # type: ignore[attr-defined]
        if self._debug:  # type: ignore[attr-defined]
            self._check_thread()  # type: ignore[attr-defined]
            self._check_callback(callback, "call_soon")  # type: ignore[attr-defined]
        handle = _new(TracedHandle)
        handle._context = copy_context() if context is None else context
        handle._loop = self
        handle._callback = callback
        handle._args = args
        handle._cancelled = False
        handle._repr = None
        handle._source_traceback = (
            format_helpers.extract_stack(sys._getframe(1), _DEPTH) if self._debug else None  # type: ignore[attr-defined]
        )
        kind_of_callback = type(callback)
        is_step = kind_of_callback is _STEP_TYPE
        may_be_step = is_step or kind_of_callback is BuiltinMethodType or kind_of_callback is MethodType
        if may_be_step:
            record = RECORDS.get(id(callback.__self__))  # type: ignore[attr-defined]
            if record is not None and record.tracer.gone:  # the id() may be that of a task that is gone
                record = record.tracer.census.known(callback.__self__)  # type: ignore[attr-defined]
            if record is not None and (is_step or callback.__name__ in _TASK_CALLBACKS):
                handle._record = record
                handle._tracer = owner = record.tracer
                if record is owner.current:
                    record.yielded = True
                else:
                    owner.made_ready(record, args)
                self._ready.append(handle)  # type: ignore[attr-defined]
                return handle
        handle._join_lab(may_be_step=may_be_step)
        self._ready.append(handle)  # type: ignore[attr-defined]
        return handle

    patches.set(kind, "call_soon", call_soon)


# A handle's repr names its class; observing must not change it.
TracedHandle.__name__ = TracedHandle.__qualname__ = "Handle"

BOUNDARY = TracedHandle._run.__code__
"""The code that runs steps: frames above it belong to the event loop."""


def _is_task_callback(callback: object) -> bool:
    if type(callback) is _STEP_TYPE:
        return True
    return getattr(callback, "__name__", "") in _TASK_CALLBACKS and isinstance(
        getattr(callback, "__self__", None), Task
    )
