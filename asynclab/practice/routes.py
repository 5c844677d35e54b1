"""What the practice server answers."""

from __future__ import annotations

import asyncio
from html import escape

from aiohttp import web

from asynclab.practice.pages import PAGES, document

PACE = web.AppKey("pace", float)
"""What every delay is multiplied by."""

LONGEST_DELAY = 10.0
"""Seconds."""
MOST_BYTES = 50_000_000
MOST_CHUNKS = 1_000
MOST_REDIRECTS = 30

_CHUNK = b"drip, drop, drip, drop, drip, drop, drip, drop, drip, drop, drip\n"
_BLOCK = bytes(range(256)) * 256
_PAGES = {page.name: page for page in PAGES}

routes = web.RouteTableDef()


@routes.get("/")
async def index(_: web.Request) -> web.Response:
    """List the pages and the other routes."""
    pages = "".join(f'<li><a href="/pages/{page.name}">{escape(page.title)}</a></li>\n' for page in PAGES)
    others = "".join(
        f"<li>{escape(path)}</li>\n"
        for path in (
            "/delay/{seconds}",
            "/status/{code}",
            "/bytes/{count}",
            "/drip?chunks=&seconds=",
            "/redirect/{times}",
        )
    )
    body = f"<p>Everything here comes from your own machine.</p>\n<ul>\n{pages}</ul>\n<ul>\n{others}</ul>"
    return _html(document("Practice pages", body))


@routes.get("/pages/{name}")
async def page(request: web.Request) -> web.Response:
    """Answer with a titled page, after its delay."""
    wanted = _PAGES.get(request.match_info["name"])
    if wanted is None:
        raise web.HTTPNotFound(text=f"there is no such page; the pages are {', '.join(_PAGES)}\n")
    await _pause(request, wanted.delay)
    return _html(wanted.html())


@routes.get("/delay/{seconds}")
async def delay(request: web.Request) -> web.Response:
    """Answer after so many seconds."""
    seconds = _number("seconds", request.match_info["seconds"], 0.0, LONGEST_DELAY)
    await _pause(request, seconds)
    return web.Response(text=f"waited {seconds:g} s\n")


@routes.get("/status/{code}")
async def status(request: web.Request) -> web.Response:
    """Answer with that status; those below 200 are not final and so are refused."""
    code = _count("code", request.match_info["code"], 200, 599)
    return web.Response(status=code, text=None if code in (204, 205, 304) else f"status {code}\n")


@routes.get("/bytes/{count}")
async def some_bytes(request: web.Request) -> web.StreamResponse:
    """Send so many bytes, as fast as they are read."""
    count = _count("count", request.match_info["count"], 0, MOST_BYTES)
    response = await _start(request, "application/octet-stream", count)
    if _has_body(request):
        for start in range(0, count, len(_BLOCK)):
            await response.write(_BLOCK[: count - start])
    return response


@routes.get("/drip")
async def drip(request: web.Request) -> web.StreamResponse:
    """Send a body chunk by chunk, evenly over so many seconds."""
    chunks = _count("chunks", request.query.get("chunks", "10"), 1, MOST_CHUNKS)
    seconds = _number("seconds", request.query.get("seconds", "2"), 0.0, LONGEST_DELAY)
    response = await _start(request, "text/plain", chunks * len(_CHUNK))
    if _has_body(request):
        for _ in range(chunks):
            await _pause(request, seconds / chunks)
            await response.write(_CHUNK)
    return response


@routes.get("/redirect/{times}")
async def redirect(request: web.Request) -> web.Response:
    """Redirect so many times before answering."""
    times = _count("times", request.match_info["times"], 0, MOST_REDIRECTS)
    if times:
        raise web.HTTPFound(f"/redirect/{times - 1}")
    return web.Response(text="the end of the redirects\n")


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")


async def _pause(request: web.Request, seconds: float) -> None:
    await asyncio.sleep(seconds * request.app[PACE])


async def _start(request: web.Request, content_type: str, length: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": content_type})
    response.content_length = length
    await response.prepare(request)
    return response


def _has_body(request: web.Request) -> bool:
    """Whether the answer has a body: aiohttp would send what is written to the answer of a HEAD, too."""
    return request.method != "HEAD"


def _count(name: str, text: str, low: int, high: int) -> int:
    try:
        count = int(text)
    except ValueError:
        count = low - 1
    if not low <= count <= high:
        raise web.HTTPBadRequest(text=f"{name} must be a whole number from {low} to {high}\n")
    return count


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:  # not a number is not in it either
        raise web.HTTPBadRequest(text=f"{name} must be a number from {low:g} to {high:g}\n")
    return number
