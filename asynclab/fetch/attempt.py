"""Makes one attempt at a URL: from its slot to the last byte of the answer, within the timeout."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from asynclab.fetch.address import redirected, sent_text
from asynclab.fetch.idle_connections import Connections
from asynclab.fetch.ledger import Ledger
from asynclab.fetch.options import Options
from asynclab.fetch.outcomes import failure_of_error, failure_of_redirect, failure_of_status
from asynclab.fetch.receiving import REDIRECTS, Receiver
from asynclab.fetch.request_trace import WATCH, RequestWatch
from asynclab.fetch.rows import Failure, Row
from asynclab.fetch.sending import RequestSender

MOST_REDIRECTS = 10

_KEPT_FOR_HEAD = frozenset({401, 407, 408, 410, 425, 429, 502, 503, 504})
"""Statuses that count when they answer HEAD. After other failures the URL is requested with GET."""


class Requests:
    """Makes requests with one session, and stores their progress in the rows."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        connections: Connections,
        options: Options,
        ledger: Ledger,
    ) -> None:
        """Use a session and its connections for the rows of a ledger; the session isn't closed."""
        self._options = options
        self._sender = RequestSender(session, options)
        self._ledger = ledger
        self._receiver = Receiver(options, ledger)
        self._connections = connections

    async def attempt(self, row: Row) -> Failure | None:
        """Fetch a row's URL once. Returns the failure, if any."""
        if not row.sent:
            return _unsendable(row)
        now = self._ledger.now()
        self._begin(row, now)
        watch = RequestWatch(row, self._ledger.now, now)
        WATCH.set(watch)
        self._connections.begin()
        try:
            async with asyncio.timeout(self._options.timeout):
                return await (self._follow(row, watch) if row.method == "GET" else self._try_head(row, watch))
        except Exception as error:
            return failure_of_error(error, row, self._options, watch.refused)
        finally:
            self._connections.end()
            row.phases.enter(None, self._ledger.now())
            row.expires_at = None

    def _begin(self, row: Row, now: float) -> None:
        row.phases.enter("wait", now)
        row.attempt_at = now
        row.started_at = now if row.started_at is None else row.started_at
        row.expires_at = now + self._options.timeout
        row.epoch = time.time()
        row.attempts += 1
        row.method = "HEAD" if self._options.check else self._options.method

    async def _try_head(self, row: Row, watch: RequestWatch) -> Failure | None:
        """Request with HEAD; if that isn't enough, with GET."""
        try:
            failure = await self._follow(row, watch)
            reason = self._reason_for_get(row, failure)
            if not reason:
                return failure
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            reason = "HEAD was not answered"
        except aiohttp.ClientResponseError:
            reason = "the answer to HEAD was invalid"
        row.notes += (f"{reason}: asked again with GET",)
        row.method = "GET"
        row.hops = ()
        row.phases.enter("wait", self._ledger.now())
        return await self._follow(row, watch)

    def _reason_for_get(self, row: Row, failure: Failure | None) -> str:
        """Why an answer to HEAD isn't enough; empty if it is."""
        if failure is None:
            return "HEAD tells no fragments" if self._receiver.wants_anchors(row) else ""
        if failure.status is None or failure.status in _KEPT_FOR_HEAD:
            return ""
        return f"HEAD was answered with {failure.status}"

    async def _follow(self, row: Row, watch: RequestWatch) -> Failure | None:
        """Request a row's URL, and each URL that the answers redirect to."""
        asked = row.sent
        while True:
            response = await self._sender.send(row.method, asked, row.sent, watch)
            try:
                location = response.headers.get("Location") if response.status in REDIRECTS else None
                if response.status < 200:
                    return failure_of_status(response.status, response.reason or "", None)
                if not location:
                    watch.answered()
                    return await self._receiver.take(row, asked, response)
            finally:
                if response.connection is not None:  # it is None once the answer was read to its end
                    response.release()
            watch.redirected(asked, response.status, location)
            if len(row.hops) > MOST_REDIRECTS:
                return Failure("too_many_redirects", f"More than {MOST_REDIRECTS} redirects")
            try:
                asked = redirected(location, asked)
            except ValueError as error:
                return failure_of_redirect(error)


def _unsendable(row: Row) -> Failure:
    try:
        sent_text(row.target)
    except ValueError as error:
        return Failure("invalid", f"The address {error}")
    raise AssertionError("what is sent for a row is worked out when it is made")
