"""Gives a demo the practice server's pages if it was given no URLs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from asynclab.curriculum.demo_parameters import Value, fill_urls, wants_pages

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo
    from asynclab.practice.server import PracticeServer


class Pages:
    """Starts a practice server for the first demo that needs it."""

    def __init__(self) -> None:
        self._server: PracticeServer | None = None
        self._starting = asyncio.Lock()

    async def fill(self, demo: Demo, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values with the practice server's URLs in place of empty ones, and report the progress of pages.

        Raises:
            OSError: The practice server can't listen.
        """
        if not any(parameter.kind in ("url", "urls") for parameter in demo.parameters):
            return dict(values)
        (await _imported("asynclab.curriculum.page_progress")).report_pages()
        if not wants_pages(demo.parameters, values):
            return dict(values)
        server = await self._started()
        return fill_urls(demo.parameters, values, server.pages)

    async def aclose(self) -> None:
        """Stop the server if it is running."""
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    async def _started(self) -> PracticeServer:
        async with self._starting:
            if self._server is None:
                server: PracticeServer = (await _imported("asynclab.practice.server")).PracticeServer()
                await server.start()
                self._server = server
            return self._server


async def _imported(name: str) -> ModuleType:
    """Import a module that needs aiohttp. This takes nearly a second, so it is done in a thread."""
    return await asyncio.to_thread(import_module, name)
