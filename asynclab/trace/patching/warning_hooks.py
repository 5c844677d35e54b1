"""Hears what Python and asyncio complain about: a coroutine never awaited, an exception never retrieved."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import warnings
from asyncio import Future
from collections.abc import Iterable
from types import CodeType, FunctionType
from typing import Any, TypeVar

from asynclab.model.events import CoroutineDropped, Warned
from asynclab.trace import cpython
from asynclab.trace.governing.owners import observer
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.printed import SILENCED
from asynclab.trace.recording.code_ownership import place_from
from asynclab.trace.recording.values import short_error
from asynclab.trace.watching.observer import Observer

Watching = TypeVar("Watching", bound=Observer)


_ATTEMPTS = 5
"""How often the function is compiled before that is given up. Python 3.11 loses count of how deep it is, and raises
SystemError, where the garbage collector runs a destructor while it makes the nodes of a tree."""


def observe_warnings(patches: Patches) -> None:
    """Report coroutines of labs that were never awaited, until the patches are undone.

    Each is reported, although Python's filters would show a given line only once. The program's own filters and
    handlers are obeyed as ever.
    """
    reporting = _reporting(getattr(warnings, cpython.WARN_UNAWAITED))
    if reporting is not None:
        patches.set(warnings, cpython.WARN_UNAWAITED, reporting)


def _reporting(original: Any) -> Any:
    """The function that warns of a coroutine, with a `with` of ours around its last statement, which warns.

    It is compiled anew instead of wrapped: a frame of ours would be taken for the place of the warning, by filters as
    well, and would show in the traceback of a warning that is turned into an error.

    Returns:
        The new function; None where the original's source is not to be had, or not as we know it.
    """
    code = _with_complaint(original)
    if code is None:
        return None
    return FunctionType(code, {**original.__globals__, "_asynclab_complaint": _Complaint}, original.__name__)


@functools.cache
def _with_complaint(original: FunctionType) -> CodeType | None:
    for _ in range(_ATTEMPTS):
        try:
            tree = ast.parse(inspect.getsource(original))
            function = tree.body[0]
            assert isinstance(function, ast.FunctionDef)
            warns = function.body[-1]
            complaint = ast.Call(ast.Name("_asynclab_complaint", ast.Load()), [ast.Name("coro", ast.Load())], [])
            function.body[-1] = ast.copy_location(ast.With([ast.withitem(complaint)], [warns]), warns)
            ast.increment_lineno(ast.fix_missing_locations(tree), original.__code__.co_firstlineno - 1)
            namespace: dict[str, Any] = {}
            exec(compile(tree, original.__code__.co_filename, "exec"), namespace)
        except SystemError:
            continue
        except (OSError, SyntaxError):
            return None
        code: CodeType = namespace[original.__name__].__code__
        return code
    return None


class _Complaint:
    """Tells a warning of a coroutine that was never awaited, and keeps it off a screen that is not the program's."""

    def __init__(self, coroutine: Any) -> None:
        self._silences = False
        tracer = observer()
        if tracer is None or "warnings" in tracer.failures:
            return
        self._silences = not tracer.echo and _is_shown_as_ever()
        try:
            text = f"coroutine '{coroutine.__qualname__}' was never awaited"
            now, task = tracer.clock.now(), tracer.current_number()
            tracer.emit(Warned(now, text, task))
            file, line = place_from(sys._getframe(2), tracer.registry.boundary)
            tracer.emit(CoroutineDropped(now, coroutine.__qualname__, file, line, task))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            tracer.failed("warnings", error)

    def __enter__(self) -> None:
        if self._silences:
            SILENCED.stderr = True

    def __exit__(self, *_: object) -> None:
        if self._silences:
            SILENCED.stderr = False


def _is_shown_as_ever() -> bool:
    """Whether Python itself writes warnings to stderr, and nobody has put something of his own in between."""
    shows, formats = cpython.own_warning_functions()
    return warnings.showwarning is shows and warnings.formatwarning is formats


def owner_of(context: dict[str, Any], tracers: Iterable[Watching]) -> Watching | None:
    """The tracer that a complaint of the loop's concerns, whoever runs when it comes."""
    future = context.get("task") or context.get("future")
    handle_owner = getattr(context.get("handle"), "_tracer", None)
    return next(
        (tracer for tracer in tracers if tracer is handle_owner or tracer.registry.number_of(future) is not None), None
    )


def task_number(context: dict[str, Any], tracer: Observer) -> int | None:
    """The number of the task that a complaint concerns."""
    future: Future[Any] | None = context.get("task") or context.get("future")
    number = tracer.registry.number_of(future)
    return tracer.current_number() if number is None else number


def complaint(context: dict[str, Any]) -> str:
    """What the loop complains about, in one line."""
    message = str(context.get("message") or "Unhandled exception in the event loop")
    error = context.get("exception")
    return message if error is None else f"{message}: {short_error(error)}"
