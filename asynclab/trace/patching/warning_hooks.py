"""Reports coroutines that were never awaited, by a hook in Python's warning about them."""

from __future__ import annotations

import sys
import warnings
from asyncio import _get_running_loop
from types import CodeType
from typing import Any

from asynclab.model.events import CoroutineDropped, Warned
from asynclab.trace import cpython
from asynclab.trace.governing.owners import observer
from asynclab.trace.patching.extended_functions import extended
from asynclab.trace.patching.patches import Patches
from asynclab.trace.patching.printed import SILENCED
from asynclab.trace.recording.code_ownership import place_from
from asynclab.trace.recording.scope import TASKS
from asynclab.trace.watching.observer import Observer


def observe_warnings(patches: Patches) -> None:
    """Report coroutines that were never awaited, until the patches are undone.

    Each is reported, although Python's default filter shows only one warning per line. The program's own filters and
    handlers work as usual.
    """
    reporting = extended(getattr(warnings, cpython.WARN_UNAWAITED), _CoroutineWarning)
    if reporting is not None:  # a wrapper would be the place of the warning
        patches.set(warnings, cpython.WARN_UNAWAITED, reporting)


class _CoroutineWarning:
    """Runs around the warning about a coroutine: reports it, and keeps Python's text off the screen of a lab's app."""

    def __init__(self, coroutine: Any) -> None:
        self._silences = False
        within = observer()
        tracer = within or _sole_observer()
        if tracer is None or "warnings" in tracer.failures:
            return
        self._silences = not tracer.echo and _is_shown_as_ever()
        with tracer.guard("warnings"):
            text = f"coroutine '{coroutine.__qualname__}' was never awaited"
            now, task = tracer.clock.now(), tracer.current_number()
            tracer.emit(Warned(now, text, task))
            file, line = ("", 0) if within is None else place_from(sys._getframe(2), tracer.registry.boundary)
            if not line:  # asyncio itself has dropped it
                file, line = _definition(coroutine)
            tracer.emit(CoroutineDropped(now, coroutine.__qualname__, file, line, task))

    def __enter__(self) -> bool:
        if self._silences:
            SILENCED.stderr = True
        return True

    def __exit__(self, *_: object) -> None:
        if self._silences:
            SILENCED.stderr = False


def _sole_observer() -> Observer | None:
    """The observer of this thread's loop, if it is the only one: coroutines may be destroyed between two callbacks."""
    sole: Observer | None = getattr(getattr(_get_running_loop(), TASKS, None), "sole", None)
    return sole if sole is not None and sole.loop is not None else None


def _definition(coroutine: Any) -> tuple[str, int]:
    """The file and line of a coroutine's function; ("", 0) if unknown."""
    code = getattr(coroutine, "cr_code", None)
    return (code.co_filename, code.co_firstlineno) if isinstance(code, CodeType) else ("", 0)


def _is_shown_as_ever() -> bool:
    """Whether Python itself writes warnings to stderr, and nobody has replaced its functions for that."""
    shows, formats = cpython.own_warning_functions()
    return warnings.showwarning is shows and warnings.formatwarning is formats
