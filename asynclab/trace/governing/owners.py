"""Finds the lab that the running code belongs to. The tracer of that lab observes and controls the code."""

from __future__ import annotations

from asyncio import _get_running_loop
from contextvars import Context, ContextVar
from typing import Any, cast

from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.recording import scope
from asynclab.trace.recording.scope import TASKS
from asynclab.trace.watching.observer import Observer

# `trace/recording` can't import Observer, so it declares the variable for its base class. All values are observers.
CURRENT = cast("ContextVar[Observer | None]", scope.CURRENT)

_UNSET: Any = object()


def observer() -> Observer | None:
    """The observer of the running code; None for code that isn't observed, or that outlives its lab."""
    tracer = CURRENT.get(_UNSET)
    if tracer is _UNSET:
        tracer = busy_observer()
    return tracer if tracer is not None and tracer.loop is not None else None


def governor(context: Context | None = None) -> Tracer | None:
    """The tracer of the lab that the running code belongs to; None outside labs.

    Such a tracer also controls the code's time, task factory and exception handler. `context` is the context that the
    code passes for a callback. If no lab is set in it, the callback belongs to the running code.
    """
    tracer = _UNSET if context is None else context.get(CURRENT, _UNSET)
    if tracer is _UNSET:
        tracer = CURRENT.get(_UNSET)
        if tracer is _UNSET:
            tracer = busy_observer()
    return tracer if tracer is not None and tracer.governs and tracer.loop is not None else None


def busy_observer() -> Observer | None:
    """The observer whose step or callback runs on this thread."""
    tasks = getattr(_get_running_loop(), TASKS, None)
    if tasks is not None:
        for tracer in tasks.tracers:
            # Like `is_busy`, but without its check of the thread: this runs at each turn, when the loop asks for time.
            if tracer.current is not None or tracer.callback is not None or tracer.in_timer:
                return tracer  # type: ignore[no-any-return]
    return None
