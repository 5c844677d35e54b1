"""asynclab: a terminal laboratory for asyncio.

Code that is watched may say how far it is, with `progress` and `track`; outside a lab they do nothing.
A program that calls `attachable` can be looked at while it runs, with `asynclab attach PID`.

PYTEST_DONT_REWRITE: pytest, where it is the observed program, would warn that its plugin has been imported already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asynclab.remote.inside.attach_listener import attachable
    from asynclab.trace.progress import progress, track

__all__ = ["__version__", "attachable", "progress", "track"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the tracer only for those who use it: every command starts here."""
    if name in ("progress", "track"):
        from asynclab.trace import progress

        return getattr(progress, name)
    if name == "attachable":
        from asynclab.remote.inside.attach_listener import attachable

        return attachable
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
