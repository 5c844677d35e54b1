"""What Python and asyncio complain about: a coroutine never awaited, an exception never retrieved."""

from __future__ import annotations

import warnings
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from asynclab.model.events import Warned
from asynclab.trace.patches import Patches
from asynclab.trace.reprs import short_error
from asynclab.trace.scope import CURRENT
from asynclab.trace.tracer import Tracer


def observe_warnings(patches: Patches) -> None:
    """Report coroutines of labs that were never awaited, until the patches are undone.

    Each is reported, although Python's filters would show a given line only once.
    """
    patches.wrap(warnings, "_warn_unawaited_coroutine", _around_unawaited)


def _around_unawaited(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def _warn_unawaited_coroutine(coro: Any) -> None:
        tracer = CURRENT.get()
        if tracer is None:
            return original(coro)
        text = f"coroutine '{coro.__qualname__}' was never awaited"
        tracer.emit(Warned(tracer.clock.now(), text, tracer.current_number()))
        return original(coro) if tracer.echo else None

    return _warn_unawaited_coroutine


def exception_handler(
    loop: AbstractEventLoop, original: Callable[[dict[str, Any]], None], tracers: list[Tracer]
) -> Callable[[dict[str, Any]], None]:
    """A loop's call_exception_handler that reports what concerns one of the tracers.

    Args:
        loop: The loop.
        original: What the loop has now: it gets what no lab is the cause of, and everything where a handler was set.
        tracers: The labs on this loop.
    """

    def call_exception_handler(context: dict[str, Any]) -> None:
        tracer = CURRENT.get() or _owner(context, tracers)
        if tracer is None or tracer.loop is not loop:
            return original(context)
        tracer.emit(Warned(tracer.clock.now(), _complaint(context), _task_number(context, tracer)))
        if tracer.echo or loop.get_exception_handler() is not None:
            scope = copy_context()  # the loop calls from outside any lab, but what a handler prints is the lab's
            scope.run(CURRENT.set, tracer)
            scope.run(original, context)
        return None

    return call_exception_handler


def _owner(context: dict[str, Any], tracers: list[Tracer]) -> Tracer | None:
    future = context.get("task") or context.get("future")
    handle_owner = getattr(context.get("handle"), "_tracer", None)
    return next((tracer for tracer in tracers if tracer is handle_owner or id(future) in tracer.records), None)


def _task_number(context: dict[str, Any], tracer: Tracer) -> int | None:
    future: Future[Any] | None = context.get("task") or context.get("future")
    number = tracer.census.number_of(future)
    return tracer.current_number() if number is None else number


def _complaint(context: dict[str, Any]) -> str:
    message = str(context.get("message") or "Unhandled exception in the event loop")
    error = context.get("exception")
    return message if error is None else f"{message}: {short_error(error)}"
