"""Reads answers as curl does: headers have generous limits, and bytes after an answer are ignored."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import set_exception
from aiohttp.http_exceptions import BadHttpMessage

from asynclab.fetch.idle_connections import Connections
from asynclab.fetch.request_trace import WATCH, Peer, peer_of

MOST_OVERHEAD = 300 * 1024
"""The most bytes of headers, of trailers, or between two parts of a body; as in curl."""

LONGEST_FIELD = 100 * 1024
"""The most bytes of one header; as in curl."""

MOST_FIELDS = 5_000
"""The most headers of one answer; as in curl."""

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"\r\nContent-Length: ?(\d{1,9})\r\n", re.IGNORECASE)


class Answers(ResponseHandler):
    """Receives the answers on one connection, and keeps its peer.

    aiohttp's parser raises an error for bytes after an answer, such as a body after a 204, and then drops the answers
    that it found in the same bytes. So this class passes it the headers first, and the body in another call.
    """

    peer = Peer()
    _awaits_head = False
    _may_have_body = False
    _was_used = False
    _overhead = 0
    _end = b""
    """The last bytes of the unfinished headers; the end of the headers may begin in them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connections: Connections) -> None:
        """Make the protocol of a connection, which is in `connections` while it is open."""
        super().__init__(loop)
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the peer of the new connection; a TLS handshake has ended by now."""
        super().connection_made(transport)
        self.peer = peer_of(transport)
        if self.transport is not None:
            self._connections.open.add(self.transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Drop the closed connection; a body of unknown length isn't complete if an error ended it."""
        if exc is not None:
            self._break_body(exc)
        if self.transport is not None:
            self._connections.open.discard(self.transport)
        super().connection_lost(exc)

    def set_response_params(self, **params: Any) -> None:
        """Expect an answer to the request that the current task is about to send."""
        self._awaits_head, self._overhead, self._end = True, 0, b""
        self._may_have_body = not params.get("skip_payload")
        if (watch := WATCH.get()) is not None:
            watch.asks(self.peer, is_reused=self._was_used)
        self._was_used = True
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Pass bytes to the parser; `data` is empty if aiohttp resumes with bytes that it held back."""
        if self._awaits_head and self._is_whole(data):
            self._awaits_head = False
            super().data_received(data)
            return
        while self._awaits_head and data:
            data = self._take_head(data)
            if self._exception is not None or not data:
                return
        payload = self._payload
        before = payload.total_bytes if payload is not None else 0
        super().data_received(data)
        if self._exception is not None:
            self._break_body(self._exception)
        elif payload is not None and payload.total_bytes != before:
            self._overhead = 0
        elif data:
            self._count(len(data))

    def _is_whole(self, data: bytes) -> bool:
        """Whether this is exactly one complete answer, as is usual: then all of it can be parsed at once."""
        if not self._may_have_body or not data.startswith(b"HTTP/1.1 200 "):
            return False
        end = data.find(b"\r\n\r\n", 0, MOST_OVERHEAD) + 4
        length = _LENGTH.search(data, 0, end)
        return length is not None and len(data) - end == int(length[1])

    def _take_head(self, data: bytes) -> bytes:
        """Pass the bytes of the headers to the parser, and return the other bytes."""
        end = _END_OF_HEAD.search(self._end + data)
        size = len(data) if end is None else end.end() - len(self._end)
        super().data_received(data[:size])
        self._end = (self._end + data)[-2:] if end is None else b""
        if end is not None and self._buffer and self._buffer[-1][0][0].code >= 200:
            self._awaits_head = False
            self._overhead = 0
        else:
            self._count(size)
        return data[size:]

    def _count(self, size: int) -> None:
        """Count bytes that don't belong to a body, and disconnect if there are too many."""
        self._overhead += size
        if self._overhead > MOST_OVERHEAD and self._exception is None:
            error = BadHttpMessage(f"headers of more than {MOST_OVERHEAD:,} bytes")
            self.set_exception(error)
            self._break_body(error)
            if self.transport is not None:
                self.transport.close()

    def _break_body(self, error: BaseException) -> None:
        """Pass an error to the reader of the body: aiohttp doesn't if the error comes after the headers."""
        if self._payload is not None and not self._payload.is_eof() and self._payload.exception() is None:
            set_exception(self._payload, aiohttp.ClientPayloadError("the rest can't be read"), error)
