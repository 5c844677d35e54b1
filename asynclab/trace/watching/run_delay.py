"""Tells how long threads were kept from running by whatever else the machine runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

ReadDelay: TypeAlias = Callable[[int], float]
"""Tells for how many real seconds a thread, by its identifier, has waited for a processor since it was started."""

_NANOSECOND = 1e-9


def run_delay(thread: int) -> float:
    """For how many real seconds a thread, and the calling one, have waited for a processor; 0 where that isn't known.

    The calling one counts, as it may have held Python's lock meanwhile. Only Linux tells.
    """
    numbers = [_native_id(thread), threading.get_native_id()]
    return sum(_delay_of(number) for number in numbers if number is not None)


def _native_id(thread: int) -> int | None:
    known = threading._active.get(thread)  # type: ignore[attr-defined]  # enumerate() would take a lock
    return None if known is None else known.native_id


def _delay_of(native_id: int) -> float:
    with suppress(OSError, ValueError, IndexError), open(f"/proc/self/task/{native_id}/schedstat", "rb") as file:
        return int(file.read().split()[1]) * _NANOSECOND
    return 0.0
