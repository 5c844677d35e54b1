"""Fetches paths of a practice server in a lab, as the Fetch screen does."""

from collections.abc import Callable
from typing import Any, Protocol

from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Row
from asynclab.trace import Lab


class Server(Protocol):
    """A server that has URLs for paths."""

    def url(self, path: str = "/") -> str:
        """The URL of a path."""


async def fetched(server: Server, *paths: str, speed: float = 1.0, **options: Any) -> Fetch:
    """Fetch paths, or whole URLs, to their end; `speed` is the speed of waits and timeouts, not of the server."""
    return await run(Fetch(urls_of(server, *paths), Options(**options), chance=lambda: 0.0), speed=speed)


async def fetched_row(server: Server, path: str, **options: Any) -> Row:
    return (await fetched(server, path, **options)).rows[0]


def urls_of(server: Server, *paths: str) -> list[str]:
    """The URLs of a server's paths; URLs are unchanged."""
    return [server.url(path) if path.startswith("/") else path for path in paths]


async def run(fetch: Fetch, *, speed: float = 1.0, beside: Callable[[Lab], Any] | None = None) -> Fetch:
    """Run a fetch in a lab to its end; `beside` is called once with the lab when it has started."""
    async with Lab("fetch", speed=speed, watch=False) as lab:
        fetch.clock = lambda: lab.now
        lab.start(fetch.run)
        if beside is not None:
            await beside(lab)
        ending = await lab.wait()
        if ending.exception is not None and ending.outcome == "failed":
            raise ending.exception
        assert ending.leaked == ()
    return fetch
