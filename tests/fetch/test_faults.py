"""Tests each fault that a server can have: outcome, message, number of attempts, and memory."""

import asyncio
import socket
import ssl
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.fetch.outcomes import failure_of_error
from asynclab.fetch.request_trace import tls_context
from asynclab.fetch.rows import FetchOutcome, Row
from tests.fetch.practice_fetches import fetched, fetched_row, run
from tests.practice.faulty_server import CERTIFICATE, ESCAPES, MARKUP, FaultyServer
from tests.raising import raising

SPEED = 10.0
"""Waits and timeouts pass so many times as fast, where something is waited for."""


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultyServer]:
    async with FaultyServer(pace=0, tls=True) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "outcome", "attempts", "says"),
    [
        ("/pages/tasks", "ok", 1, "Fetched"),
        ("/status/204", "ok", 1, "Fetched"),
        ("/status/304", "ok", 1, "Fetched"),
        ("/status/404", "http_error", 1, "404 Not Found"),
        ("/status/500", "http_error", 1, "500"),
        ("/status/503", "http_error", 2, "503"),
        ("/status/407", "refused", 1, "The proxy refused: 407"),
        ("/status/408", "http_error", 2, "408"),
        ("/status/429", "rate_limited", 2, "Rate limited: 429"),
        ("/flaky/a", "ok", 2, "Fetched"),
        ("/flaky/b?status=429&after=1", "ok", 2, "Fetched"),
        ("/flaky/c?status=429&after=2&date", "ok", 2, "Fetched"),
        ("/flaky/d?times=9&status=429&after=1", "rate_limited", 2, "429"),
        ("/slow-headers/3", "ok", 1, "Fetched"),
        ("/drip?chunks=5&seconds=1", "ok", 1, "Fetched"),
        ("/hang", "timeout_read", 1, "no answer within 12 s"),
        ("/hang-in-body", "timeout_total", 1, "Not complete within 12 s"),
        ("/reset", "incomplete", 2, "reset the connection before it had answered"),
        ("/disconnect", "incomplete", 2, "without an answer"),
        ("/reset-in-body", "incomplete", 2, "of 1,000 bytes"),
        ("/short", "incomplete", 2, "after 100 of 1,000 bytes"),
        ("/bad-chunk", "invalid", 1, "chunk"),
        ("/not-http", "invalid", 1, "Invalid answer"),
        ("/lying-encoding", "invalid", 1, "Content-Encoding"),
        ("/gzip", "ok", 1, "Fetched"),
        ("/bomb", "truncated", 1, "Larger than 1,000,000 bytes"),
        ("/endless", "truncated", 1, "Larger than 1,000,000 bytes"),
        ("/redirect/4", "ok", 1, "after 4 redirects"),
        ("/redirect-loop", "too_many_redirects", 1, "More than 10"),
        ("/redirect-to?url=file:///etc/passwd", "blocked", 1, "file:///etc/passwd"),
        ("/redirect-to?url=http://[bad", "invalid", 1, "invalid URL: it has"),
        ("/redirect-to?url=http://127.0.0.1:1/", "refused", 1, "connection refused"),
        ("http://127.0.0.1:1/", "refused", 1, "connection refused"),
        ("http://a..b/", "invalid", 0, "host name"),
        ("mailto:a@b.c", "invalid", 0, "not an http"),
    ],
)
async def test_a_fault_has_an_outcome(
    server: FaultyServer, path: str, outcome: FetchOutcome, attempts: int, says: str
) -> None:
    speed = SPEED if "hang" in path or "429" in path else 1.0
    row = await fetched_row(
        server, path, speed=speed, timeout=12.0, connect_timeout=12.0, max_bytes=1_000_000, retries=1
    )
    assert (row.outcome, row.attempts) == (outcome, attempts), row.sentence
    assert says in row.sentence
    assert row.sentence.isprintable()
    assert row.state == ("ok" if outcome == "ok" else "failed")


