"""Takes the bytes of a body as they arrive: counts, limits, inspects and saves them, and keeps them for some rows."""

from __future__ import annotations

from collections.abc import Callable

from asynclab.fetch.address import redacted
from asynclab.fetch.html_head import declared_refresh, refresh_target
from asynclab.fetch.page import SCANNED, Page
from asynclab.fetch.rows import Row
from asynclab.model.text import one_line


def note_refresh(row: Row, refresh: str, where: str) -> None:
    """Note that a browser would go on to another URL, which is not fetched."""
    if target := refresh_target(refresh):
        row.notes += (f"a browser would go on to {one_line(redacted(target))} ({where})",)


class Body:
    """The body of one answer."""

    __slots__ = ("_all", "_also", "_beginning", "_missing", "_room", "_row")

    def __init__(self, row: Row, limit: int, *, keep: bool, also: Callable[[bytes], object] | None = None) -> None:
        """Expect a body of at most `limit` bytes, to be described in a row, which gets the whole body if `keep`.

        `also` gets each part as well, such as a file or a search.
        """
        self._row = row
        self._room = limit
        self._beginning: list[bytes] = []
        self._missing = SCANNED
        self._all: list[bytes] | None = [] if keep else None
        self._also = also

    def take(self, chunk: bytes) -> bool:
        """Take the next bytes, as far as there is room. Returns whether all of them fitted."""
        fits = len(chunk) <= self._room
        if not fits:
            chunk = chunk[: self._room]
        size = len(chunk)
        self._room -= size
        self._row.decoded += size
        if self._missing > 0:
            self._beginning.append(chunk[: self._missing])
            self._missing -= size
        if self._all is not None:
            self._all.append(chunk)
        if self._also is not None:
            self._also(chunk)
        return fits

    def describe(self) -> None:
        """Note in the row what came."""
        beginning = b"".join(self._beginning)
        self._row.page = Page.of(beginning, self._row.content_type)
        if "html" in self._row.content_type.lower() and (refresh := declared_refresh(beginning)):
            note_refresh(self._row, refresh, "meta refresh")
        if self._all is not None:
            self._row.body = b"".join(self._all)
