"""Tests invalid answers of servers: each is described correctly, in one line."""

import asyncio
import gzip
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import pytest

from asynclab.fetch.answers import MOST_OVERHEAD
from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.fetch.rows import FetchOutcome, Row
from tests.fetch.practice_fetches import fetched_row
from tests.fetch.raw_server import RawServer, answer, redirect

OK = b"HTTP/1.1 200 OK\r\n"
FIVE = b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"\r\n0\r\n\r\n"
PACKED = gzip.compress(b"x" * 5_000)
BOMB = gzip.compress(bytes(5_000_000))
MALFORMED = "Can't read the body: malformed chunks"
NO_ANSWER = "The server closed the connection without an answer"


class Case(NamedTuple):
    """What a server sends, and what is to be said of it."""

    sent: bytes | Iterable[bytes]
    outcome: FetchOutcome
    says: str
    note: str = ""


def packed(coding: str, body: bytes) -> bytes:
    return answer(body, f"Content-Encoding: {coding}")


def with_field(field: bytes) -> bytes:
    return OK + field + b"\r\n" + FIVE


CASES: dict[str, Case] = {
    "chunk-negative": Case(CHUNKED + b"-5\r\nhello" + LAST, "invalid", MALFORMED),
    "chunk-overflow": Case(CHUNKED + b"f" * 20 + b"\r\nhello" + LAST, "invalid", MALFORMED),
    "chunk-prefix": Case(CHUNKED + b"0x5\r\nhello" + LAST, "invalid", MALFORMED),
    "chunk-no-size": Case(CHUNKED + b"\r\nhello" + LAST, "invalid", MALFORMED),
    "chunk-too-long": Case(CHUNKED + b"3\r\nhello" + LAST, "invalid", MALFORMED),
    "chunk-extension": Case(CHUNKED + b"5;a=b\r\nhello" + LAST, "ok", "Fetched"),
    "chunk-trailer": Case(CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", "ok", "Fetched"),
    "chunk-trailer-length": Case(
        CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n", "invalid", "a trailer with Content-Length"
    ),
    "chunk-none-last": Case(CHUNKED + b"5\r\nhello\r\n", "incomplete", "Connection lost after 5 bytes"),
    "chunk-half": Case(CHUNKED + b"5\r\nhel", "incomplete", "Connection lost after 3 bytes"),
    "chunked-and-length": Case(OK + b"Transfer-Encoding: chunked\r\n" + FIVE, "invalid", "Transfer-Encoding"),
    "packed-on-the-way": Case(
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n" % len(PACKED) + PACKED + LAST, "ok", "Fetched"
    ),
    "two-lengths": Case(OK + b"Content-Length: 3\r\n" + FIVE, "invalid", "Duplicate Content-Length"),
    "length-negative": Case(OK + b"Content-Length: -1\r\n\r\nhello", "invalid", "Content-Length"),
    "length-in-words": Case(OK + b"Content-Length: five\r\n\r\nhello", "invalid", "Content-Length"),
    "length-overflow": Case(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nhello", "invalid", "overflow"),
    "length-too-long": Case(OK + b"Content-Length: 30\r\n\r\nhello", "incomplete", "after 5 of 30 bytes"),
    "no-length": Case(OK + b"\r\nhello", "ok", "Fetched"),
    "gzip-cut": Case(packed("gzip", PACKED[:-10]), "incomplete", "its gzip data has no end"),
    "deflate-cut": Case(packed("deflate", zlib.compress(b"hello")[:-2]), "incomplete", "deflate data has no end"),
    "gzip-bomb": Case(packed("gzip", BOMB), "truncated", "Larger than 1,000,000 bytes"),
    "gzip-gzip-bomb": Case(packed("gzip, gzip", gzip.compress(BOMB)), "truncated", "Larger than 1,000,000 bytes"),
    "no-gzip": Case(packed("gzip", b"hello"), "invalid", "doesn't match its Content-Encoding"),
    "coding-unknown": Case(packed("sdch", b"hello"), "ok", "Fetched", "its Content-Encoding is unknown: sdch"),
    "codings-many": Case(packed(", ".join(["gzip"] * 50), PACKED), "invalid", "more than 5 nested codings"),
    "gzip-empty": Case(packed("gzip", b""), "ok", "Fetched"),
    "1xx-flood": Case([b"HTTP/1.1 102 Processing\r\n\r\n"] * 20_000, "invalid", "more than 307,200 bytes"),
    "101": Case(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "invalid", "101 Switching Protocols"),
    "000": Case(b"HTTP/1.1 000 None\r\n" + FIVE, "invalid", "000 None"),
    "100-alone": Case(b"HTTP/1.1 100 Continue\r\n\r\n", "incomplete", NO_ANSWER),
    "999": Case(b"HTTP/1.1 999 Denied\r\n" + FIVE, "http_error", "The server answered 999 Denied"),
    "header-flood": Case([OK, *[b"X: y\r\n" * 100] * 500], "invalid", "Too many headers"),
    "header-endless": Case([OK + b"X: ", *[b"b" * 9_000] * 500], "invalid", "a header of more than 102,400 bytes"),
    "header-nul": Case(with_field(b"X: a\0b"), "invalid", "Invalid HTTP header"),
    "header-no-colon": Case(with_field(b"nonsense"), "invalid", "Invalid header token"),
    "header-no-name": Case(with_field(b": z"), "invalid", "Invalid header token"),
    "header-bytes": Case(with_field(b"X: \xff\x80\x1b[31m"), "ok", "Fetched"),
    "header-folded": Case(with_field(b"X: a\r\n b\r\n\tc"), "ok", "Fetched"),
    "header-only-lf": Case(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "ok", "Fetched"),
    "header-only-cr": Case(b"HTTP/1.1 200 OK\rContent-Length: 5\r\rhello", "invalid", "Expected LF after CR"),
    "cookies-odd": Case(with_field(b"Set-Cookie: =;;\r\nSet-Cookie: a=b; expires=never; domain=."), "ok", "Fetched"),
    "no-reason": Case(b"HTTP/1.1 200\r\n" + FIVE, "ok", "Fetched"),
    "reason-escape": Case(b"HTTP/1.1 404 \x1b[31mno\r\n" + FIVE, "http_error", "404 ␛[31mno"),
    "status-in-words": Case(b"HTTP/1.1 abc X\r\n" + FIVE, "invalid", "not HTTP/1.1: HTTP/1.1 abc X"),
    "http-0.9": Case(b"<html>hello</html>", "invalid", "not HTTP/1.1: <html>hello</html>"),
    "http-1.0": Case(b"HTTP/1.0 200 OK\r\n\r\nhello", "ok", "Fetched"),
    "http-2": Case(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80", "invalid", r"not HTTP/1.1: \x00\x00\x12\x04"),
    "ssh": Case(b"SSH-2.0-OpenSSH_9.6\r\n", "invalid", "not HTTP/1.1: SSH-2.0-OpenSSH_9.6"),
    "tls-alert": Case(b"\x15\x03\x01\0\2\2\x28", "invalid", "not HTTP/1.1"),
    "status-cut": Case(b"HTTP/1.1 20", "incomplete", "before its headers were complete"),
    "headers-cut": Case(OK + b"X: y\r\nContent-Le", "incomplete", "before its headers were complete"),
    "nothing": Case(b"\r\n\r\n", "incomplete", NO_ANSWER),
    "no-length-reset": Case([OK + b"\r\nhello", b""], "incomplete", "Connection lost after 5 bytes"),
    "reset": Case(b"", "incomplete", "The server reset the connection before it had answered"),
    "reset-in-headers": Case([OK, b""], "incomplete", "The server reset the connection before it had answered"),
    "304-with-body": Case(b"HTTP/1.1 304 Not Modified\r\n" + FIVE, "ok", "Fetched"),
    "loop": Case(redirect(b"/loop"), "too_many_redirects", "More than 10 redirects"),
    "to-file": Case(redirect(b"file:///etc/passwd"), "blocked", "file:///etc/passwd"),
    "to-script": Case(redirect(b"javascript:alert(1)"), "blocked", "javascript:alert(1)"),
    "to-data": Case(redirect(b"data:text/html,x"), "blocked", "data:text/html,x"),
    "to-port": Case(redirect(b"http://127.0.0.1:99999/"), "invalid", "a port that is not a number"),
    "to-nowhere": Case(redirect(b""), "ok", "Fetched", "without a Location"),
    "to-two": Case(with_field(b"Location: /no-reason\r\nLocation: /ssh").replace(b"200", b"302"), "ok", "1 redirect"),
    "endless-redirect": Case(
        [CHUNKED.replace(b"200 OK", b"302 X\r\nLocation: /no-reason"), *[b"5\r\nhello\r\n"] * 9_000],
        "ok",
        "1 redirect",
    ),
    "refresh": Case(
        answer(b"hello", "Refresh: 0; url=http://u:p@x.example/"), "ok", "Fetched", "go on to http://•••@x.example/ ("
    ),
    "meta-refresh": Case(
        answer(b"<meta http-equiv=REFRESH content=\"5; URL='/next?a=1&amp;b=2'\">", "Content-Type: text/html"),
        "ok",
        "Fetched",
        "go on to /next?a=1&b=2 (meta refresh)",
    ),
    "refresh-itself": Case(answer(b"hello", "Refresh: 30"), "ok", "Fetched"),
    "charset-lie": Case(answer("hi".encode("utf-16"), "Content-Type: text/html; charset=utf-8"), "ok", "Fetched"),
    "charset-codec": Case(answer(b"hi", "Content-Type: text/html; charset=zlib"), "ok", "Fetched"),
    "type-junk": Case(answer(b"hi", "Content-Type: ;;;=/"), "ok", "Fetched"),
    "part": Case(
        answer(b"hello", "Content-Range: bytes 0-4/9\x1b", status="206 Partial Content"), "ok", "Fetched", "bytes 0-4/9"
    ),
    "part-unasked": Case(answer(b"hello", status="206 Partial Content"), "ok", "Fetched", "a part of the body"),
    "endless": Case([OK + b"\r\n", *[b"x" * 65_536] * 2_000], "truncated", "Larger than 1,000,000 bytes"),
}  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    """What came of each case; all are fetched at once."""
    return asyncio.run(_fetch_all())


async def _fetch_all() -> dict[str, Row]:
    answers = {f"/{name}": case.sent for name, case in CASES.items()}
    async with RawServer(answers) as server:
        fetch = Fetch(map(server.url, answers), Options(retries=0, max_bytes=1_000_000, timeout=60.0))
        await fetch.run()
    return dict(zip(CASES, fetch.rows, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_bad_answer_is_told_as_it_is(rows: dict[str, Row], name: str) -> None:
    row, case = rows[name], CASES[name]
    assert row.outcome == case.outcome, row.sentence
    assert case.says in row.sentence
    assert row.sentence.isprintable()
    assert case.note in " ".join(row.notes)


async def test_a_server_that_closes_connections_without_saying_so_is_asked_again_over_a_new_one() -> None:
    async with RawServer({}) as server:
        fetch = Fetch([server.url(f"/{number}") for number in range(100)], Options(retries=0, per_host=20))
        totals = await fetch.run()
    assert totals.counts["ok"] == 100, {row.sentence for row in fetch.rows}


def test_what_was_packed_for_the_way_is_unpacked(rows: dict[str, Row]) -> None:
    assert rows["packed-on-the-way"].decoded == 5_000


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


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        (b"", "HEAD was not answered"),
        (b"\r\n\r\n", "HEAD was not answered"),
        (b"nonsense\r\n\r\n", "the answer to HEAD was invalid"),
    ],
)
async def test_a_server_that_has_no_answer_to_head_is_asked_with_get(pieces: bytes, reason: str) -> None:
    async with RawServer({"HEAD /": pieces, "GET /": answer(b"body")}) as server:
        row = await fetched_row(server, "/", method="HEAD", retries=0)
    assert (row.outcome, row.method, row.page.head) == ("ok", "GET", b"body")
    assert row.notes == (f"{reason}: asked again with GET",)


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
