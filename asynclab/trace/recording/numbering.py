"""Numbers tasks, queues and primitives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import count


class Numbering:
    """Gives numbers from 1 on, of each kind of thing.

    A lab has one of its own, so that its first task is 1 each time. The loops of an observed process share one: there,
    a number means the same task or queue whichever loop tells of it.
    """

    def __init__(self) -> None:
        # All of it is written in C, so that the loops of several threads never get the same number.
        self.tasks = count(1)
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(partial(count, 1))

    def next(self, kind: str) -> int:
        """The next number of a kind other than tasks, such as "queue"."""
        return next(self._numbers[kind])
