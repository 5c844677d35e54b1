"""Replaces `loop.call_soon` by a faster version that makes traced handles, and records when callbacks become ready."""

from __future__ import annotations

import sys
from asyncio import BaseEventLoop, format_helpers
from asyncio.constants import DEBUG_STACK_DEPTH
from asyncio.events import Handle
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import wraps
from threading import get_ident
from types import BuiltinMethodType, MethodType
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.patching.handles import TracedHandle
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.step_callbacks import STEP_TYPE, TASK_CALLBACKS, WAKE_UP, is_task_callback
from asynclab.trace.same_frames import looks_like

_new = Handle.__new__
_OF_STEPS = frozenset({STEP_TYPE, BuiltinMethodType, MethodType})
"""The types of callbacks that may run a task's step."""

_DEPTH = DEBUG_STACK_DEPTH - 2
"""How many frames debug mode stores for a scheduled callback: asyncio stores two more, and removes its own two."""


def replace_call_soon(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Make a class of loops create the handle of a step in one call instead of three, unless it overrides `call_soon`.

    asyncio calls call_soon for each step of each task. The replacement does the same as the original: it checks its
    arguments, makes the handle, and appends it to the ready queue.
    """
    original = kind.call_soon
    if original is not BaseEventLoop.call_soon or kind._call_soon is not BaseEventLoop._call_soon:  # type: ignore[attr-defined]
        return
    if not cpython.has_known_call_soon():  # then the original makes handles by TracedHandle.__init__
        return

    @wraps(original)
    @looks_like(original, "_check_closed", "_check_thread", "_check_callback")
    def call_soon(
        self: BaseEventLoop, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        """Append a callback to the ready queue, and record which task becomes ready by it."""
        try:
            tasks = self._asynclab_tasks  # type: ignore[attr-defined]
        except AttributeError:  # another thread has ended the observation since this was called
            tasks = None
        if tasks is None or type(self) is not kind:  # a subclass may override it
            return original(self, callback, *args, context=context)
        if self._closed:  # type: ignore[attr-defined]
            self._check_closed()  # type: ignore[attr-defined]
        debug = self._debug  # type: ignore[attr-defined]
        if debug:
            self._check_thread()  # type: ignore[attr-defined]
            self._check_callback(callback, "call_soon")  # type: ignore[attr-defined]
        handle = _new(TracedHandle)
        handle._context = copy_context() if context is None else context
        handle._loop = self
        handle._callback = callback
        handle._args = args
        handle._cancelled = False
        handle._repr = None
        handle._source_traceback = format_helpers.extract_stack(sys._getframe(1), _DEPTH) if debug else None
        try:
            kind_of_callback = type(callback)
            if kind_of_callback in _OF_STEPS:
                record = tasks.get(id(callback.__self__))  # type: ignore[attr-defined]
                if record is not None:
                    owner = record.tracer
                    if owner.gone and (record := tasks.known(callback.__self__)) is not None:  # type: ignore[attr-defined]
                        owner = record.tracer  # the id() was that of a destroyed task
                # __name__ is a new string each time: comparing it costs less than hashing it.
                if record is not None and (
                    kind_of_callback is STEP_TYPE or callback.__name__ == WAKE_UP or callback.__name__ in TASK_CALLBACKS
                ):
                    handle._record = record
                    handle._tracer = owner
                    handle._waker = None
                    if record is owner.current:
                        record.yielded = True
                    else:
                        owner.made_ready(record, args)
                    self._ready.append(handle)  # type: ignore[attr-defined]
                    return handle
                handle._join_lab(tasks, is_task_callback(callback))
            else:
                handle._join_lab(tasks, is_step=False)
            tracer = handle._tracer
            if tracer is not None and handle._waker is None and get_ident() != tracer.thread:
                tracer.scheduled_elsewhere(sys._getframe(1), handle._record)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            handle._leave_lab(error)
        self._ready.append(handle)  # type: ignore[attr-defined]
        return handle

    patches.set(kind, "call_soon", call_soon)


def trace_ready_steps(loop: BaseEventLoop) -> None:
    """Replace the handles of steps that became ready before the loop was observed, so that these steps are recorded.

    Only the loop refers to the handle of a step, so it can be replaced. The tasks must be registered already.
    """
    ready = cpython.ready_queue(loop)
    for index, found in enumerate(tuple(ready)):
        if type(found) is not Handle:
            continue
        handle: Any = found
        if not handle._cancelled and is_task_callback(handle._callback):
            traced = TracedHandle(handle._callback, handle._args, loop, cpython.context_of(handle))
            traced._source_traceback = handle._source_traceback
            ready[index] = traced
