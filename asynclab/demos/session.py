"""async with opens a session for requests and always closes it, however the block ends.

Watch: main waits at two lines. Entering the block of session.get waits for the headers; reading the text waits for the
    body. The body comes in pieces, and main's bar shows how many of its bytes are there.
Watch forget_close: the text is printed as usual. When main returns, the activity shows the warnings "Unclosed client
    session" and "Unclosed connector".
Belief: "A session closes itself when I am done with it": only you close it. Closing has to be awaited, and async with
    does that, also after an error or a cancellation. If nobody does, aiohttp warns "Unclosed client session".
Docs: Compound statements, The async with statement; aiohttp: Client Quickstart, Make a Request
"""

import asyncio
from typing import Annotated

import aiohttp

LIMIT = aiohttp.ClientTimeout(total=60)  # seconds for a whole request


async def show_page(session: aiohttp.ClientSession, url: str, characters: int) -> None:
    async with session.get(url) as response:  # waits for the headers
        text = await response.text()  # waits for the body
        print(text[:characters])


async def main(
    url: Annotated[str, "url"],
    characters: Annotated[int, range(1, 2001)] = 100,
    forget_close: Annotated[bool, "mistake: nobody closes the session"] = False,
) -> None:
    if forget_close:
        session = aiohttp.ClientSession(timeout=LIMIT)
        await show_page(session, url, characters)
    else:
        async with aiohttp.ClientSession(timeout=LIMIT) as session:
            await show_page(session, url, characters)


if __name__ == "__main__":
    from asynclab.practice.server import PracticeServer

    async def with_a_page() -> None:
        async with PracticeServer() as server:
            await main(server.pages[0])

    asyncio.run(with_a_page())
