"""The context variable that says which lab the running code belongs to."""

from __future__ import annotations

from contextvars import Context, ContextVar

from asynclab.trace.recording.recorder import Recorder

CURRENT: ContextVar[Recorder | None] = ContextVar("asynclab_tracer", default=None)
"""The tracer of the lab that this context belongs to; tasks, callbacks, timers and to_thread inherit it.

None means that the code belongs to no lab, whoever has called it. If the variable isn't set, the code belongs to the
lab whose step runs now: code in `Context().run(...)` inside a lab is still the lab's.
"""

TASKS = "_asynclab_tasks"
"""The name of the attribute of an observed loop that holds its `LoopTasks`; its class has the default None."""


def bare_context(tracer: Recorder) -> Context:
    """An empty context, except that it belongs to the tracer's lab."""
    context = Context()
    context.run(CURRENT.set, tracer)
    return context


def outside_context() -> Context:
    """An empty context outside all labs, for our own code that works for a lab."""
    context = Context()
    context.run(CURRENT.set, None)
    return context
