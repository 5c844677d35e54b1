"""Makes the HTTP session that all requests share, with its connections, its name lookups and its default headers."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ClassVar

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver, ResolveResult

from asynclab import __version__
from asynclab.fetch.answers import LONGEST_FIELD, MOST_FIELDS, Answers
from asynclab.fetch.idle_connections import Connections
from asynclab.fetch.options import Options
from asynclab.fetch.request_trace import WATCH, public_socket, watched_socket
from asynclab.fetch.unpacking import ACCEPTED

USER_AGENT = f"asynclab/{__version__}"

READ_BUFFER = 2**16
"""Bytes of a body that are buffered; a connection stops reading at twice as many."""

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def open_session(options: Options, connections: Connections) -> aiohttp.ClientSession:
    """A session to be used and closed by the current task; its connections are added to `connections`.

    The session has no limits and timeouts: they would include the time that a request waits for its slot. It doesn't
    follow redirects, use proxies or unpack bodies: see `asynclab.fetch.attempt`.
    """
    connect_timeout = min(options.connect_timeout, options.timeout)
    connector = aiohttp.TCPConnector(
        limit=0,
        force_close=most_requests(options) < options.concurrency,  # an idle connection would use up a file
        resolver=ThreadResolver(),
        socket_factory=public_socket if options.block_private else watched_socket,
    )
    # aiohttp has no public name for the factory of a connection's protocol.
    connector._factory = partial(Answers, asyncio.get_running_loop(), connections)  # type: ignore[assignment]
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        request_class=HttpRequest,
        auto_decompress=False,
        read_bufsize=READ_BUFFER,
        max_line_size=LONGEST_FIELD,
        max_field_size=LONGEST_FIELD,
        max_headers=MOST_FIELDS,
        # Above this threshold, aiohttp rounds a timeout up to a full second, and the row's sentence would be wrong.
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, ceil_threshold=connect_timeout),
    )


class HttpRequest(aiohttp.ClientRequest):
    """A request with our default headers. If the session had them, each request would copy them."""

    DEFAULT_HEADERS: ClassVar[dict[Any, str]] = {  # type: ignore[misc]  # aiohttp's own is a class attribute, too
        hdrs.ACCEPT: "*/*",
        hdrs.ACCEPT_ENCODING: ACCEPTED,
        hdrs.USER_AGENT: USER_AGENT,
    }


class ThreadResolver(AbstractResolver):
    """Looks up names in threads of its own.

    The loop's own thread pool is small and shared with all other code on the loop. Lookups without an answer would
    delay other lookups, and the end of the loop, which waits for the pool.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = LookupThreads()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name, or raise an OSError if there are none."""
        watch = WATCH.get()
        if watch is not None:
            watch.looks_up()
        found = await self._loop.run_in_executor(self._threads, look_up, host, port, family)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=protocol, flags=_NUMERIC)
            for family, protocol, address in found
        ]

    async def close(self) -> None:
        """Close nothing, since nothing is kept open."""


class LookupThreads(Executor):
    """Runs each call in a thread of its own, which doesn't keep the interpreter from exiting."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start a call in a new thread."""
        future: Future[Any] = Future()
        threading.Thread(target=_run, args=(future, call, args, kwargs), name="name lookup", daemon=True).start()
        return future


def _run(future: Future[Any], call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call(*args, **kwargs))
    except BaseException as error:
        future.set_exception(error)


def look_up(host: str, port: int, family: int) -> list[tuple[socket.AddressFamily, int, str]]:
    """Ask the system for the addresses of a host, each with its family and protocol."""
    flags = socket.AI_ADDRCONFIG if host != "localhost" else 0
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=flags)
    return [(kind, protocol, _with_scope(address)) for kind, _, protocol, _, address in found if len(address) >= 2]


def _with_scope(address: tuple[Any, ...]) -> str:
    """The IP address, with the network interface that a link-local one needs."""
    if len(address) == 4 and address[3]:
        return str(socket.getnameinfo(address, _NUMERIC)[0])
    return str(address[0])


RESERVE = 12
"""File descriptors that are reserved for name lookups and for the app."""


def most_requests(options: Options) -> int:
    """How many requests at once the system's limit of open files allows; first raises this limit as far as possible."""
    # While one address of a server is being connected to, a second one is tried after a moment.
    files_each = 2 if options.save_to is None else 3
    taken = len(os.listdir("/dev/fd")) + RESERVE
    needed = taken + options.concurrency * files_each
    limit, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < needed:
        limit = needed if highest == resource.RLIM_INFINITY else min(needed, highest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, highest))
    granted = options.concurrency if limit == resource.RLIM_INFINITY else (limit - taken) // files_each
    return max(1, min(options.concurrency, granted))
