"""Which lab the running code belongs to."""

from __future__ import annotations

from contextlib import suppress
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asynclab.trace.recording.recorder import Tracer

CURRENT: ContextVar[Tracer | None] = ContextVar("asynclab_tracer", default=None)
"""The tracer of the lab whose code runs in this context; tasks, callbacks, timers and to_thread inherit it."""


def observer() -> Tracer | None:
    """The tracer of the running code's lab; None outside, and in what a lab that is over has left behind."""
    tracer = CURRENT.get()
    return tracer if tracer is not None and tracer.loop is not None else None


def bare_context(tracer: Tracer) -> Context:
    """A context that belongs to the tracer's lab and has nothing else in it."""
    context = Context()
    context.run(CURRENT.set, tracer)
    return context


def adopt(context: Context, tracer: Tracer) -> None:
    """Let what runs in a context that code in a lab brings along belong to the lab, as its creator does."""
    if context.get(CURRENT) is None:
        with suppress(RuntimeError):  # somebody runs in it now
            context.run(CURRENT.set, tracer)
