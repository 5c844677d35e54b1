"""What the practice server's routes have in common: what they read from a request, and how they answer it."""

from __future__ import annotations

import asyncio

from aiohttp import web

PACE = web.AppKey("pace", float)
"""What every delay is multiplied by."""


def html(text: str) -> web.Response:
    """An answer of HTML."""
    return web.Response(text=text, content_type="text/html")


async def pause(request: web.Request, seconds: float) -> None:
    """Wait so many seconds times the server's pace."""
    await asyncio.sleep(seconds * request.app[PACE])


async def begin(request: web.Request, content_type: str, length: int) -> web.StreamResponse:
    """Send the headers of an answer with a body of so many bytes."""
    response = web.StreamResponse(headers={"Content-Type": content_type})
    response.content_length = length
    await response.prepare(request)
    return response


def has_body(request: web.Request) -> bool:
    """Whether the answer has a body: aiohttp would send what is written to the answer of a HEAD, too."""
    return request.method != "HEAD"


def whole_number(name: str, text: str, low: int, high: int) -> int:
    """A whole number from a request.

    Raises:
        HTTPBadRequest: It is none, or not from `low` to `high`.
    """
    try:
        count = int(text)
    except ValueError:
        count = low - 1
    if not low <= count <= high:
        raise web.HTTPBadRequest(text=f"{name} must be a whole number from {low} to {high}\n")
    return count


def number(name: str, text: str, low: float, high: float) -> float:
    """A number from a request.

    Raises:
        HTTPBadRequest: It is none, or not from `low` to `high`.
    """
    try:
        value = float(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:  # not a number is not in it either
        raise web.HTTPBadRequest(text=f"{name} must be a number from {low:g} to {high:g}\n")
    return value
