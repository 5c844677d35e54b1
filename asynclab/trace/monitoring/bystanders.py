"""Tells the program's own threads and signal handlers from the ones of its runner, such as pytest."""

from __future__ import annotations

import threading

import msgspec


class Bystanders(msgspec.Struct, frozen=True):
    """Threads and signal handlers of the process that never wake the program's loops."""

    threads: frozenset[int | None] = frozenset()
    """The identifiers of threads."""
    modules: frozenset[str] = frozenset()
    """Modules whose functions are none of the program's."""

    def has_thread(self, thread: threading.Thread) -> bool:
        target = getattr(thread, "function", None) or getattr(thread, "_target", None)  # a Timer has a function
        return thread.ident in self.threads or self.has_handler(target)

    def has_handler(self, handler: object) -> bool:
        """Whether a function is one of theirs."""
        return getattr(handler, "__module__", None) in self.modules


NOBODY = Bystanders()
