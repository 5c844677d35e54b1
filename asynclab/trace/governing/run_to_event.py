"""Steps a paused lab until something happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from asynclab.model.events import StepTaken

OUTSIDE_SECONDS = 0.02
"""How often it looks, in real seconds, while the next step waits for I/O or a thread."""


async def run_to_event(step: Callable[[], StepTaken], changed: Callable[[], bool]) -> bool:
    """Take steps until `changed`, each in its own turn of the loop, so that all else goes on; False if none is left."""
    while not changed():
        match step():
            case "nothing":
                return False
            case "outside":
                await asyncio.sleep(OUTSIDE_SECONDS)
            case "step" | "jump":
                await asyncio.sleep(0)
    return True
