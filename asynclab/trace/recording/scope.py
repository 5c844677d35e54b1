"""Tells which lab the running code belongs to."""

from __future__ import annotations

from contextvars import Context, ContextVar

from asynclab.trace.recording.recorder import Recorder

CURRENT: ContextVar[Recorder | None] = ContextVar("asynclab_tracer", default=None)
"""The tracer of the lab whose code runs in this context; tasks, callbacks, timers and to_thread inherit it.

None says that this is no lab's code, whoever has called it. A context in which it is not set belongs to whose step is
under way: `Context().run(...)` inside a lab is still the lab's.
"""

TASKS = "_asynclab_tasks"
"""The attribute of an observed loop that holds its `LoopTasks`; the class of such a loop has None."""


def bare_context(tracer: Recorder) -> Context:
    """A context that belongs to the tracer's lab and has nothing else in it."""
    context = Context()
    context.run(CURRENT.set, tracer)
    return context


def outside_context() -> Context:
    """A context for code of ours that runs for a lab but is none of its code."""
    context = Context()
    context.run(CURRENT.set, None)
    return context
