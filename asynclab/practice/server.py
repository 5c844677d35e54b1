"""A web server on the loopback interface, so that demos and tests need no network."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import ClassVar, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from asynclab.practice.pages import PAGES
from asynclab.practice.routes import FAILURES, PACE, routes

HOST = "127.0.0.1"
GRACE = 0.5
"""Real seconds that a connection may take to close after its request was cancelled."""

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # otherwise aiohttp would log to the terminal on which the app draws


class PracticeServer:
    """Serves small pages on 127.0.0.1, on a port that the system chooses.

    `async with PracticeServer() as server:` starts and closes it. It runs on the loop that starts it. While it isn't
    running it has no URLs: `url` raises a RuntimeError.
    """

    ROUTES: ClassVar[tuple[web.RouteTableDef, ...]] = (routes,)

    def __init__(self, *, pace: float = 1.0) -> None:
        """Create a server that isn't running yet; all delays are multiplied by `pace`, so 0 means to answer at once."""
        self._pace = pace
        self._changing = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self.in_flight: set[asyncio.Task[object]] = set()

    @property
    def running(self) -> bool:
        """Whether the server answers."""
        return self._runner is not None

    @property
    def pages(self) -> tuple[str, ...]:
        """The URLs of the pages with titles."""
        return tuple(self.url(f"/pages/{page.name}") for page in PAGES)

    def url(self, path: str = "/") -> str:
        """The URL of a path.

        Raises:
            RuntimeError: The server isn't running.
        """
        if self._runner is None:
            raise RuntimeError("the practice server is not running")
        return f"http://{HOST}:{self._port}{path}"

    async def start(self) -> None:
        """Start answering; does nothing if the server is running.

        Raises:
            OSError: It can't listen on a port.
        """
        async with self._changing:
            if self._runner is None:
                self._runner = await self._listen()

    async def close(self) -> None:
        """Cancel all requests and stop answering. The server can be started again."""
        async with self._changing:
            if self._runner is not None:
                runner, self._runner = self._runner, None
                await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *why: object) -> None:
        await self.close()

    async def _listen(self) -> web.AppRunner:
        app = web.Application(middlewares=[self._note_request])
        app[PACE] = self._pace
        app[FAILURES] = Counter()
        for served in self.ROUTES:
            app.add_routes(served)
        app.on_shutdown.append(self._cancel_requests)
        runner = web.AppRunner(app, access_log=None, logger=_log, shutdown_timeout=GRACE)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        self._port = runner.addresses[0][1]
        return runner

    @web.middleware
    async def _note_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self.in_flight.add(task)
        try:
            return await handler(request)
        finally:
            self.in_flight.discard(task)

    async def _cancel_requests(self, _: web.Application) -> None:
        """Cancel all requests: aiohttp would wait for slow responses before it closes."""
        for request in self.in_flight:
            request.cancel()
