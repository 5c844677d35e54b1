"""Separates the program's own threads and signal handlers from those of its runner, such as pytest."""

from __future__ import annotations

import threading

import msgspec


class Bystanders(msgspec.Struct, frozen=True):
    """The threads and signal handlers of the process that never wake the program's loops."""

    threads: frozenset[int | None] = frozenset()
    """The identifiers of such threads."""
    modules: frozenset[str] = frozenset()
    """Modules whose functions don't belong to the program, when they run in a thread or handle a signal."""

    def has_thread(self, thread: threading.Thread) -> bool:
        """Whether a thread is one of `threads`, or runs a function of one of `modules`."""
        target = getattr(thread, "function", None) or getattr(thread, "_target", None)  # a Timer has a function
        return thread.ident in self.threads or self.has_handler(target)

    def has_handler(self, handler: object) -> bool:
        """Whether a function belongs to one of `modules`."""
        return getattr(handler, "__module__", None) in self.modules


NOBODY = Bystanders()
