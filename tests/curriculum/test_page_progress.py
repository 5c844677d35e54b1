"""Tests the progress bars of tasks that read a page with plain aiohttp."""

from contextlib import aclosing

import aiohttp

from asynclab.curriculum.catalogue import find
from asynclab.curriculum.practice_pages import Pages
from asynclab.model.events import Event, Progressed
from asynclab.practice.pages import PAGES
from asynclab.practice.server import PracticeServer
from asynclab.trace import Lab

PAGE = PAGES[0]


async def progress_of(url: str) -> list[tuple[float, float | None, str]]:
    """What is reported while the session demo fetches a URL."""
    demo, told = find("session"), list[Event]()
    async with aclosing(Pages()) as pages, Lab(demo.name) as lab:
        lab.subscribe(told.extend)
        lab.start(demo.load(), **await pages.fill(demo, demo.arguments({"url": url})))
        assert (await lab.wait()).outcome == "done"
    return [(event.done, event.total, event.unit) for event in told if isinstance(event, Progressed)]


async def test_a_page_is_reported_from_its_headers_to_its_last_byte() -> None:
    size = float(len(PAGE.html().encode()))
    async with PracticeServer(pace=0.01) as server:
        reported = await progress_of(server.pages[0])
    assert reported[0] == (0.0, size, "bytes")
    assert reported[-1] == (size, size, "bytes")
    assert len(reported) > 2
    assert [done for done, _, _ in reported] == sorted(done for done, _, _ in reported)


async def test_what_is_read_outside_a_lab_is_read_as_ever_and_without_a_frame_of_ours() -> None:
    async with PracticeServer(pace=0) as server, aiohttp.ClientSession() as session:
        await progress_of(server.pages[0])
        async with session.get(server.pages[0]) as response:
            piece, whole = response.content.readany(), response.read()
            assert all("aiohttp" in reading.cr_code.co_filename for reading in (piece, whole))  # type: ignore[attr-defined]
            assert await piece + await whole == PAGE.html().encode()
