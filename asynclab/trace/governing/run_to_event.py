"""Steps a paused lab until something happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from asynclab.model.events import StepTaken

OUTSIDE_SECONDS = 0.02
"""How often it looks, in real seconds, while the next step waits for I/O or a thread."""


async def run_to_event(step: Callable[[], StepTaken], changed: Callable[[], bool]) -> bool:
    """Take one step after the other, each in a turn of the loop of its own, so that whatever else runs there goes on.

    Args:
        step: Takes a step, and tells which.
        changed: Whether what was waited for has happened.

    Returns:
        Whether it has; False where no step is left to take.
    """
    while not changed():
        match step():
            case "nothing":
                return False
            case "outside":
                await asyncio.sleep(OUTSIDE_SECONDS)
            case "step" | "jump":
                await asyncio.sleep(0)
    return True
