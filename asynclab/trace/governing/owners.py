"""Tells to which lab the running code belongs, if any: code is observed and governed by the tracer of its lab."""

from __future__ import annotations

from asyncio import _get_running_loop
from contextvars import Context, ContextVar
from typing import Any, cast

from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.recording import scope
from asynclab.trace.recording.scope import TASKS
from asynclab.trace.watching.observer import Observer

# All that is ever set there is an observer; the recording room, where it lies, knows only what an observer records.
CURRENT = cast("ContextVar[Observer | None]", scope.CURRENT)

_UNSET: Any = object()


def observer() -> Observer | None:
    """The tracer of the running code's lab; None outside of labs, and for code that outlives its lab."""
    tracer = CURRENT.get(_UNSET)
    if tracer is _UNSET:
        tracer = busy_observer()
    return tracer if tracer is not None and tracer.loop is not None else None


def governor(context: Context | None = None) -> Tracer | None:
    """The same, where it governs its code's time, factories and handlers: a lab's.

    `context` is what the running code brings along for a callback. Where that names no lab, the callback is the code's.
    """
    tracer = _UNSET if context is None else context.get(CURRENT, _UNSET)
    if tracer is _UNSET:
        tracer = CURRENT.get(_UNSET)
        if tracer is _UNSET:
            tracer = busy_observer()
    return tracer if tracer is not None and tracer.governs and tracer.loop is not None else None


def busy_observer() -> Observer | None:
    """The tracer whose lab's step or callback is under way on this thread."""
    tasks = getattr(_get_running_loop(), TASKS, None)
    if tasks is not None:
        for tracer in tasks.tracers:
            # This is its loop's thread. Written out, as the loop asks for the time at each turn.
            if tracer.current is not None or tracer.callback is not None or tracer.in_timer:
                return tracer  # type: ignore[no-any-return]
    return None
