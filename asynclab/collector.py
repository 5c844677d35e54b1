"""Makes Python's garbage collection rare while the app paints."""

from __future__ import annotations

import gc

RARELY = (2_000, 20, 20)
"""The thresholds for `gc.set_threshold`.

A full collection visits all objects: with ten thousand pending tasks, it blocks the loop for 100 to 200 ms. Painting
creates so many objects that the default of Python 3.11, (700, 10, 10), causes one every few seconds.
"""

FEW = 5_000
"""If fewer objects than this are frozen, other code has not called `gc.freeze`. Python 3.12 itself freezes some."""


class RareCollections:
    """Makes collections rarer between `start` and `stop`. Objects that exist at the start are frozen: never visited."""

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None
        self._has_frozen = False

    def start(self) -> None:
        """Start, and freeze the present objects, unless other code has frozen some."""
        self._before = gc.get_threshold()
        self._has_frozen = gc.get_freeze_count() < FEW  # because gc.unfreeze would unfreeze all objects
        if self._has_frozen:
            gc.freeze()
        gc.set_threshold(*RARELY)

    def stop(self) -> None:
        """Restore everything."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            if self._has_frozen:
                gc.unfreeze()
            self._before = None
