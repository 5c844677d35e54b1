"""Reads the source files that tasks run, and checks whether they have changed since."""

from __future__ import annotations

import linecache
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

CHECK_PERIOD = 1.0
"""The least real seconds between two checks of a file."""


@dataclass(slots=True)
class _Read:
    text: str | None
    stamp: tuple[float, int] | None
    """The file's modification time and size when it was read; None if it isn't a file on disk."""
    checked_at: float
    present: tuple[float, int] | None
    """The file's modification time and size at the latest check."""


class SourceFiles:
    """Reads each file only once, so that its text is the running code, even if the file is edited later."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Make an empty cache. `seconds` returns the time in real seconds."""
        self._seconds = seconds
        self._known: dict[str, _Read] = {}

    def read(self, path: str) -> str | None:
        """The text of a file when it was first read; None if it can't be read.

        Args:
            path: A path, or another name that linecache knows, such as a cell of an interactive session.
        """
        return self._look(path).text

    def has_changed(self, path: str, since: float) -> bool:
        """Whether a file has changed on disk since it was first read, or since `since`, in seconds since 1970."""
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
            return None  # reading from a pipe or a terminal would block
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
