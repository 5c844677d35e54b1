"""Attributes a call in a thread pool to the lab whose code handed it in.

The pool gets the function itself, and not a stand-in: pools of the program's own look at it, and so does debug mode.
Each call in a ThreadPoolExecutor is an object of its own, made where the call is handed in, and run by a thread.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.governing.owners import governor
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.scope import CURRENT

_TRACER = "_asynclab_tracer"
"""The attribute of a call that says whose it is."""


def observe_pool_calls(patches: Patches) -> None:
    """Let the calls in thread pools belong to the labs that make them, until the patches are undone."""
    patches.wrap(cpython.WorkItem, "__init__", _around_init)
    patches.wrap(cpython.WorkItem, "run", _around_run)


def _around_init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        tracer = governor()
        if tracer is not None:
            setattr(self, _TRACER, tracer)

    return init


def _around_run(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def run(self: Any, *args: Any) -> None:
        tracer = vars(self).pop(_TRACER, None)
        if tracer is None or tracer.loop is None:
            return original(self, *args)
        # In the thread's own context, which outlives the call: it keeps what the function sets there.
        token = CURRENT.set(tracer)
        try:
            return original(self, *args)
        finally:
            CURRENT.reset(token)

    return run
