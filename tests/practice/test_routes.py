"""Tests the answers of the practice server over real loopback connections."""

import re
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio

from asynclab.practice.pages import PAGES
from asynclab.practice.routes import LONGEST_DELAY, MOST_BYTES
from asynclab.practice.server import PracticeServer


class Client:
    """Asks one practice server."""

    def __init__(self, server: PracticeServer, session: aiohttp.ClientSession) -> None:
        self.server, self.session = server, session

    async def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        async with self.session.request(method, self.server.url(path)) as response:
            return response.status, (await response.read()).decode("latin-1")


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    async with PracticeServer(pace=0) as server, aiohttp.ClientSession() as session:
        yield Client(server, session)


async def test_each_page_has_its_own_title(client: Client) -> None:
    assert len(client.server.pages) == len(PAGES) >= 5
    for url, page in zip(client.server.pages, PAGES, strict=True):
        status, text = await client.get(url.removeprefix(client.server.url("")))
        assert status == 200
        assert re.findall("<title>(.*)</title>", text) == [page.title]


async def test_a_page_comes_in_pieces_after_its_headers(client: Client) -> None:
    async with client.session.get(client.server.pages[0]) as response:
        assert response.content_length == len(PAGES[0].html().encode())
        assert response.content_type == "text/html"
        assert len(await response.content.readany()) < response.content_length
        assert response.charset == "utf-8"


def test_the_first_hundred_characters_of_a_page_are_one_line_of_their_own() -> None:
    beginnings = {page.html()[:100] for page in PAGES}
    assert len(beginnings) == len(PAGES)
    assert not any("\n" in beginning for beginning in beginnings)


def test_the_pages_arrive_in_another_order_than_they_are_asked_for() -> None:
    delays = [page.delay for page in PAGES]
    assert delays != sorted(delays)
    assert len(set(delays)) == len(delays)
    assert max(delays) < 2


async def test_the_index_lists_every_page(client: Client) -> None:
    status, text = await client.get("/")
    assert status == 200
    assert "<title>Practice pages</title>" in text
    for page in PAGES:
        assert f'href="/pages/{page.name}"' in text
    assert "<li>/flaky/{name}</li>" in text


async def test_an_unknown_page_is_answered_with_the_known_ones(client: Client) -> None:
    status, text = await client.get("/pages/nothing")
    assert status == 404
    assert text.startswith("there is no such page; the pages are event-loop, ")


async def test_a_delay_says_how_long_it_was(client: Client) -> None:
    assert await client.get(f"/delay/{LONGEST_DELAY:g}") == (200, "waited 10 s\n")


@pytest.mark.parametrize("code", [200, 204, 205, 304, 404, 418, 429, 500, 503, 599])
async def test_a_status_is_answered_as_asked(client: Client, code: int) -> None:
    status, text = await client.get(f"/status/{code}")
    assert status == code
    assert text == ("" if code in (204, 205, 304) else f"status {code}\n")


@pytest.mark.parametrize("count", [0, 1, 65_535, 65_536, 65_537, 1_000_000])
async def test_exactly_so_many_bytes_are_sent(client: Client, count: int) -> None:
    async with client.session.get(client.server.url(f"/bytes/{count}")) as response:
        assert response.content_length == count
        assert len(await response.read()) == count


async def test_a_drip_comes_in_chunks_of_one_body(client: Client) -> None:
    async with client.session.get(client.server.url("/drip?chunks=3&seconds=0")) as response:
        body = await response.text()
        assert response.content_length == len(body)
        assert body.count("\n") == 3


async def test_a_drip_has_defaults(client: Client) -> None:
    status, body = await client.get("/drip")
    assert (status, body.count("\n")) == (200, 10)


async def test_a_redirect_is_followed_so_many_times(client: Client) -> None:
    async with client.session.get(client.server.url("/redirect/3")) as response:
        assert [hop.status for hop in response.history] == [302, 302, 302]
        assert await response.text() == "the end of the redirects\n"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/delay/x", "seconds must be a number from 0 to 10\n"),
        ("/delay/-1", "seconds must be a number from 0 to 10\n"),
        ("/delay/10.1", "seconds must be a number from 0 to 10\n"),
        ("/delay/nan", "seconds must be a number from 0 to 10\n"),
        ("/delay/inf", "seconds must be a number from 0 to 10\n"),
        ("/status/99", "code must be a whole number from 200 to 599\n"),
        ("/status/600", "code must be a whole number from 200 to 599\n"),
        ("/status/ok", "code must be a whole number from 200 to 599\n"),
        ("/bytes/-1", "count must be a whole number from 0 to 50000000\n"),
        (f"/bytes/{MOST_BYTES + 1}", "count must be a whole number from 0 to 50000000\n"),
        ("/bytes/" + "9" * 5000, "count must be a whole number from 0 to 50000000\n"),
        ("/bytes/%1b%5b31m", "count must be a whole number from 0 to 50000000\n"),
        ("/drip?chunks=0", "chunks must be a whole number from 1 to 1000\n"),
        ("/drip?chunks=1001", "chunks must be a whole number from 1 to 1000\n"),
        ("/drip?seconds=11", "seconds must be a number from 0 to 10\n"),
        ("/drip?seconds=", "seconds must be a number from 0 to 10\n"),
        ("/redirect/-1", "times must be a whole number from 0 to 30\n"),
        ("/redirect/31", "times must be a whole number from 0 to 30\n"),
    ],
)
async def test_bad_input_is_a_bad_request_with_a_reason(client: Client, path: str, sentence: str) -> None:
    assert await client.get(path) == (400, sentence)


@pytest.mark.parametrize("path", ["/", "/pages/tasks", "/delay/0", "/bytes/70000", "/drip?seconds=0"])
async def test_a_head_request_has_no_body_and_leaves_the_connection_usable(client: Client, path: str) -> None:
    assert await client.get(path, "HEAD") == (200, "")
    assert (await client.get("/delay/0"))[0] == 200


async def test_a_flaky_path_fails_some_times_then_answers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.practice.routes.time", SimpleNamespace(time=lambda: 1_700_000_000.0))
    statuses = []
    for _ in range(3):
        async with client.session.get(client.server.url("/flaky/a?times=2&status=429&after=3")) as response:
            statuses.append((response.status, response.headers.get("Retry-After")))
    assert statuses == [(429, "3"), (429, "3"), (200, None)]
    async with client.session.get(client.server.url("/flaky/b?after=100&date")) as response:
        assert response.status == 503
        when = parsedate_to_datetime(response.headers["Retry-After"]).timestamp()
        assert when == 1_700_000_100


async def test_other_methods_and_paths_are_refused(client: Client) -> None:
    assert (await client.get("/", "POST"))[0] == 405
    assert (await client.get("/nowhere"))[0] == 404
    assert (await client.get("/pages/../etc/passwd"))[0] == 404