@pytest.mark.parametrize("path", ["/bomb", "/endless", "/bytes/50000000"])
async def test_a_body_without_end_takes_no_more_memory_than_its_cap(server: FaultyServer, path: str) -> None:
    tracemalloc.start()
    try:
        row = await fetched_row(server, path, max_bytes=2_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert row.outcome == "truncated"
    assert row.decoded == 2_000_000
    assert row.body is None
    assert peak < 8_000_000


async def test_what_travels_and_what_unpacks_are_counted_apart(server: FaultyServer) -> None:
    row = await fetched_row(server, "/gzip")
    assert row.decoded == 200_000
    assert row.wire == row.expected
    assert row.wire < 2_000
    assert row.fraction == 1.0


@pytest.mark.parametrize(("reason", "attempts"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 2)])
async def test_a_name_that_is_not_found_is_a_failure_of_dns_and_may_pass(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch, reason: int, attempts: int
) -> None:
    monkeypatch.setattr("asynclab.fetch.http_session.look_up", raising(socket.gaierror(reason, "no")))
    row = await fetched_row(server, "http://nobody.invalid/", retries=1)
    assert (row.outcome, row.attempts) == ("dns", attempts)
    assert "nobody.invalid" in row.sentence
    assert [phase for phase, _ in row.phases.items()] == ["queued", "dns"]


async def test_a_certificate_that_nobody_trusts_is_a_failure_of_tls(server: FaultyServer) -> None:
    row = await fetched_row(server, server.tls_url("/delay/0"))
    assert (row.outcome, row.attempts) == ("tls", 1)
    assert "Certificate not trusted: self-signed certificate" in row.sentence


async def test_plain_http_where_tls_is_expected_is_a_failure_of_tls(server: FaultyServer) -> None:
    row = await fetched_row(server, server.url("/").replace("http", "https", 1))
    assert row.outcome == "tls"
    assert "TLS failed" in row.sentence


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "answers, but not in TLS"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "answers, but not in TLS"),
        (b"\x15\x03\x03\0\2\2\x28", "no cipher in common"),
        (b"\x15\x03\x03\0\2\2\x46", "no version of TLS in common"),
        (b"\x15\x03\x03\0\2\2\x70", "no certificate for this name"),
        (b"\x15\x03\x03\0\2\2\x74", "asks for a client certificate"),
        (b"\x16\x03\x03\0\x7a\2", "broke off the handshake"),
        (b"", "broke off the handshake"),
    ],
)
async def test_a_handshake_that_fails_is_told_by_its_cause(sent: bytes, says: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(sent)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        row = (await run(Fetch([f"https://127.0.0.1:{port}/"], Options(retries=0)))).rows[0]
    assert row.outcome == "tls"
    assert says in row.sentence


def test_a_handshake_that_takes_too_long_is_no_missing_connection() -> None:
    row = Row(1, "https://a.example", "https://a.example")
    row.phases.enter("tls", 0.0)
    failure = failure_of_error(aiohttp.ConnectionTimeoutError(), row, Options(), "")
    assert (failure.outcome, failure.sentence) == ("timeout_connect", "Connected, but no TLS within 10 s")


async def test_a_trusted_certificate_is_told_about(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    row = await fetched_row(server, server.tls_url("/delay/0"))
    assert row.outcome == "ok", row.sentence
    assert row.tls is not None
    assert row.tls.version.startswith("TLSv1.")
    assert row.tls.expires == 4733510400.0
    assert row.tls.issuer == "asynclab practice on loopback"
    assert [phase for phase, _ in row.phases.items()] == ["queued", "tcp", "tls", "wait", "download"]


async def test_text_is_read_whatever_the_server_says_of_it(server: FaultyServer) -> None:
    paths = ("/charset/zlib", "/charset/utf-16x", "/charset/idna", "/charset/latin-1?sent=latin-1", "/meta-charset")
    rows = (await fetched(server, *paths)).rows
    assert [row.page.charset for row in rows] == ["utf-8", "utf-8", "utf-8", "windows-1252", "windows-1252"]
    assert rows[4].page.title == "10 €"


@pytest.mark.skipif(sys.flags.dev_mode, reason="in development mode aiohttp refuses what servers must not send")
async def test_escapes_stay_data_and_nothing_but_data(server: FaultyServer) -> None:
    row = await fetched_row(server, "/evil")
    assert row.outcome == "ok"
    assert ESCAPES.encode().decode("utf-8", "surrogateescape")[:4] in row.reason
    assert "PWNED" in row.page.title
    assert row.sentence.isprintable()
    row = await fetched_row(server, "/markup")
    assert row.page.title == MARKUP


async def test_certificates_are_read_once_off_the_loop(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = []

    def read() -> ssl.SSLContext:
        readers.append(threading.current_thread())
        return tls_context()

    monkeypatch.setattr("asynclab.fetch.sending.tls_context", read)
    fetch = await fetched(server, *[server.tls_url("/delay/0")] * 3)
    assert [row.outcome for row in fetch.rows] == ["tls"] * 3
    assert len(readers) == 1
    assert readers[0] is not threading.main_thread()
