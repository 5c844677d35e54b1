"""Receives answers: stores their headers in their rows, and reads their bodies as far as needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from operator import itemgetter

import aiohttp

import asynclab
from asynclab.fetch.address import redacted
from asynclab.fetch.anchors import Anchors, anchors_of, may_have_anchors
from asynclab.fetch.body_text import SCANNED, Page
from asynclab.fetch.html_head import declared_refresh, refresh_target
from asynclab.fetch.ledger import Ledger
from asynclab.fetch.options import Options
from asynclab.fetch.outcomes import failure_of_fragments, failure_of_size, failure_of_status
from asynclab.fetch.rows import Failure, Row, header_text
from asynclab.fetch.saving import BodyFile, file_name
from asynclab.fetch.unpacking import PIECE, Unpacker
from asynclab.model.text import one_line


def note_refresh(row: Row, refresh: str, where: str) -> None:
    """Add a note that a browser would load another URL, which is not fetched."""
    if target := refresh_target(refresh):
        row.notes += (f"a browser would go on to {one_line(redacted(target))} ({where})",)


class Body:
    """Collects the body of one answer."""

    __slots__ = ("_also", "_is_kept", "_parts", "_room", "_row")

    def __init__(self, row: Row, limit: int, *, keep: bool, also: Callable[[bytes], object] | None = None) -> None:
        """Expect a body of at most `limit` bytes, and describe it in `row`; with `keep`, the row gets the whole body.

        `also` is called with each part, for example to write it to a file or to search it.
        """
        self._row = row
        self._room = limit
        self._is_kept = keep
        self._parts: list[bytes] = []
        """The whole body if it is kept, or else at least its first `SCANNED` bytes."""
        self._also = also

    def take(self, chunk: bytes) -> bool:
        """Add the next bytes, as many as the limit allows. Returns whether all were within the limit."""
        fits = len(chunk) <= self._room
        if not fits:
            chunk = chunk[: self._room]
        self._room -= len(chunk)
        if self._is_kept or self._row.decoded < SCANNED:
            self._parts.append(chunk)
        self._row.decoded += len(chunk)
        if self._also is not None:
            self._also(chunk)
        return fits

    def describe(self) -> None:
        """Store in the row what was received."""
        body = b"".join(self._parts)
        beginning = body[:SCANNED]
        self._row.page = Page.of(beginning, self._row.content_type)
        if "html" in self._row.content_type.lower() and (refresh := declared_refresh(beginning)):
            note_refresh(self._row, refresh, "meta refresh")
        if self._is_kept:
            self._row.body = body


REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses whose Location header is followed."""

LONGEST_HEADER = 1_000
"""The most bytes that are kept of a header's value."""

_VALUE = itemgetter(1)

REPORT_SECONDS = 0.1
"""Seconds between two progress reports of a download."""


