"""One session fetches many pages concurrently and reuses its connections.

Watch: two pages come at the same time, because the session may open two connections. The third page starts when one of
    them is free again, and takes it over. The pages are printed in the order of their URLs, whichever comes first.
Watch session_per_url: all three pages come at the same time. Each session has its own limit of two connections, so
    nothing limits them all together.
Belief: "Each request needs its own session": a session is a pool of connections, made to serve all requests. With a
    session for each URL every request opens a new connection, and no limit holds for all of them together.
Docs: Coroutines and tasks, Running tasks concurrently; aiohttp: Client Quickstart, Make a Request
"""

import asyncio
from typing import Annotated

import aiohttp


async def fetch(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(url) as response:
            return await response.text(errors="replace")
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"{type(error).__name__}: nothing from {url}"


async def fetch_alone(url: str, connections: int) -> str:
    async with open_session(connections) as session:
        return await fetch(session, url)


def open_session(connections: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=60),  # seconds for a whole request
    )


async def main(
    urls: Annotated[list[str], "urls"],
    connections: Annotated[int, range(1, 101)] = 2,
    session_per_url: Annotated[bool, "mistake: every URL gets its own session"] = False,
) -> None:
    if session_per_url:
        texts = await asyncio.gather(*[fetch_alone(url, connections) for url in urls])
        print(f"{len(urls)} URLs, {len(urls)} sessions")
    else:
        async with open_session(connections) as session:
            texts = await asyncio.gather(*[fetch(session, url) for url in urls])
    for text in texts:
        print(text[:100])


if __name__ == "__main__":
    from asynclab.practice.server import PracticeServer

    async def with_practice_pages() -> None:
        async with PracticeServer() as server:
            await main(list(server.pages[:3]))

    asyncio.run(with_practice_pages())
