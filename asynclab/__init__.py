"""asynclab: a terminal laboratory for asyncio.

Observed code may report its progress with `progress` and `track`, which otherwise do nothing.
A program that calls `attachable` can be observed while it runs, with `asynclab attach PID`.

PYTEST_DONT_REWRITE: if pytest is the observed program, it would warn that its plugin was imported already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asynclab.remote.inside.attach_listener import attachable
    from asynclab.trace.progress import progress, track

__all__ = ["__version__", "attachable", "progress", "track"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the tracer only when it is used, because all commands import this module."""
    if name in ("progress", "track"):
        from asynclab.trace import progress

        return getattr(progress, name)
    if name == "attachable":
        from asynclab.remote.inside.attach_listener import attachable

        return attachable
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
