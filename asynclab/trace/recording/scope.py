"""Tells which lab the running code belongs to."""

from __future__ import annotations

from asyncio import _get_running_loop
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asynclab.trace.recording.recorder import Tracer

CURRENT: ContextVar[Tracer | None] = ContextVar("asynclab_tracer", default=None)
"""The tracer of the lab whose code runs in this context; tasks, callbacks, timers and to_thread inherit it.

None says that this is no lab's code, whoever has called it. A context in which it is not set belongs to whose step is
under way: `Context().run(...)` inside a lab is still the lab's.
"""

TASKS = "_asynclab_tasks"
"""The attribute of an observed loop that holds its `LoopTasks`; the class of such a loop has None."""

_UNSET: Any = object()


def observer() -> Tracer | None:
    """The tracer of the running code's lab; None outside, and in what a lab that is over has left behind."""
    tracer = CURRENT.get(_UNSET)
    if tracer is _UNSET:
        tracer = busy_observer()
    return tracer if tracer is not None and tracer.loop is not None else None


def governor(context: Context | None = None) -> Tracer | None:
    """The same, where it governs its code's time, factories and handlers: a lab's.

    Args:
        context: The one that the running code brings along for a callback, if any. Where that names no lab, the
            callback is the code's own, too.
    """
    tracer = _UNSET if context is None else context.get(CURRENT, _UNSET)
    if tracer is _UNSET:
        tracer = observer()
    return tracer if tracer is not None and tracer.governs and tracer.loop is not None else None


def busy_observer() -> Tracer | None:
    """The tracer whose lab's step or callback is under way on this thread."""
    tasks = getattr(_get_running_loop(), TASKS, None)
    if tasks is not None:
        for tracer in tasks.tracers:
            if tracer.is_busy:
                return tracer  # type: ignore[no-any-return]
    return None


def bare_context(tracer: Tracer) -> Context:
    """A context that belongs to the tracer's lab and has nothing else in it."""
    context = Context()
    context.run(CURRENT.set, tracer)
    return context


def outside_context() -> Context:
    """A context for code of ours that runs for a lab but is none of its code."""
    context = Context()
    context.run(CURRENT.set, None)
    return context
