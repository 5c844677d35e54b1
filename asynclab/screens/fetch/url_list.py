"""The list of URLs to fetch next: those in the text, or practice pages if there is no text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from asynclab.fetch.address import redacted
from asynclab.fetch.row_lines import counts_of, named_counts
from asynclab.fetch.rows import Row
from asynclab.fetch.urls import FoundUrl, FoundUrls, find_urls, other_reading
from asynclab.model.wording.quantities import plural
from asynclab.widgets.spans import Line, joined

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
"""The paths of the practice server in the list, in addition to its pages: redirects, slow and large bodies, errors."""

NOTHING: FoundUrls = FoundUrls((), 0, (), (), 0)

AT_ONCE = 20_000
"""The longest text, in characters, that is searched on the loop. Longer texts are searched in a thread."""


class UrlList:
    """The URLs in a text, as rows that are not fetched yet."""

    def __init__(self) -> None:
        self.found = NOTHING
        """What was found in the text."""
        self.other: tuple[str, int] | None = None
        """Another format of the text, and how many other URLs it would give; None if there is none."""
        self.rows: tuple[Row, ...] = ()
        """The URLs to fetch, all queued."""
        self.targets: tuple[str, ...] = ()
        """The same URLs as they are sent, with passwords."""
        self.is_practice = False
        """Whether the URLs are those of the practice server."""
        self.text = ""
        """The latest text."""
        self.taken_as = ""
        """The format as which the text is read; empty to detect it."""
        self._server: PracticeServer | None = None
        self._offered: tuple[FoundUrl, ...] = ()

    @property
    def urls(self) -> Sequence[FoundUrl]:
        """The URLs to fetch: those of the text, or the offered pages of the practice server."""
        return self._offered if self.is_practice else self.found.urls

    async def read(self, text: str, taken_as: str | None = None) -> bool:
        """Find the URLs in a text.

        Args:
            text: The text. An empty text resets the format.
            taken_as: One of `asynclab.fetch.texts.FORMATS`; empty to detect the format; None to keep the setting.

        Returns:
            False if a newer text was set meanwhile, so that this one was dropped.
        """
        self.text = text
        if taken_as is not None or not text.strip():
            self.taken_as = taken_as or ""
        find = partial(_find, text, self.taken_as)
        found, other = find() if len(text) <= AT_ONCE else await asyncio.to_thread(find)
        if self.text is not text:
            return False
        self.found, self.other = found, other
        self.is_practice = not text.strip() and bool(self._offered)
        self.targets = tuple([url.url for url in self.urls])
        self.rows = tuple(
            Row(number=number, url=redacted(url.url), target=url.url, count=url.count)
            for number, url in enumerate(self.urls, 1)
        )
        return True

    async def offer_practice(self) -> None:
        """Start the practice server, whose pages are listed while the text is empty.

        Raises:
            OSError: The server can't listen.
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
        return (("practice pages on this computer, until you add text", "past"),)
    told = counts_of(urls.found) if urls.taken_as else named_counts(urls.found)
    if urls.taken_as:
        told[0] = f"read as {urls.taken_as}: {told[0]}"
    elif urls.other:
        told.insert(1, f"F: {plural(urls.other[1], 'other')} as {urls.other[0]}")
    return joined(((count, "past"),) for count in told)


def _find(text: str, taken_as: str) -> tuple[FoundUrls, tuple[str, int] | None]:
    found = find_urls(text, taken_as=taken_as)
    return found, None if taken_as else other_reading(text, found)
