"""Tests the check of links: it asks for headers only, and for pages only if their anchors are needed."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from asynclab.fetch.anchors import LONGEST_TAG, Anchors, anchors_of
from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Row
from asynclab.fetch.urls import FoundUrl, find_urls
from tests.fetch.practice_fetches import run

PAGE = """<!doctype html><title>A page</title>
<h1 id=install>Install</h1> <h2 ID='caf&eacute;'>Café</h2> <a name="old">old</a> <p name="no">no</p>
<!-- <p id="commented"> --> <script>"<p id='scripted'>"</script> <h2 id="user-content-usage">Usage</h2>
<h2 id="a%20b">escaped</h2> <h2 id="c d">not escaped</h2>
"""


class Site:
    """A server that remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.server = TestServer(app)

    def url(self, path: str) -> str:
        return str(self.server.make_url("/")) + path

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.asked.append(f"{request.method} {path}")
        if path.isdigit():
            return web.Response(status=int(path))
        if path.startswith("get-only-") and request.method == "HEAD":
            return web.Response(status=int(path.rpartition("-")[2]))
        if path.startswith("to-"):
            raise web.HTTPFound(f"/page#{path.removeprefix('to-')}")
        kind = {"text": "text/plain", "zip": "application/zip"}.get(path, "text/html")
        body = PAGE * 300 if path == "long" else PAGE
        return web.Response(body=body.encode("utf-16" if path == "utf-16" else "utf-8"), content_type=kind)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.server.start_server()
    yield site
    await site.server.close()


async def checked(site: Site, path: str, *fragments: str, **options: object) -> Row:
    url = FoundUrl(site.url(path), 1, fragments)
    return (await run(Fetch([url], Options(check=True, retries=0, **options)))).rows[0]  # type: ignore[arg-type]


async def test_a_link_is_asked_with_head_alone(site: Site) -> None:
    row = await checked(site, "page")
    assert (row.outcome, site.asked) == ("ok", ["HEAD page"])


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
async def test_where_head_is_refused_get_is_asked_and_its_body_is_left_unread(site: Site, status: int) -> None:
    row = await checked(site, f"get-only-{status}", max_bytes=1)
    assert (row.outcome, row.wire) == ("ok", 0)
    assert site.asked == [f"HEAD get-only-{status}", f"GET get-only-{status}"]


@pytest.mark.parametrize(
    "fragment", ["install", "caf%C3%A9", "café", "old", "usage", "a%20b", "c%20d", "install:~:text=x"]
)
async def test_an_anchor_is_found_in_the_page(site: Site, fragment: str) -> None:
    row = await checked(site, "page", fragment)
    assert (row.outcome, row.missing, site.asked) == ("ok", (), ["HEAD page", "GET page"])
    assert row.looked_for == (fragment.partition(":")[0],)


@pytest.mark.parametrize("fragment", ["Install", "no", "commented", "scripted", "usage2"])
async def test_an_anchor_that_is_not_there_breaks_the_link(site: Site, fragment: str) -> None:
    row = await checked(site, "page", "install", fragment)
    assert (row.outcome, row.state, row.missing) == ("missing_fragment", "failed", (fragment,))
    assert row.sentence == f"The page has no #{fragment}, unless a script makes it"


@pytest.mark.parametrize("fragment", ["", "top", "Top", ":~:text=never"])
async def test_some_fragments_need_no_anchor(site: Site, fragment: str) -> None:
    assert (await checked(site, "page", fragment)).outcome == "ok"
    assert site.asked == ["HEAD page"]


@pytest.mark.parametrize("path", ["text", "zip"])
async def test_only_html_is_judged(site: Site, path: str) -> None:
    row = await checked(site, path, "page=3")
    assert (row.outcome, row.looked_for, site.asked) == ("ok", (), [f"HEAD {path}"])


async def test_a_page_is_fetched_once_for_all_its_fragments(site: Site) -> None:
    row = await checked(site, "page", "install", "a", "old", "b")
    assert row.missing == ("a", "b")
    assert site.asked == ["HEAD page", "GET page"]


@pytest.mark.parametrize("fragments", [(), ("missing",)])
async def test_the_fragment_of_a_redirect_replaces_the_links_own(site: Site, fragments: tuple[str, ...]) -> None:
    assert (await checked(site, "to-install", *fragments)).outcome == "ok"
    row = await checked(site, "to-gone", *fragments)
    assert (row.outcome, row.missing) == ("missing_fragment", ("gone",))


async def test_a_redirect_without_a_fragment_keeps_that_of_the_link(site: Site) -> None:
    assert (await checked(site, "to-", "install")).outcome == "ok"
    assert (await checked(site, "to-", "missing")).missing == ("missing",)


async def test_anchors_are_found_whatever_the_charset(site: Site) -> None:
    assert (await checked(site, "utf-16", "café")).outcome == "ok"


async def test_a_page_that_is_too_large_is_broken_only_where_the_anchor_may_be_in_the_rest(site: Site) -> None:
    assert (await checked(site, "long", "install", max_bytes=20_000)).outcome == "ok"
    assert (await checked(site, "long", "missing", max_bytes=20_000)).outcome == "truncated"


async def test_allowed_statuses_are_ok_and_others_are_not(site: Site) -> None:
    allowed = await checked(site, "403", allow=(403, 429))
    assert (allowed.outcome, allowed.notes) == ("ok", ("403 is allowed",))
    assert (await checked(site, "404", allow=(403, 429))).outcome == "http_error"
    fetch = await run(Fetch([site.url("429")], Options(allow=(429,), retries=0)))
    assert fetch.rows[0].outcome == "ok"


async def test_without_a_check_fragments_are_not_looked_for(site: Site) -> None:
    fetch = await run(Fetch([FoundUrl(site.url("page"), 1, ("missing",))]))
    assert (fetch.rows[0].outcome, fetch.rows[0].looked_for, site.asked) == ("ok", (), ["GET page"])


def test_a_url_has_all_the_fragments_that_were_in_the_text() -> None:
    (url,) = find_urls("http://a.b/x#one http://a.b/x#two http://a.b/x http://a.b/x#one").urls
    assert (url.url, url.count, url.fragments) == ("http://a.b/x", 4, ("one", "two"))
    assert anchors_of(("a:~:text=x", "a", "b")) == ("a", "b")


def test_what_is_never_closed_is_not_looked_through_again_and_again() -> None:
    anchors = Anchors(["here"], "text/html")
    for _ in range(40):
        anchors.take(b"<a " * 20_000)
        assert len(anchors.rawdata) < LONGEST_TAG + 100_000
    anchors.take(b"> <p id=here>")
    anchors.close()
    assert not anchors.missing


def test_what_follows_a_long_script_is_found_wherever_its_end_was_cut() -> None:
    anchors = Anchors(["in-script", "here"], "text/html")
    page = b"<script>'<p id=in-script>'" + b" " * LONGEST_TAG + b"</script><p id=here>"
    for part in (page[:-25], page[-25:-16], page[-16:]):
        anchors.take(part)
    anchors.close()
    assert list(anchors.missing) == ["in-script"]


def test_fragments_that_are_written_in_different_ways_find_the_same_anchor() -> None:
    anchors = Anchors(["für", "f%C3%BCr", "f%c3%bcr", "far"], "text/html; charset=utf-8")
    anchors.take("<p id=für>".encode())
    assert list(anchors.missing) == ["far"]
