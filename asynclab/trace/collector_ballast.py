"""Keeps our own objects from starting a garbage collection while a loop is being created.

Python starts a collection when the number of objects made, minus those destroyed, passes a limit. The objects that
asynclab makes for each new loop count as well. So it destroys the same number of spare objects.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CellType

_AMOUNT = 4_000
"""How many spare objects are made: the first loop needs about 700 objects of ours, each further loop about 80."""


class CollectorBallast:
    """Spare objects, destroyed in exchange for the objects that asynclab makes for a loop.

    A collection at that moment would move the loop to an older generation than its socket, which is made later. Up to
    Python 3.12 a loop that nobody closes would then be finalized after its socket, and print a complaint that it
    doesn't print without asynclab.
    """

    def __init__(self) -> None:
        self._objects = [CellType() for _ in range(_AMOUNT)]  # CPython has no free list for cells: each is really freed

    @contextmanager
    def thrown_out(self) -> Iterator[None]:
        """Prevent collections in the block, and then destroy as many spare objects as the block made."""
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
