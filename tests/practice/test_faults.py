"""How the practice server misbehaves, seen over plain sockets and through a client."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import zlib
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio

from asynclab.practice.faults import BOMB_MEGABYTES, ESCAPES, MARKUP
from asynclab.practice.server import CERTIFICATE, PracticeServer


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def ask(server: PracticeServer, path: str, method: str = "GET") -> bytes:
    """All bytes that are answered, up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url("").rpartition(":")[2]))
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: practice\r\nConnection: close\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/disconnect", b""),
        ("/short", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100),
        ("/bad-chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n"),
        ("/not-http", b"SSH-2.0-practice\r\n\r\n"),
    ],
)
async def test_broken_answers_are_sent_as_they_are(server: PracticeServer, path: str, answer: bytes) -> None:
    assert await ask(server, path) == answer


async def test_a_reset_comes_before_the_answer(server: PracticeServer) -> None:
    with pytest.raises(ConnectionResetError):
        await ask(server, "/reset")


async def test_a_reset_comes_in_the_middle_of_the_body(server: PracticeServer, session: aiohttp.ClientSession) -> None:
    async with session.get(server.url("/reset-in-body")) as response:
        assert response.status == 200
        assert len(await response.content.read(500)) > 0
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


@pytest.mark.parametrize(("path", "begins"), [("/hang", b""), ("/hang-in-body", b"HTTP/1.1 200 OK")])
async def test_what_hangs_ends_when_the_server_is_closed(server: PracticeServer, path: str, begins: bytes) -> None:
    asking = asyncio.create_task(ask(server, path))
    while not server.in_flight:  # noqa: ASYNC110  the server tells nobody
        await asyncio.sleep(0)
    assert not asking.done()
    await server.close()
    assert (await asking).startswith(begins)


async def test_slow_headers_come_line_by_line_and_are_a_correct_answer(server: PracticeServer) -> None:
    answer = await ask(server, "/slow-headers/3")
    assert answer.count(b"X-Slow-") == 3
    assert answer.endswith(b"\r\n\r\nslow\n")


async def test_a_lie_about_the_encoding_is_plain_text(server: PracticeServer) -> None:
    answer = await ask(server, "/lying-encoding")
    assert b"Content-Encoding: gzip" in answer
    assert answer.endswith(b"not gzipped")


async def test_the_bomb_is_small_and_unpacks_to_very_much(server: PracticeServer) -> None:
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(server.url("/bomb")) as response,
    ):
        packed = await response.read()
    assert len(packed) < 250_000
    unpacker = zlib.decompressobj(wbits=31)
    size = 0
    while not unpacker.eof:
        size += len(unpacker.decompress(packed, 10_000_000))
        packed = unpacker.unconsumed_tail
    assert size == BOMB_MEGABYTES * 1_000_000


async def test_the_endless_body_goes_on_until_the_client_leaves(
    server: PracticeServer, session: aiohttp.ClientSession
) -> None:
    async with session.get(server.url("/endless")) as response:
        assert len(await response.content.readexactly(5_000_000)) == 5_000_000
        response.close()
    assert b"200 OK" in await ask(server, "/endless", "HEAD")


async def test_honest_gzip_is_much_smaller_than_what_it_holds(
    server: PracticeServer, session: aiohttp.ClientSession
) -> None:
    async with session.get(server.url("/gzip")) as response:
        assert len(await response.read()) == 200_000
        assert int(response.headers["Content-Length"]) < 2_000


async def test_the_loop_of_redirects_has_no_end(server: PracticeServer, session: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.TooManyRedirects):
        await session.get(server.url("/redirect-loop"))


async def test_a_redirect_goes_wherever_it_is_told_to(server: PracticeServer) -> None:
    assert b"Location: file:///etc/passwd\r\n" in await ask(server, "/redirect-to?url=file:///etc/passwd")


async def test_a_charset_is_declared_and_another_is_sent(
    server: PracticeServer, session: aiohttp.ClientSession
) -> None:
    async with session.get(server.url("/charset/zlib?sent=latin-1")) as response:
        assert response.charset == "zlib"
        assert (await response.read()).startswith(b"na\xefve")
    async with session.get(server.url("/meta-charset")) as response:
        assert b'charset="windows-1252"' in await response.content.read(200)


async def test_a_flaky_path_fails_so_many_times_and_then_answers(
    server: PracticeServer, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asynclab.practice.faults.time", SimpleNamespace(time=lambda: 1_700_000_000.0))
    statuses = []
    for _ in range(3):
        async with session.get(server.url("/flaky/a?times=2&status=429&after=3")) as response:
            statuses.append((response.status, response.headers.get("Retry-After")))
    assert statuses == [(429, "3"), (429, "3"), (200, None)]
    async with session.get(server.url("/flaky/b?after=100&date")) as response:
        assert response.status == 503
        when = parsedate_to_datetime(response.headers["Retry-After"]).timestamp()
        assert when == 1_700_000_100


async def test_control_and_escape_sequences_are_everywhere(server: PracticeServer) -> None:
    answer = await ask(server, "/evil")
    assert answer.count(ESCAPES.encode()) == 4
    assert answer.startswith(b"HTTP/1.1 200 \x1b]0;PWNED\x07")


async def test_a_title_can_look_like_markup(server: PracticeServer) -> None:
    assert f"<title>{MARKUP}</title>".encode() in await ask(server, "/markup")


async def test_head_is_refused_where_only_get_is_known(server: PracticeServer) -> None:
    assert b"405" in await ask(server, "/no-head", "HEAD")
    assert b"GET it is" in await ask(server, "/no-head")


async def test_cookies_are_set_and_told(server: PracticeServer, session: aiohttp.ClientSession) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as remembering:
        for expected in ("none", "visited"):
            async with remembering.get(server.url("/cookies")) as response:
                assert await response.text() == f"cookies: {expected}\n"


async def test_the_echo_tells_the_raw_path_and_the_headers(
    server: PracticeServer, session: aiohttp.ClientSession
) -> None:
    async with session.get(server.url("/echo?x=1"), headers={"X-Mine": "yes"}) as response:
        said = await response.json()
    assert said["path"] == "/echo?x=1"
    assert said["headers"]["X-Mine"] == "yes"


async def test_the_index_names_the_faults(server: PracticeServer) -> None:
    assert b"/lying-encoding" in await ask(server, "/")


async def test_tls_is_answered_with_a_certificate_that_nobody_trusts(session: aiohttp.ClientSession) -> None:
    async with PracticeServer(pace=0, tls=True) as server:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(server.tls_url("/delay/0"))
        trusting = ssl.create_default_context(cafile=CERTIFICATE)
        async with session.get(server.tls_url("/delay/0"), ssl=trusting) as response:
            assert response.status == 200


async def test_without_tls_there_is_no_such_address(server: PracticeServer) -> None:
    with pytest.raises(RuntimeError, match="not running with TLS"):
        server.tls_url()
