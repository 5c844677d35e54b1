"""Traces a request's inner steps: name lookup, connection, TLS handshake, redirects, the IP address that answers."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

from yarl import URL

from asynclab.fetch.address import is_address, redacted
from asynclab.fetch.public_internet import is_private
from asynclab.fetch.rows import Hop, Row, TlsFacts, header_text

_AddressInfo: TypeAlias = "tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]"


SHARED_LOOKUP = 0.001
"""Seconds. A request that waits longer for its connection waits for the name lookup of another request."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The server or proxy at the other end of a connection."""

    address: str = ""
    tls: TlsFacts | None = None


class PrivateAddressError(OSError):
    """An address was refused because it isn't of the public internet."""


class RequestWatch:
    """Records in a row what happens to the current task's request."""

    __slots__ = ("_asked_at", "_now", "_url", "has_proxy", "is_reused", "refused", "row")

    def __init__(self, row: Row, clock: Callable[[], float], now: float) -> None:
        self.row = row
        self.refused = ""
        """An address that was refused because it is private."""
        self.has_proxy = False
        """Whether the request goes through the user's proxy, whose address may be private."""
        self.is_reused = False
        """Whether the request's connection had an answer before."""
        self._now = clock
        self._asked_at = now
        self._url: URL | None = None

    def begins(self, url: URL, *, has_proxy: bool) -> None:
        """Note that a request begins, perhaps through a proxy."""
        self._url = url
        self.has_proxy = has_proxy
        self.is_reused = False

    def looks_up(self) -> None:
        """Note that a new connection begins with a name lookup."""
        self.row.phases.rename("dns")

    def connects(self) -> None:
        """Note that a connection to an address begins."""
        phases = self.row.phases
        if phases.current == "tcp":
            return  # it tries another address of the same name
        host = self._url.host if self._url is not None else None
        if phases.current == "wait" and (is_address(host or "") or self._now() - phases.since < SHARED_LOOKUP):
            phases.rename("tcp")
        else:
            phases.rename("dns")  # its own lookup, or one that another request began
            phases.enter("tcp", self._now())

    def encrypts(self) -> None:
        """Note that the connection is open, and a TLS handshake begins."""
        self.row.phases.enter("tls", self._now())

    def asks(self, peer: Peer, *, is_reused: bool) -> None:
        """Note that the request is sent over a connection to this peer, which may have had an answer before."""
        row, self.is_reused = self.row, is_reused
        if row.phases.current != "wait":
            row.phases.enter("wait", self._now())
        before = row.hops[-1].address if row.hops else ""
        if before and is_private(peer.address) and not is_private(before):
            row.notes += (f"redirected from the public internet to the private address {peer.address}",)
        row.address, row.tls = peer.address, peer.tls

    def answered(self) -> None:
        """Note that the headers have arrived."""
        self.row.phases.enter("download", self._now())

    def redirected(self, asked: str, status: int, location: str) -> None:
        """Note that the server redirects to another URL."""
        fragment = header_text(location.encode("utf-8", "surrogateescape")).partition("#")[2].strip()
        now = self._now()
        self.row.hops += (Hop(redacted(asked), status, self.row.address, now - self._asked_at, fragment),)
        self._asked_at = now
        self.row.phases.enter("wait", now)


WATCH: ContextVar[RequestWatch | None] = ContextVar("asynclab_fetch_watch", default=None)
"""The trace of the current task's request."""


class WatchedContext(ssl.SSLContext):
    """Reports the begin of each TLS handshake, which aiohttp's own tracing doesn't."""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a handshake."""
        watch = WATCH.get()
        if watch is not None:
            watch.encrypts()
        return super().wrap_bio(*args, **kwargs)


def tls_context() -> ssl.SSLContext:
    """A context that verifies as browsers and curl do, the same on each Python version, and reports handshakes.

    `ssl.create_default_context` is stricter since 3.13: VERIFY_X509_STRICT rejects certificates that many companies
    sign themselves.
    """
    context = WatchedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    context.load_default_certs()
    return context


def watched_socket(info: _AddressInfo) -> socket.socket:
    """A new socket for an address; its connection is noted in the request's trace."""
    family, kind, protocol, _, _ = info
    watch = WATCH.get()
    if watch is not None:
        watch.connects()
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def public_socket(info: _AddressInfo) -> socket.socket:
    """The same for an address of the public internet; raises a PrivateAddressError for any other."""
    watch = WATCH.get()
    if watch is None or not watch.has_proxy:
        refuse_private(str(info[4][0]))
    return watched_socket(info)


def refuse_private(address: str) -> None:
    """Raise a PrivateAddressError if an IP address is private."""
    if is_private(address):
        watch = WATCH.get()
        if watch is not None:
            watch.refused = address
        raise PrivateAddressError(errno.EACCES, "not an address of the public internet")


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """The other end of a connection."""
    name = transport.get_extra_info("peername")
    encryption = transport.get_extra_info("ssl_object")
    return Peer(
        str(name[0]) if isinstance(name, tuple) else "", tls_facts(encryption) if encryption is not None else None
    )


def tls_facts(encryption: ssl.SSLObject) -> TlsFacts:
    """The version, cipher and certificate of an encrypted connection."""
    certificate = encryption.getpeercert() or {}
    expires = certificate.get("notAfter")
    cipher = encryption.cipher()
    return TlsFacts(
        encryption.version() or "",
        cipher[0] if cipher else "",
        _name_of(certificate.get("issuer", ())),
        ssl.cert_time_to_seconds(expires) if isinstance(expires, str) else None,
    )


def _name_of(names: Any) -> str:
    known: Mapping[str, str] = dict(pair for group in names for pair in group)
    return known.get("organizationName") or known.get("commonName") or ""
