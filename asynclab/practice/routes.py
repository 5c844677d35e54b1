"""The routes of the practice server."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from email.utils import formatdate
from html import escape

from aiohttp import web

from asynclab.practice.pages import PAGES, document

PACE = web.AppKey("pace", float)
"""The factor by which all delays are multiplied."""


def html(text: str) -> web.Response:
    """A response with an HTML document."""
    return web.Response(text=text, content_type="text/html")


async def pause(request: web.Request, seconds: float) -> None:
    """Wait for some seconds, multiplied by the server's pace."""
    await asyncio.sleep(seconds * request.app[PACE])


async def begin(request: web.Request, content_type: str, length: int) -> web.StreamResponse:
    """Send the headers of a response with a body of `length` bytes."""
    response = web.StreamResponse(headers={"Content-Type": content_type})
    response.content_length = length
    await response.prepare(request)
    return response


def has_body(request: web.Request) -> bool:
    """Whether to send a body: aiohttp would send one in answer to HEAD, too."""
    return request.method != "HEAD"


def whole_number(name: str, text: str, low: int, high: int) -> int:
    """Parse a whole number from a request, as `number` does."""
    return int(_within(name, text, int, low, high, "whole number"))


def number(name: str, text: str, low: float, high: float) -> float:
    """Parse a number from a request; raises an HTTPBadRequest if it is not from `low` to `high`."""
    return _within(name, text, float, low, high, "number")


def _within(name: str, text: str, parse: type[float], low: float, high: float, kind: str) -> float:
    try:
        value = parse(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:  # also refuses NaN, for which every comparison is false
        raise web.HTTPBadRequest(text=f"{name} must be a {kind} from {low:.12g} to {high:.12g}\n")
    return value


LONGEST_DELAY = 10.0
"""The longest delay in seconds."""
PAGE_PIECES = 5
PAGE_SECONDS = 1.0
"""How many pieces a page's body has, and the seconds from the headers to the last piece."""
MOST_BYTES = 50_000_000
MOST_CHUNKS = 1_000
MOST_REDIRECTS = 30

_CHUNK = b"drip, drop, drip, drop, drip, drop, drip, drop, drip, drop, drip\n"
_BLOCK = bytes(range(256)) * 256
_PAGES = {page.name: page for page in PAGES}

FAILURES = web.AppKey("failures", Counter[str])
"""How often each flaky path has failed, by name."""

routes = web.RouteTableDef()


@routes.get("/")
async def index(request: web.Request) -> web.Response:
    """List the pages and the other routes."""
    pages = "".join(f'<li><a href="/pages/{page.name}">{escape(page.title)}</a></li>\n' for page in PAGES)
    paths = (resource.canonical for resource in request.app.router.resources())
    others = "".join(f"<li>{escape(path)}</li>\n" for path in paths)
    body = f"<p>Everything here comes from your own machine.</p>\n<ul>\n{pages}</ul>\n<ul>\n{others}</ul>"
    return html(document("Practice pages", body))


@routes.get("/pages/{name}")
async def page(request: web.Request) -> web.StreamResponse:
    """Answer with a page: its headers after its delay, then its body in pieces."""
    wanted = _PAGES.get(request.match_info["name"])
    if wanted is None:
        raise web.HTTPNotFound(text=f"there is no such page; the pages are {', '.join(_PAGES)}\n")
    await pause(request, wanted.delay)
    body = wanted.html().encode()
    size = -(-len(body) // PAGE_PIECES)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return await _send_slowly(request, "text/html; charset=utf-8", pieces, PAGE_SECONDS)


@routes.get("/delay/{seconds}")
async def delay(request: web.Request) -> web.Response:
    """Answer after some seconds."""
    seconds = number("seconds", request.match_info["seconds"], 0.0, LONGEST_DELAY)
    await pause(request, seconds)
    return web.Response(text=f"waited {seconds:g} s\n")


@routes.get("/status/{code}")
async def status(request: web.Request) -> web.Response:
    """Answer with this status, from 200 to 599; a lower status would not be final."""
    code = whole_number("code", request.match_info["code"], 200, 599)
    return web.Response(status=code, text=None if code in (204, 205, 304) else f"status {code}\n")


@routes.get("/bytes/{count}")
async def some_bytes(request: web.Request) -> web.StreamResponse:
    """Send some bytes, as fast as the client reads them."""
    count = whole_number("count", request.match_info["count"], 0, MOST_BYTES)
    response = await begin(request, "application/octet-stream", count)
    if has_body(request):
        for start in range(0, count, len(_BLOCK)):
            await response.write(_BLOCK[: count - start])
    return response


@routes.get("/drip")
async def drip(request: web.Request) -> web.StreamResponse:
    """Send a body in chunks, evenly over some seconds."""
    chunks = whole_number("chunks", request.query.get("chunks", "10"), 1, MOST_CHUNKS)
    seconds = number("seconds", request.query.get("seconds", "2"), 0.0, LONGEST_DELAY)
    return await _send_slowly(request, "text/plain", [_CHUNK] * chunks, seconds)


@routes.get("/redirect/{times}")
async def redirect(request: web.Request) -> web.Response:
    """Redirect several times, then answer."""
    times = whole_number("times", request.match_info["times"], 0, MOST_REDIRECTS)
    if times:
        raise web.HTTPFound(f"/redirect/{times - 1}")
    return web.Response(text="the end of the redirects\n")


@routes.get("/flaky/{name}")
async def flaky(request: web.Request) -> web.StreamResponse:
    """Fail the first `times` requests for this name with `status`, and with `after` seconds as Retry-After.

    With `date`, Retry-After is a date.
    """
    name = request.match_info["name"]
    times = whole_number("times", request.query.get("times", "1"), 0, 1_000_000)
    failures = request.app[FAILURES]
    if failures[name] >= times:
        return web.Response(text=f"after {failures[name]} failures\n")
    failures[name] += 1
    headers = {}
    if "after" in request.query:
        after = whole_number("after", request.query["after"], 0, 1_000_000)
        headers["Retry-After"] = formatdate(time.time() + after, usegmt=True) if "date" in request.query else str(after)
    status = whole_number("status", request.query.get("status", "503"), 400, 599)
    return web.Response(status=status, text="come back later\n", headers=headers)


async def _send_slowly(
    request: web.Request, content_type: str, pieces: list[bytes], seconds: float
) -> web.StreamResponse:
    """Send the headers at once, and the body in pieces, evenly over some seconds."""
    response = await begin(request, content_type, sum(map(len, pieces)))
    if has_body(request):
        for piece in pieces:
            await pause(request, seconds / len(pieces))
            await response.write(piece)
    return response
