"""What is kept in memory."""

from __future__ import annotations

import gc


def alive(kind: type) -> int:
    """How many objects of a class are alive, of the whole process."""
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())
