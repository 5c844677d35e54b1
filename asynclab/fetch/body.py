"""Takes the bytes of a body as they come: counts, caps, inspects and saves them, and keeps those of few rows."""

from __future__ import annotations

from collections.abc import Callable

from asynclab.fetch.page import SCANNED, Page
from asynclab.fetch.rows import Row


class Body:
    """The body of one answer."""

    def __init__(self, row: Row, limit: int, *, keep: bool, also: Callable[[bytes], object] | None = None) -> None:
        """Expect a body.

        Args:
            row: Where to note what it is.
            limit: Bytes that are taken at the most.
            keep: Whether the row is to have all of it.
            also: Takes each part, too: a file, or whoever looks for something.
        """
        self._row = row
        self._room = limit
        self._beginning = bytearray()
        self._all: bytearray | None = bytearray() if keep else None
        self._also = also

    def take(self, chunk: bytes) -> bool:
        """Take the next bytes, as far as there is room.

        Returns:
            Whether all of them were taken.

        Raises:
            SavingError: The disk refuses.
        """
        fits = len(chunk) <= self._room
        if not fits:
            chunk = chunk[: self._room]
        self._room -= len(chunk)
        self._row.decoded += len(chunk)
        missing = SCANNED - len(self._beginning)
        if missing > 0:
            self._beginning += chunk[:missing]
        if self._all is not None:
            self._all += chunk
        if self._also is not None:
            self._also(chunk)
        return fits

    def describe(self) -> None:
        """Note in the row what came."""
        self._row.page = Page.of(bytes(self._beginning), self._row.content_type)
        self._row.body = bytes(self._all) if self._all is not None else None
