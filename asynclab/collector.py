"""Makes Python collect garbage rarely while something is painted."""

from __future__ import annotations

import gc

RARELY = (2_000, 20, 20)
"""Allocations before a young collection, and how many of each generation before the next older one.

A full collection walks over every object: with ten thousand tasks alive it stops the loop for 100 to 200 ms. Painting
allocates so much that Python 3.11's own (700, 10, 10) asks for one every few seconds.
"""

FEW = 5_000
"""Fewer exempt objects mean that nobody has exempted what there is: Python 3.12 does so with its immortal ones."""


class RareCollections:
    """Makes collections rarer between `start` and `stop`; objects that exist at the start are exempt."""

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None
        self._has_frozen = False

    def start(self) -> None:
        """Begin, and exempt the objects that exist now, unless somebody has exempted objects already."""
        self._before = gc.get_threshold()
        self._has_frozen = gc.get_freeze_count() < FEW  # to thaw only our own objects is not possible
        if self._has_frozen:
            gc.freeze()
        gc.set_threshold(*RARELY)

    def stop(self) -> None:
        """Put everything back."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            if self._has_frozen:
                gc.unfreeze()
            self._before = None
