"""Which URLs would be fetched next: those in the text, or the practice server's where there is no text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from asynclab.fetch.address import redacted
from asynclab.fetch.rows import Row
from asynclab.fetch.urls import Found, FoundUrl, find_urls
from asynclab.fetch.words import counts_of
from asynclab.widgets.lines import Line, joined

if TYPE_CHECKING:
    from asynclab.practice.server import PracticeServer

OFFERED_PATHS = (
    "/redirect/2",
    "/drip?chunks=30&seconds=3",
    "/bytes/400000",
    "/delay/2.5",
    "/status/404",
    "/flaky/first?times=1",
)
"""What the practice server offers beside its pages: redirects, a slow body, a large one, an error, a retry."""

NOTHING: Found = Found((), 0, (), 0, 0)

AT_ONCE = 20_000
"""Characters of a text that are looked through at once; longer ones in a thread, while the loop goes on."""


class UrlList:
    """The URLs of a text, as rows that are not fetched yet."""

    def __init__(self) -> None:
        self.found = NOTHING
        """What is in the text."""
        self.rows: tuple[Row, ...] = ()
        """The URLs that would be fetched, each queued."""
        self.targets: tuple[str, ...] = ()
        """The same, as they were written."""
        self.is_practice = False
        """Whether they are the practice server's."""
        self.text = ""
        """The text that was read last, or is being read."""
        self._server: PracticeServer | None = None
        self._offered: tuple[FoundUrl, ...] = ()

    @property
    def urls(self) -> Sequence[FoundUrl]:
        """What would be fetched."""
        return self._offered if self.is_practice else self.found.urls

    async def read(self, text: str) -> bool:
        """Find the URLs of a text.

        Returns:
            Whether it is still the newest text that was to be read.
        """
        self.text = text
        found = find_urls(text) if len(text) <= AT_ONCE else await asyncio.to_thread(find_urls, text)
        if self.text is not text:
            return False
        self.found = found
        self.is_practice = not text.strip() and bool(self._offered)
        self.targets = tuple([url.url for url in self.urls])
        self.rows = tuple(
            Row(number=number, url=redacted(url.url), target=url.url, count=url.count)
            for number, url in enumerate(self.urls, 1)
        )
        return True

    async def offer_practice(self) -> None:
        """Start the practice server, so that there is something to fetch without a text.

        Raises:
            OSError: It can't listen.
        """
        from asynclab.practice.server import PracticeServer

        server = PracticeServer()
        await server.start()
        self._server = server
        pages = (*server.pages, *map(server.url, OFFERED_PATHS))
        self._offered = tuple(FoundUrl(url, 1) for url in pages)
        await self.read(self.text)

    async def close(self) -> None:
        """Stop the practice server, if it runs."""
        server, self._server = self._server, None
        if server is not None:
            await server.close()


def summary(urls: UrlList) -> Line:
    """What was found, such as "12 URLs · 3 duplicates · 2 lines ignored"."""
    if urls.is_practice:
        return (("practice pages on this computer, until there is a text", "past"),)
    return joined(((count, "past"),) for count in counts_of(urls.found))
