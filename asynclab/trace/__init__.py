"""The tracer: observes asyncio's tasks and event loops, and can pause them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asynclab.model.events import StepTaken
    from asynclab.trace.governing.run_lifecycle import Ending
    from asynclab.trace.lab import Lab

__all__ = ["Ending", "Lab", "StepTaken"]

_HOMES = {
    "Ending": "asynclab.trace.governing.run_lifecycle",
    "Lab": "asynclab.trace.lab",
    "StepTaken": "asynclab.model.events",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use. An observed program needs none of them, and so starts faster."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
