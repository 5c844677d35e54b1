"""Observes the tasks of uvloop's loops, by a replacement of `call_soon`, which each step of a task needs.

uvloop keeps its timers and other callbacks in C, so their deadlines and run times can't be seen. uvloop is never
imported here; if the program has imported it, its class is found.
"""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop
from asyncio.events import Handle
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import wraps
from threading import get_ident
from typing import Any, TypeGuard

from asynclab.trace.patching.handles import TracedHandle
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.step_callbacks import is_task_callback
from asynclab.trace.recording.scope import TASKS, outside_context

_new = Handle.__new__


def uvloop_kind() -> type[AbstractEventLoop] | None:
    """The class of uvloop's loops; None if the program hasn't imported uvloop."""
    kind: type[AbstractEventLoop] | None = getattr(sys.modules.get("uvloop"), "Loop", None)
    return kind


def is_uvloop(kind: type) -> TypeGuard[type[AbstractEventLoop]]:
    """Whether a class is uvloop's Loop."""
    return kind.__module__ == "uvloop" and kind.__name__ == "Loop"


def replace_uvloop_call_soon(kind: type[AbstractEventLoop], patches: Patches) -> None:
    """Replace `call_soon` of uvloop's class: a step gets a traced handle; other callbacks are left to uvloop."""
    original: Callable[..., Any] = kind.call_soon
    patches.set(kind, TASKS, None)
    outside = outside_context()  # the step enters its own context from there

    @wraps(original)
    def call_soon(
        self: AbstractEventLoop, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Schedule a callback; for the step of an observed task, schedule our handle's `_run`."""
        tasks = getattr(self, TASKS, None)
        if tasks is None or not is_task_callback(callback):
            return original(self, callback, *args, context=context)
        handle = _new(TracedHandle)
        handle._context = copy_context() if context is None else context
        handle._loop = self
        handle._callback, handle._args = callback, args
        handle._cancelled, handle._repr, handle._source_traceback = False, None, None
        try:
            tracer = tasks.everybodys
            if tracer is not None and self.is_running():
                tracer.thread = get_ident()
            record = tasks.known(callback.__self__)  # type: ignore[attr-defined]
            if record is None:
                handle._join_lab(tasks, True)
            else:
                handle._record, handle._tracer, handle._waker = record, record.tracer, None
                if record is record.tracer.current:
                    record.yielded = True
                else:
                    record.tracer.made_ready(record, args)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            handle._leave_lab(error)
        return original(self, handle._run, context=outside)

    patches.set(kind, "call_soon", call_soon)
