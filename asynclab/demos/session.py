"""async with opens a session for requests and is sure to close it, however the block is left.

Watch: entering the block of `session.get` already waits, here half a second: until the answer begins. Reading the
    text waits for the rest of it.
Watch forget_close: the text is printed as ever; when main returns, the activity has the warnings "Unclosed client
    session" and "Unclosed connector".
Belief: "A session closes itself when I am done with it": nobody closes it but you, and closing has to be awaited, which
    async with does, also after an error or a cancellation. One that is left open leaves its connections to the garbage
    collector, and aiohttp reports an unclosed client session.
Docs: Compound statements, The async with statement; aiohttp: Client Quickstart, Make a Request
"""

import asyncio
from typing import Annotated

import aiohttp


async def show_page(session: aiohttp.ClientSession, url: str, characters: int) -> None:
    async with session.get(url) as response:
        text = await response.text()
        print(text[:characters])


async def main(
    url: Annotated[str, "url"],
    characters: Annotated[int, range(1, 2001)] = 100,
    forget_close: Annotated[bool, "mistake: no async with, and nobody closes it"] = False,
) -> None:
    if forget_close:
        session = aiohttp.ClientSession()
        await show_page(session, url, characters)
    else:
        async with aiohttp.ClientSession() as session:
            await show_page(session, url, characters)


if __name__ == "__main__":
    from asynclab.practice.server import PracticeServer

    async def with_a_page() -> None:
        async with PracticeServer() as server:
            await main(server.pages[0])

    asyncio.run(with_a_page())
