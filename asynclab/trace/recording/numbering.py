"""Numbers tasks, queues and primitives."""

from __future__ import annotations

from collections import Counter


class Numbering:
    """Gives numbers from 1 on, of each kind of thing.

    A lab has one of its own, so that its first task is 1 each time. The loops of an observed process share one: there,
    a number means the same task or queue whichever loop tells of it.
    """

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def next(self, kind: str) -> int:
        """The next number of a kind, such as "task" or "queue"."""
        self._given[kind] += 1
        return self._given[kind]