class Receiver:
    """Receives answers and stores them in their rows."""

    def __init__(self, options: Options, ledger: Ledger) -> None:
        """Expect answers to the rows of a ledger."""
        self._options = options
        self._ledger = ledger

    async def take(self, row: Row, asked: str, response: aiohttp.ClientResponse) -> Failure | None:
        """Store an answer, and receive as much of its body as needed. Returns the failure that it means, if any."""
        self._note(row, asked, response)
        is_error = response.status >= 400
        if not self._options.check:
            failure = await self._receive(row, response, may_save=not is_error and row.method == "GET")
        elif is_error or row.method == "HEAD" or not self.wants_anchors(row):
            failure = None
        else:
            failure = await self._look_for_anchors(row, response)
        if is_error and response.status not in self._options.allow:
            return failure_of_status(response.status, row.reason, response.headers.get("Retry-After"))
        return failure

    def wants_anchors(self, row: Row) -> bool:
        """Whether to search the page for the URL's fragments."""
        return self._options.check and may_have_anchors(row.content_type) and bool(_anchors_for(row))

    async def _look_for_anchors(self, row: Row, response: aiohttp.ClientResponse) -> Failure | None:
        """Read a page until its fragments are found."""
        row.looked_for = _anchors_for(row)
        anchors = Anchors(row.looked_for, row.content_type)
        is_whole = await self._read(row, response, anchors.take)
        anchors.close()
        row.missing = tuple(anchors.missing)
        if anchors.missing and not is_whole:
            return failure_of_size(self._options)
        return failure_of_fragments(row.missing)

    def _note(self, row: Row, asked: str, response: aiohttp.ClientResponse) -> None:
        row.status = response.status
        row.reason = _header_text(response.reason or "")[:LONGEST_HEADER]
        row.effective_url = redacted(asked)
        row.http_version = "1.1" if response.version == aiohttp.HttpVersion11 else "1.0"
        row.raw_headers = _kept_headers(response.raw_headers)
        row.content_type = _header_text(response.headers.get("Content-Type", ""))[:LONGEST_HEADER]
        row.expected = _length_of(response) if row.method != "HEAD" else None
        if response.status != 200 or "Refresh" in response.headers:
            self._remark(row, response)

    def _remark(self, row: Row, response: aiohttp.ClientResponse) -> None:
        """Add notes on unusual properties of an answer."""
        if response.status in REDIRECTS:
            row.notes += ("a redirect without a Location",)
        if response.status == 206:
            part = _header_text(response.headers.get("Content-Range", "of unknown place"))
            row.notes += (f"the server sent a part of the body: {one_line(part, 80)}",)
        if response.status in self._options.allow:
            row.notes += (f"{response.status} is allowed",)
        note_refresh(row, _header_text(response.headers.get("Refresh", "")), "Refresh header")

    async def _receive(self, row: Row, response: aiohttp.ClientResponse, *, may_save: bool) -> Failure | None:
        if self._options.save_to is None or not may_save:
            is_whole = await self._read(row, response)
        else:
            with BodyFile(self._options.save_to) as file:
                is_whole = await self._read(row, response, file.write)
                if is_whole:
                    row.saved = file.keep(file_name(row.effective_url, row.content_type))
        if is_whole:
            return None
        response.close()
        return failure_of_size(self._options)

    async def _read(
        self, row: Row, response: aiohttp.ClientResponse, also: Callable[[bytes], object] | None = None
    ) -> bool:
        """Read a body to its end, or to the limit; return whether the end was reached."""
        body = Body(row, self._options.max_bytes, keep=row.number in self._ledger.kept, also=also)
        content = response.content
        codings = _codings_of(response)
        unpacker = Unpacker(codings, 2 * self._options.max_bytes + PIECE) if codings else None
        report_at = row.phases.since + REPORT_SECONDS
        try:
            # All bytes that arrived together are read together; after the end no further read is needed.
            while not content.at_eof() or content.exception() is not None:
                chunk = await content.readany()
                row.wire = content.total_raw_bytes
                for piece in unpacker.unpack(chunk) if unpacker is not None else (chunk,):
                    if not body.take(piece):
                        return False
                    if len(piece) >= PIECE:
                        await asyncio.sleep(0)  # unpacking a zip bomb takes long, and other tasks must run
                if not content.at_eof() and (now := self._ledger.now()) >= report_at:  # the row's end has the last one
                    asynclab.progress(row.wire, row.expected, "B")
                    report_at = now + REPORT_SECONDS
        finally:
            body.describe()
        if unpacker is not None:
            unpacker.finish()
            row.notes += unpacker.notes()
        return True


def _anchors_for(row: Row) -> tuple[str, ...]:
    """The anchors that a browser would look for: a redirect's fragment replaces the link's."""
    redirected_to = [hop.fragment for hop in row.hops if hop.fragment]
    return anchors_of(redirected_to[-1:] or row.fragments)


def _codings_of(response: aiohttp.ClientResponse) -> str:
    """The names of the codings with which a body is packed; empty if it isn't."""
    headers = response.headers
    if "Content-Encoding" not in headers and "Transfer-Encoding" not in headers:
        return ""
    # We don't ask for packed transfers, but some servers send them.
    codings = ", ".join([*headers.getall("Content-Encoding", ()), *headers.getall("Transfer-Encoding", ())])
    return codings if codings != "chunked" else ""


def _kept_headers(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers, each value cut to `LONGEST_HEADER` if they are long."""
    if sum(map(len, map(_VALUE, headers))) <= LONGEST_HEADER:
        return headers  # true of nearly all answers
    return tuple([(name, value[:LONGEST_HEADER]) for name, value in headers])


def _header_text(text: str) -> str:
    """The text of a header; aiohttp decodes bytes that aren't UTF-8 to surrogates."""
    return text if text.isascii() else header_text(text.encode("utf-8", "surrogateescape"))


def _length_of(response: aiohttp.ClientResponse) -> int | None:
    try:
        return response.content_length
    except ValueError:
        return None
