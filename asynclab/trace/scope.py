"""Which lab the running code belongs to."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asynclab.trace.tracer import Tracer

CURRENT: ContextVar[Tracer | None] = ContextVar("asynclab_tracer", default=None)
"""The tracer of the lab whose code runs in this context; tasks, callbacks, timers and to_thread inherit it."""
