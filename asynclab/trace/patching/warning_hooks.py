"""What Python and asyncio complain about: a coroutine never awaited, an exception never retrieved."""

from __future__ import annotations

import warnings
from asyncio import Future
from collections.abc import Callable
from typing import Any

from asynclab.model.events import Warned
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.recorder import Tracer
from asynclab.trace.recording.scope import observer
from asynclab.trace.recording.values import short_error


def observe_warnings(patches: Patches) -> None:
    """Report coroutines of labs that were never awaited, until the patches are undone.

    Each is reported, although Python's filters would show a given line only once.
    """
    patches.wrap(warnings, "_warn_unawaited_coroutine", _around_unawaited)


def _around_unawaited(original: Callable[[Any], None]) -> Callable[[Any], None]:
    shows = warnings._showwarnmsg_impl  # type: ignore[attr-defined]

    def _warn_unawaited_coroutine(coro: Any) -> None:
        tracer = observer()
        if tracer is None:
            return original(coro)
        text = f"coroutine '{coro.__qualname__}' was never awaited"
        tracer.emit(Warned(tracer.clock.now(), text, tracer.current_number()))
        is_caught = warnings._showwarnmsg_impl is not shows  # type: ignore[attr-defined] # by catch_warnings
        return original(coro) if tracer.echo or is_caught else None

    return _warn_unawaited_coroutine


def owner_of(context: dict[str, Any], tracers: list[Tracer]) -> Tracer | None:
    """The tracer that a complaint of the loop's concerns, whoever runs when it comes."""
    future = context.get("task") or context.get("future")
    handle_owner = getattr(context.get("handle"), "_tracer", None)
    return next(
        (tracer for tracer in tracers if tracer is handle_owner or tracer.census.number_of(future) is not None), None
    )


def task_number(context: dict[str, Any], tracer: Tracer) -> int | None:
    """The number of the task that a complaint concerns."""
    future: Future[Any] | None = context.get("task") or context.get("future")
    number = tracer.census.number_of(future)
    return tracer.current_number() if number is None else number


def complaint(context: dict[str, Any]) -> str:
    """What the loop complains about, in one line."""
    message = str(context.get("message") or "Unhandled exception in the event loop")
    error = context.get("exception")
    return message if error is None else f"{message}: {short_error(error)}"
