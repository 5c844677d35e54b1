"""Reports how much of a page has arrived while a task in a lab reads it, so that the task's progress bar moves.

Demos are plain aiohttp code, which reports no progress. So two methods of aiohttp are replaced. Both replacements are
plain functions that return aiohttp's own coroutine, so that no frame is added to the coroutines in which demos wait.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

import aiohttp

from asynclab.trace.progress import progress

_READING: ContextVar[aiohttp.ClientResponse | None] = ContextVar("reading", default=None)
"""The response whose body the current task reads."""


@cache
def report_pages() -> None:
    """Report the progress of all bodies that are read completely, from now on; without a lab nothing is reported."""
    read, readany = aiohttp.ClientResponse.read, aiohttp.StreamReader.readany

    @wraps(read)
    def read_body(response: aiohttp.ClientResponse) -> Coroutine[Any, Any, bytes]:
        """Note which response the current task reads."""
        _READING.set(response)
        return read(response)

    @wraps(readany)
    def read_piece(reader: aiohttp.StreamReader) -> Coroutine[Any, Any, bytes]:
        """Report how much of the body has arrived."""
        # StreamReader.read() calls this once for each piece: before the first, and after each until the last.
        response = _READING.get()
        if response is not None and response.content is reader:
            progress(reader.total_raw_bytes, response.content_length, "bytes")
        return readany(reader)

    aiohttp.ClientResponse.read = read_body  # type: ignore[method-assign, assignment]
    aiohttp.StreamReader.readany = read_piece  # type: ignore[method-assign, assignment]
