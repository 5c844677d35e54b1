"""One session fetches many URLs concurrently and uses its connections again.

Watch: three pages at a time are on their way, because the session's connector may have three connections. The next
    page takes over one that is open already: six pages, three connections.
Watch session_per_url: all six pages are on their way at once, for the limit of three holds for each session alone,
    and the last line counts six connections.
Belief: "Each request needs a session of its own": a session is a pool of connections, made to serve all requests. With
    one for each URL, every request opens a connection, and no limit holds for all of them together.
Docs: Coroutines and tasks, Running tasks concurrently; aiohttp: Client Quickstart, Make a Request
"""

import asyncio
from typing import Annotated

import aiohttp


class ConnectionCount(aiohttp.TraceConfig):
    """Counts the connections that sessions open."""

    opened = 0

    def __init__(self) -> None:
        super().__init__()
        self.on_connection_create_end.append(self.note)

    async def note(self, *_: object) -> None:
        self.opened += 1


async def fetch(session: aiohttp.ClientSession, url: str) -> None:
    try:
        async with session.get(url) as response:
            body = await response.read()
            print(f"{response.status}: {len(body):,} bytes from {url}")
    except (aiohttp.ClientError, TimeoutError) as error:
        print(f"{type(error).__name__}: nothing from {url}")


async def fetch_alone(connections: int, count: ConnectionCount, url: str) -> None:
    async with open_session(connections, count) as session:
        await fetch(session, url)


def open_session(connections: int, count: ConnectionCount) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), trace_configs=[count])


async def main(
    urls: Annotated[list[str], "urls"],
    connections: Annotated[int, range(1, 101)] = 3,
    session_per_url: Annotated[bool, "mistake: each URL opens a session of its own"] = False,
) -> None:
    count = ConnectionCount()
    async with open_session(connections, count) as session:
        jobs = [fetch_alone(connections, count, url) if session_per_url else fetch(session, url) for url in urls]
        tasks = [asyncio.create_task(job, name=f"fetch-{number}") for number, job in enumerate(jobs, start=1)]
        await asyncio.gather(*tasks)
    print(f"{len(urls)} URLs, {count.opened} connections")


if __name__ == "__main__":
    from asynclab.practice.server import PracticeServer

    async def with_practice_pages() -> None:
        async with PracticeServer() as server:
            await main(list(server.pages))

    asyncio.run(with_practice_pages())
