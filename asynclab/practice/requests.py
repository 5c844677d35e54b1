"""Helpers of the practice server's routes: reading numbers from requests, pausing, answering."""

from __future__ import annotations

import asyncio

from aiohttp import web

PACE = web.AppKey("pace", float)
"""The factor for every delay."""


def html(text: str) -> web.Response:
    """Return an HTML response."""
    return web.Response(text=text, content_type="text/html")


async def pause(request: web.Request, seconds: float) -> None:
    """Wait for some seconds, times the server's pace."""
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
    """Parse a number from a request; raises an HTTPBadRequest unless it is from `low` to `high`."""
    return _within(name, text, float, low, high, "number")


def _within(name: str, text: str, parse: type[float], low: float, high: float, kind: str) -> float:
    try:
        value = parse(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:  # also refuses NaN, for which every comparison is false
        raise web.HTTPBadRequest(text=f"{name} must be a {kind} from {low:.12g} to {high:.12g}\n")
    return value
