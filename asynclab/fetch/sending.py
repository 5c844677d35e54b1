"""Sends requests, directly or through a proxy, each with the headers for its server."""

from __future__ import annotations

import asyncio
import socket
import ssl

import aiohttp
from yarl import URL

from asynclab.fetch.address import host_key, is_address, origin, request_url
from asynclab.fetch.http_session import ThreadResolver
from asynclab.fetch.options import Options
from asynclab.fetch.proxies import Environment
from asynclab.fetch.redaction import is_secret
from asynclab.fetch.request_trace import RequestWatch, refuse_private, tls_context

MOST_STALE = 5
"""The most tries over kept connections, which the server may have closed; aiohttp makes each twice (RFC 9112 9.3.1)."""

NOT_CHECKED = "the proxy alone can look up this name: whether its address is public was not checked"


class RequestSender:
    """Sends the requests of one session."""

    def __init__(self, session: aiohttp.ClientSession, options: Options) -> None:
        """Use a session, which isn't closed."""
        self._session = session
        self._options = options
        self._environment = Environment() if options.proxy_from_environment else None
        self._has_headers = bool(options.headers) or self._environment is not None
        self._resolver = ThreadResolver()
        self._context: asyncio.Future[ssl.SSLContext] | None = None

    async def send(self, method: str, asked: str, first: str, watch: RequestWatch) -> aiohttp.ClientResponse:
        """Make one request, and wait for the headers of its answer.

        `asked` was made by `sent_text`; `first` is the URL that redirected to it, or the same URL.

        Raises:
            PrivateAddressError: The URL's address is private, and the options forbid that.
            ProxyError: The proxy can't be used.
            aiohttp.ClientError: There is no answer, or it can't be read.
        """
        url = request_url(asked)
        # A password needs a header, and so does the zone of an IPv6 address.
        headers = self._headers_for(url, asked, first) if self._has_headers or "@" in asked or "[" in asked else None
        proxy = self._environment.proxy_for(url) if self._environment is not None else None
        watch.begins(url, has_proxy=proxy is not None)
        if proxy is not None and self._options.block_private:
            await self._refuse_private(url.host or "", watch)
        tls = await self._tls() if url.scheme == "https" else True
        for tries_left in reversed(range(MOST_STALE)):
            try:
                return await self._session.request(
                    method,
                    url.with_user(None) if url.raw_user is not None else url,
                    headers=headers,
                    allow_redirects=False,
                    proxy=proxy,
                    ssl=tls,
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if isinstance(error, aiohttp.ClientConnectorError) or not watch.is_reused or not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            # Made on demand and in a thread: reading the trusted certificates would block everything else.
            self._context = asyncio.get_running_loop().run_in_executor(None, tls_context)
        return await asyncio.shield(self._context)

    def _headers_for(self, url: URL, asked: str, first: str) -> list[tuple[str, str]]:
        is_first = asked == first or origin(asked) == origin(first)
        headers = [(name, value) for name, value in self._options.headers if is_first or not _is_for_one_server(name)]
        names = {name.lower() for name, _ in headers}
        if "authorization" not in names and (password := self._password_for(url)):
            headers.append(("Authorization", password))
        if "%" in (url.raw_host or "") and "host" not in names:
            headers.append(("Host", _without_zone(host_key(asked))))
        return headers

    def _password_for(self, url: URL) -> str | None:
        """The Authorization header for a URL with a password, or with an entry in ~/.netrc."""
        if "@" in url.raw_authority:
            return aiohttp.encode_basic_auth(url.user or "", url.password or "")
        return self._environment.authorization_for(url) if self._environment is not None else None

    async def _refuse_private(self, host: str, watch: RequestWatch) -> None:
        """Refuse a host that a proxy would connect to, if its address can be looked up here and is private."""
        if is_address(host):
            refuse_private(host)
            return
        try:
            async with asyncio.timeout(self._options.connect_timeout):
                found = await self._resolver.resolve(host, 0, socket.AF_UNSPEC)
        except OSError:
            if NOT_CHECKED not in watch.row.notes:
                watch.row.notes += (NOT_CHECKED,)
            return
        for entry in found:
            refuse_private(entry["host"])


def _is_for_one_server(name: str) -> bool:
    """Whether a header must not be sent to another server after a redirect."""
    return name.lower() == "host" or is_secret(name)


def _without_zone(host: str) -> str:
    """Name and port as servers expect them: an IPv6 zone has a meaning only on this machine."""
    address, bracket, port = host.partition("]")
    return address.partition("%")[0] + bracket + port
