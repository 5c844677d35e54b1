"""Answers that are not as they should be, and how much of them is read."""

from __future__ import annotations

import pytest

from asynclab.fetch.answers import MOST_OVERHEAD
from tests.fetch.raw_server import RawServer, answer
from tests.fetch.stage import fetched_row

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "status", "body"),
    [
        ([NO_CONTENT + b"stray"], 204, b""),
        ([NO_CONTENT, b"stray"], 204, b""),
        ([NO_CONTENT[:-1], NO_CONTENT[-1:] + b"stray"], 204, b""),
        ([b"HTTP/1.1 204 No Content\n\nstray"], 204, b""),
        ([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nstray"], 304, b""),
        ([answer(b"body") + b"stray"], 200, b"body"),
        ([answer(b"body"), b"stray"], 200, b"body"),
        ([b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 3 + NO_CONTENT + b"stray"], 204, b""),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", answer(b"body") + b"stray"], 200, b"body"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\nstray"], 200, b"body"),
    ],
)
async def test_what_comes_after_an_answer_does_not_spoil_it(pieces: list[bytes], status: int, body: bytes) -> None:
    async with RawServer({"/": pieces}) as server:
        row = await fetched_row(server, "/", retries=0)
    assert (row.outcome, row.status, row.page.head) == ("ok", status, body), row.sentence


async def test_a_body_after_an_answer_to_head_does_not_spoil_it() -> None:
    async with RawServer({"/": answer(b"stray")}) as server:
        row = await fetched_row(server, "/", method="HEAD", retries=0)
    assert (row.outcome, row.method, row.decoded, row.notes) == ("ok", "HEAD", 0, ())


@pytest.mark.parametrize("pieces", [b"", b"\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_a_server_that_has_no_answer_to_head_is_asked_with_get(pieces: bytes) -> None:
    async with RawServer({"HEAD /": pieces, "GET /": answer(b"body")}) as server:
        row = await fetched_row(server, "/", method="HEAD", retries=0)
    assert (row.outcome, row.method, row.page.head) == ("ok", "GET", b"body")
    assert row.notes == ("HEAD was not answered: asked again with GET",)


@pytest.mark.parametrize(
    "headers",
    [
        [f"Content-Security-Policy: {'x' * 90_000}"],
        [f"Set-Cookie: {number}={'x' * 1_000}" for number in range(200)],
        [f"X-{number}: y" for number in range(4_000)],
    ],
)
async def test_headers_may_be_as_large_as_for_curl(headers: list[str]) -> None:
    async with RawServer({"/": answer(b"body", *headers)}) as server:
        row = await fetched_row(server, "/", retries=0)
    assert (row.outcome, row.page.head, len(row.headers)) == ("ok", b"body", len(headers) + 1), row.sentence


FIELD = b"X-More: " + b"x" * 1_000 + b"\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\n", *[FIELD] * 2_000],
        [b"HTTP/1.1 200 OK\r\nX-Long: ", *[b"x" * 10_000] * 200],
        [b"HTTP/1.1 103 Early Hints\r\n" + FIELD + b"\r\n"] * 2_000,
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", *[FIELD] * 2_000],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", *[b"x" * 10_000] * 200],
    ],
)
async def test_headers_and_trailers_without_end_are_not_read_to_it(pieces: list[bytes]) -> None:
    async with RawServer({"/": pieces}) as server:
        row = await fetched_row(server, "/", retries=0)
    assert row.outcome == "invalid", row.sentence  # had it been read to its end, it would be incomplete
    assert sum(map(len, pieces)) > 6 * MOST_OVERHEAD
