"""Numbers tasks, queues and synchronization primitives for the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import count


class Numbering:
    """Counts each kind of object from 1.

    Each lab has its own numbering, so its first task is always 1. The loops of an observed process share one, so a
    number means the same task or queue in the events of all loops.
    """

    def __init__(self) -> None:
        # All of this is written in C, so loops on different threads never get the same number.
        self.tasks = count(1)
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(partial(count, 1))

    def next(self, kind: str) -> int:
        """The next number of a kind other than tasks, such as "queue"."""
        return next(self._numbers[kind])
