"""One try at a URL: from its slot to the last byte, within its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import aiohttp

import asynclab
from asynclab.fetch.address import redacted, redirected, sent_text
from asynclab.fetch.anchors import Anchors, anchors_of, may_have_anchors
from asynclab.fetch.body import Body
from asynclab.fetch.idle import IdleConnections
from asynclab.fetch.options import Options
from asynclab.fetch.outcomes import (
    failure_of_error,
    failure_of_fragments,
    failure_of_redirect,
    failure_of_size,
    failure_of_status,
)
from asynclab.fetch.rows import Failure, Phases, Row
from asynclab.fetch.saving import BodyFile, file_name
from asynclab.fetch.sending import Sender
from asynclab.fetch.unpacking import PIECE, Unpacker
from asynclab.fetch.watch import WATCH, Watch

MOST_REDIRECTS = 10

LONGEST_HEADER = 1_000
"""Characters of a header's value that are kept."""

REPORT_SECONDS = 0.1
"""How often a download says how far it is."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_KEPT_FOR_HEAD = frozenset({401, 407, 408, 410, 425, 429, 502, 503, 504})
"""Failures that an answer to HEAD is believed; after others the same is asked with GET."""


class Requests:
    """Makes requests with one session, and notes in their rows what happens."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        options: Options,
        clock: Callable[[], float],
        touch: Callable[[Row], None],
        is_kept: Callable[[Row], bool],
    ) -> None:
        """Use a session.

        Args:
            session: It is not closed.
            options: How requests are made.
            clock: Tells the seconds that are noted in rows.
            touch: Called after each change of a row.
            is_kept: Whether a row's whole body is to be kept.
        """
        self._options = options
        self._sender = Sender(session, options)
        self._clock = clock
        self._touch = touch
        self._is_kept = is_kept
        self._connections = IdleConnections()

    async def attempt(self, row: Row) -> Failure | None:
        """Fetch a row's URL once.

        Returns:
            What went wrong; None where nothing did.
        """
        if not row.sent:
            return _unsendable(row)
        self._begin(row)
        watch = Watch(row, self._clock, self._touch)
        WATCH.set(watch)
        self._connections.begin()
        try:
            async with asyncio.timeout(self._options.timeout):
                return await self._ask(row, watch)
        except Exception as error:
            return failure_of_error(error, row, self._options, watch.refused)
        finally:
            self._connections.end(watch.connections)
            row.phases.enter(None, self._clock())
            row.expires_at = None
            self._touch(row)

    def _begin(self, row: Row) -> None:
        now = self._clock()
        row.phases.enter("wait", now)
        row.attempt_at = now
        row.started_at = now if row.started_at is None else row.started_at
        row.expires_at = now + self._options.timeout
        row.epoch = time.time()
        row.attempts += 1
        row.method = "HEAD" if self._options.check else self._options.method
        self._touch(row)

    async def _ask(self, row: Row, watch: Watch) -> Failure | None:
        """Ask with a row's method; where HEAD is not enough, with GET."""
        if row.method == "GET":
            return await self._follow(row, watch)
        try:
            failure = await self._follow(row, watch)
            reason = self._reason_for_get(row, failure)
            if not reason:
                return failure
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientResponseError):
            reason = "HEAD was not answered"
        row.notes += (f"{reason}: asked again with GET",)
        row.method = "GET"
        row.hops = ()
        row.phases.enter("wait", self._clock())
        return await self._follow(row, watch)

    def _reason_for_get(self, row: Row, failure: Failure | None) -> str:
        """Why an answer to HEAD is not enough; empty where it is."""
        if failure is None:
            return "HEAD tells no fragments" if self._wants_anchors(row) else ""
        if failure.status is None or failure.status in _KEPT_FOR_HEAD:
            return ""
        return f"HEAD was answered with {failure.status}"

    async def _follow(self, row: Row, watch: Watch) -> Failure | None:
        """Ask for a row's URL, and for those that the answers redirect to."""
        asked = row.sent
        while True:
            response = await self._sender.send(row.method, asked, row.sent, watch)
            try:
                location = response.headers.get("Location") if response.status in _REDIRECTS else None
                if not location:
                    watch.answered()
                    return await self._take_answer(row, asked, response)
            finally:
                if response.connection is not None:  # an answer that was read to its end has let go of it by itself
                    response.release()
            watch.redirected(asked, response.status)
            if len(row.hops) > MOST_REDIRECTS:
                return Failure("too_many_redirects", f"More than {MOST_REDIRECTS} redirects")
            try:
                asked = redirected(location, asked)
            except ValueError as error:
                return failure_of_redirect(error)

    async def _take_answer(self, row: Row, asked: str, response: aiohttp.ClientResponse) -> Failure | None:
        self._note_answer(row, asked, response)
        failure = failure_of_status(response.status, row.reason, response.headers.get("Retry-After"))
        is_allowed = response.status in self._options.allow
        if is_allowed:
            row.notes += (f"{response.status} is allowed",)
        if self._options.check:
            failure_of_body = None if failure is not None else await self._look_for_anchors(row, response)
        else:
            failure_of_body = await self._receive(row, response, may_save=failure is None)
        return failure_of_body if failure is None or is_allowed else failure

    def _wants_anchors(self, row: Row) -> bool:
        return self._options.check and may_have_anchors(row.content_type) and bool(anchors_of(row.fragments))

    async def _look_for_anchors(self, row: Row, response: aiohttp.ClientResponse) -> Failure | None:
        """Read a page as far as its fragments ask for; nothing of any other body."""
        if row.method == "HEAD" or not self._wants_anchors(row):
            return None
        anchors = Anchors(anchors_of(row.fragments), row.content_type)
        body = Body(row, self._options.max_bytes, keep=self._is_kept(row), also=anchors.take)
        try:
            is_whole = await self._read(row, response, body)
        finally:
            body.describe()
        anchors.close()
        row.looked_for, row.missing = anchors_of(row.fragments), tuple(anchors.missing)
        if anchors.missing and not is_whole:
            return failure_of_size(self._options)
        return failure_of_fragments(row.missing)

    def _note_answer(self, row: Row, asked: str, response: aiohttp.ClientResponse) -> None:
        row.status = response.status
        row.reason = _header_text(response.reason or "")
        row.effective_url = redacted(asked)
        row.http_version = f"{response.version.major}.{response.version.minor}" if response.version else ""
        row.headers = tuple(
            [
                (name, value if value.isascii() and len(value) <= LONGEST_HEADER else _header_text(value))
                for name, value in response.headers.items()
            ]
        )
        row.content_type = _header_text(response.headers.get("Content-Type", ""))
        row.expected = _length_of(response) if row.method != "HEAD" else None
        self._touch(row)

    async def _receive(self, row: Row, response: aiohttp.ClientResponse, *, may_save: bool) -> Failure | None:
        folder = self._options.save_to
        file = BodyFile(folder) if folder is not None and may_save and row.method == "GET" else None
        write = file.write if file is not None else None
        body = Body(row, self._options.max_bytes, keep=self._is_kept(row), also=write)
        try:
            is_whole = await self._read(row, response, body)
            if file is not None and is_whole:
                row.saved = file.keep(file_name(row.effective_url, row.content_type))
        finally:
            body.describe()
            if file is not None and row.saved is None:
                file.discard()
        if not is_whole:
            response.close()
            return failure_of_size(self._options)
        return None

    async def _read(self, row: Row, response: aiohttp.ClientResponse, body: Body) -> bool:
        """Read a body to its end, or as far as there is room; whether it was read to its end."""
        content = response.content
        unpacker = Unpacker(
            ", ".join(response.headers.getall("Content-Encoding", ())), 2 * self._options.max_bytes + PIECE
        )
        report_at = row.phases.since + REPORT_SECONDS
        # What has come at once is read at once: no waiting, and no asking for more once the end is there.
        while not content.at_eof() or content.exception() is not None:
            chunk = await content.readany()
            row.wire = content.total_raw_bytes
            for piece in unpacker.unpack(chunk):
                if not body.take(piece):
                    return False
                if len(piece) >= PIECE:
                    await asyncio.sleep(0)  # a bomb takes long to unpack, and others want to go on
            self._touch(row)
            if self._clock() >= report_at:
                asynclab.progress(row.wire, row.expected, "B")
                report_at = self._clock() + REPORT_SECONDS
        unpacker.finish()
        row.notes += unpacker.notes()
        return True


def reset(row: Row, *, failures: bool) -> None:
    """Forget what the last attempt brought.

    Args:
        row: Which.
        failures: Whether the attempts before, and the time they took, are forgotten as well.
    """
    row.phases = Phases()
    row.outcome = row.status = row.tls = row.expected = row.body = row.saved = row.retry_at = row.ended_at = None
    row.sentence = row.effective_url = row.reason = row.http_version = row.address = ""
    row.content_type = row.charset = row.title = ""
    row.headers = row.looked_for = row.missing = ()
    row.hops, row.notes = (), ()
    row.wire = row.decoded = 0
    row.head = b""
    if failures:
        row.attempts = 0
        row.failures = ()
        row.started_at = row.attempt_at = None


def _unsendable(row: Row) -> Failure:
    try:
        sent_text(row.target)
    except ValueError as error:
        return Failure("invalid", f"The address {error}")
    raise AssertionError("what is sent for a row is worked out when it is made")


def _header_text(text: str) -> str:
    """What is kept of a header: as UTF-8, or where it is none as Latin-1, which it was meant to be of old."""
    text = text[:LONGEST_HEADER]
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text


def _length_of(response: aiohttp.ClientResponse) -> int | None:
    try:
        return response.content_length
    except ValueError:
        return None
