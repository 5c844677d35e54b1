"""Attributes each call in a thread pool to the lab whose code submitted it.

The submitted function isn't wrapped: a program's own pool class may inspect it, and so does debug mode. Instead, the
work item is marked: ThreadPoolExecutor makes one for each call in `submit()`, and a thread runs it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.governing.owners import governor
from asynclab.trace.patching.extended_functions import around_body
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.scope import CURRENT

_TRACER = "_asynclab_tracer"
"""The attribute of a work item with the tracer of its lab."""


def observe_pool_calls(patches: Patches) -> None:
    """Attribute calls in thread pools to labs, until the patches are undone."""
    patches.wrap(cpython.WorkItem, "__init__", _around_init)
    patches.wrap(cpython.WorkItem, "run", lambda run: around_body(run, _PoolCall))


def _around_init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        tracer = governor()
        if tracer is not None:
            setattr(self, _TRACER, tracer)

    return init


class _PoolCall:
    """Runs around a call on the pool's thread: sets the lab in the thread's own context.

    The call doesn't get a new context: without asynclab, context variables that it sets stay set on the thread.
    """

    def __init__(self, call: Any, *_: object) -> None:
        tracer = vars(call).pop(_TRACER, None)
        self._tracer = None if tracer is None or tracer.loop is None else tracer

    def __enter__(self) -> bool:
        if self._tracer is not None:
            self._token = CURRENT.set(self._tracer)
        return True

    def __exit__(self, *_: object) -> None:
        if self._tracer is not None:
            CURRENT.reset(self._token)
