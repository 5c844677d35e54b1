"""Which pages a demo fetches where the user named none: the practice server's own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from asynclab.curriculum.demo_parameters import Value, fill_urls, wants_pages

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo
    from asynclab.practice.server import PracticeServer


class Pages:
    """A practice server that is started when the first demo needs it."""

    def __init__(self) -> None:
        self._server: PracticeServer | None = None
        self._starting = asyncio.Lock()

    async def fill(self, demo: Demo, values: Mapping[str, Value]) -> dict[str, Value]:
        """The values with the practice server's addresses in place of empty ones.

        Raises:
            OSError: The practice server can't listen.
        """
        if not wants_pages(demo.parameters, values):
            return dict(values)
        server = await self._started()
        return fill_urls(demo.parameters, values, server.pages)

    async def aclose(self) -> None:
        """Stop the server, if it runs."""
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    async def _started(self) -> PracticeServer:
        async with self._starting:
            if self._server is None:
                # Importing aiohttp takes a good part of a second, which nobody else on the loop should have to wait.
                module = await asyncio.to_thread(import_module, "asynclab.practice.server")
                server: PracticeServer = module.PracticeServer()
                await server.start()
                self._server = server
            return self._server
