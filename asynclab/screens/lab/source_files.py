"""The text of files that tasks run, and whether a file has been changed since it was read."""

from __future__ import annotations

import linecache
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

CHECK_PERIOD = 1.0
"""A file is looked at once in so many real seconds, however often somebody asks."""


@dataclass(slots=True)
class _Read:
    text: str | None
    stamp: tuple[float, int] | None
    """When it was changed last and its size, as it was read; None for what is no file on disk."""
    checked_at: float
    present: tuple[float, int] | None
    """The same as it was checked last."""


class SourceFiles:
    """Reads each file once, so that its text is the one that runs even where somebody edits it meanwhile."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing read.

        Args:
            seconds: A clock of real seconds.
        """
        self._seconds = seconds
        self._known: dict[str, _Read] = {}

    def read(self, path: str) -> str | None:
        """The text of a file, as it was when it was first asked for; None where it can't be read.

        Args:
            path: A path, or whatever else linecache knows the lines of, such as a cell of an interactive session.
        """
        return self._look(path).text

    def has_changed(self, path: str, since: float) -> bool:
        """Whether a file has been changed on disk since it was first asked for, or else since a run began.

        Args:
            path: The file's.
            since: Seconds since 1970 from which on a change counts, even if it was read later.
        """
        known = self._look(path)
        if known.text is None:
            return False
        now = self._seconds()
        if now - known.checked_at >= CHECK_PERIOD:
            known.checked_at, known.present = now, _stamp(path)
        return known.present != known.stamp or (known.present is not None and known.present[0] > since)

    def _look(self, path: str) -> _Read:
        known = self._known.get(path)
        if known is None:
            stamp = _stamp(path)
            known = self._known[path] = _Read(_text(path), stamp, self._seconds(), stamp)
        return known


def _text(path: str) -> str | None:
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            return None  # to read from a pipe or a terminal would wait
        linecache.checkcache(path)
        return "".join(linecache.getlines(path)) or None
    except ValueError:  # a null byte in the path
        return None


def _stamp(path: str) -> tuple[float, int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime, status.st_size
