"""Keeps our own objects from starting a garbage collection while a loop is being made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CellType

_AMOUNT = 4_000
"""How many objects are kept, to be dropped later: a first loop needs some 700 of ours, each further one 80."""


class CollectorBallast:
    """Objects that are dropped as others are made: Python collects when so many more were made than destroyed.

    A collection would find the loop made, and its socket not yet. Up to Python 3.12 a loop that nobody closes would
    then be finalized after its socket, and complain of that where it says nothing in plain Python.
    """

    def __init__(self) -> None:
        self._objects = [CellType() for _ in range(_AMOUNT)]  # of a type that keeps none of those that it frees

    @contextmanager
    def thrown_out(self) -> Iterator[None]:
        """Prevent any collection inside the block, and leave the next one as far away as it was before."""
        was_enabled, before = gc.isenabled(), gc.get_count()[0]
        gc.disable()
        try:
            yield
        finally:
            grown = gc.get_count()[0] - before
            if grown > 0:
                del self._objects[-grown:]
            if was_enabled:
                gc.enable()
