"""Tells how long threads were kept from running by whatever else the machine runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

ReadDelay: TypeAlias = Callable[[int], tuple[float, float]]
"""Tells for how many real seconds a thread, by its identifier, has waited for a processor, and has run on one."""

_NANOSECOND = 1e-9
_LONGEST = 100
"""Bytes: more than the three numbers there can have."""


def run_delay(thread: int) -> tuple[float, float]:
    """For how many real seconds a thread has waited for a processor, and has run; 0 where that isn't known.

    The calling thread's waits count, too, as it may have held Python's lock meanwhile. Only Linux tells.
    """
    ran, waited = _times_of(_native_id(thread))
    return waited + _times_of(threading.get_native_id())[1], ran


def _native_id(thread: int) -> int | None:
    known = threading._active.get(thread)  # type: ignore[attr-defined]  # enumerate() would take a lock
    return None if known is None else known.native_id


def _times_of(native_id: int | None) -> tuple[float, float]:
    # Each system call gives Python's lock away, which a busy loop gives back 5 ms later: open() makes twice as many.
    with suppress(OSError, ValueError):
        file = os.open(f"/proc/self/task/{native_id}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            ran, waited, *_ = map(int, os.read(file, _LONGEST).split())
        finally:
            os.close(file)
        return ran * _NANOSECOND, waited * _NANOSECOND
    return 0.0, 0.0
