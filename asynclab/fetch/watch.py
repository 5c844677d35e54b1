"""Watches a request below the surface: name lookup, connection, TLS, redirects, the address that answers."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import aiohttp
from aiohttp.connector import Connection

from asynclab.fetch.address import is_address, is_private, redacted
from asynclab.fetch.rows import Hop, Row, TlsFacts

_AddressInfo: TypeAlias = "tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]"


SHARED_LOOKUP = 0.001
"""Seconds before a connection is begun, from which on it was held up by the lookup of another request."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class PrivateAddressError(OSError):
    """An address was refused because it is not of the public internet."""


class Watch:
    """Notes in a row what happens to the request of the task that is running."""

    def __init__(self, row: Row, clock: Callable[[], float], touch: Callable[[Row], None]) -> None:
        self.row = row
        self.refused = ""
        """An address that was not connected to because it is private."""
        self.connections: list[asyncio.BaseTransport] = []
        """What the request went over; several, where it was redirected."""
        self._clock = clock
        self._touch = touch
        self._asked_at = clock()
        self._host = row.host.rpartition(":")[0]
        """Whom it is asked of at present."""

    def looks_up(self) -> None:
        """A connection is made, and that begins with looking up the name."""
        self.row.phases.rename("dns")
        self._touch(self.row)

    def connects(self) -> None:
        """A connection to an address is begun."""
        phases = self.row.phases
        if phases.current == "tcp":
            return  # to another address of the same name
        if phases.current == "wait" and (is_address(self._host) or self._clock() - phases.since < SHARED_LOOKUP):
            phases.rename("tcp")
        else:
            phases.rename("dns")  # its own lookup, or one that another request had begun
            phases.enter("tcp", self._clock())
        self._touch(self.row)

    def encrypts(self) -> None:
        """The connection is there, and a TLS handshake begins."""
        self.row.phases.enter("tls", self._clock())
        self._touch(self.row)

    def asks(self, connection: Connection) -> None:
        """The request goes over this connection."""
        if self.row.phases.current != "wait":
            self.row.phases.enter("wait", self._clock())
        transport = connection.transport
        if transport is not None:
            self.connections.append(transport)
            peer = transport.get_extra_info("peername")
            self._note_address(str(peer[0]) if isinstance(peer, tuple) else "")
            encryption = transport.get_extra_info("ssl_object")
            self.row.tls = tls_facts(encryption) if encryption is not None else None
        self._touch(self.row)

    def answered(self, response: aiohttp.ClientResponse) -> None:
        """The headers are there."""
        now = self._clock()
        if response.status in _REDIRECTS and "Location" in response.headers:
            hop = Hop(redacted(str(response.url)), response.status, self.row.address, now - self._asked_at)
            self.row.hops += (hop,)
            self._asked_at = now
            self._host = _host_of(response.headers["Location"]) or self._host
            self.row.phases.enter("wait", now)
            self._touch(self.row)
        else:
            self.row.phases.enter("download", now)

    def _note_address(self, address: str) -> None:
        before = self.row.hops[-1].address if self.row.hops else ""
        if before and is_private(address) and not is_private(before):
            self.row.notes += (f"redirected from the public internet to the private address {address}",)
        self.row.address = address


WATCH: ContextVar[Watch | None] = ContextVar("asynclab_fetch_watch", default=None)
"""Who watches the request that the running task makes."""


class WatchedResponse(aiohttp.ClientResponse):
    """Tells who answers, and when the headers are there; small answers have let go of their connection by then."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the headers."""
        watch = WATCH.get()
        if watch is not None:
            watch.asks(connection)
        response = await super().start(connection)
        if watch is not None:
            watch.answered(self)
        return response


class WatchedContext(ssl.SSLContext):
    """Tells when a TLS handshake begins, of which the session does not tell."""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a handshake."""
        watch = WATCH.get()
        if watch is not None:
            watch.encrypts()
        return super().wrap_bio(*args, **kwargs)


def tls_context() -> ssl.SSLContext:
    """A context that verifies, as `ssl.create_default_context` makes it, and that is watched."""
    context = WatchedContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])
    context.load_default_certs()
    return context


def watched_socket(info: _AddressInfo) -> socket.socket:
    """A socket for an address."""
    family, kind, protocol, _, _ = info
    watch = WATCH.get()
    if watch is not None:
        watch.connects()
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def public_socket(info: _AddressInfo) -> socket.socket:
    """A socket for an address of the public internet.

    Raises:
        PrivateAddressError: The address is not one.
    """
    address = str(info[4][0])
    if is_private(address):
        watch = WATCH.get()
        if watch is not None:
            watch.refused = address
        raise PrivateAddressError(errno.EACCES, "not an address of the public internet")
    return watched_socket(info)


def tls_facts(encryption: ssl.SSLObject) -> TlsFacts:
    """What is to be known of an encrypted connection."""
    certificate = encryption.getpeercert() or {}
    expires = certificate.get("notAfter")
    cipher = encryption.cipher()
    return TlsFacts(
        encryption.version() or "",
        cipher[0] if cipher else "",
        _name_of(certificate.get("issuer", ())),
        ssl.cert_time_to_seconds(expires) if isinstance(expires, str) else None,
    )


def _host_of(location: str) -> str:
    try:
        return urlsplit(location).hostname or ""
    except ValueError:
        return ""


def _name_of(names: Any) -> str:
    known: Mapping[str, str] = dict(pair for group in names for pair in group)
    return known.get("organizationName") or known.get("commonName") or ""
