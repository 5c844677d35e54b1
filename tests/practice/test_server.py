"""Tests how the practice server starts and closes."""

import asyncio
import contextlib
import logging

import aiohttp
import pytest

from asynclab.practice.server import PracticeServer


def other_tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_it_listens_on_this_machine_alone_and_on_a_port_of_its_own() -> None:
    async with PracticeServer() as one, PracticeServer() as other:
        assert one.url().startswith("http://127.0.0.1:")
        assert one.url() != other.url()
        assert one.pages[0] == one.url("/pages/event-loop")


async def test_it_has_no_url_unless_it_runs() -> None:
    server = PracticeServer()
    assert not server.running
    with pytest.raises(RuntimeError, match="the practice server is not running"):
        server.url()
    async with server:
        assert server.running
    assert not server.running
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.pages


async def test_starting_it_many_times_at_once_starts_it_once() -> None:
    server = PracticeServer()

    async def start_it() -> str:
        await server.start()
        return server.url()

    urls = {*await asyncio.gather(*(start_it() for _ in range(5))), await start_it()}
    assert len(urls) == 1
    await server.close()


async def test_it_can_be_closed_twice_and_started_again() -> None:
    server = PracticeServer(pace=0)
    await server.start()
    await asyncio.gather(server.close(), server.close())
    await server.start()
    async with aiohttp.ClientSession() as session, session.get(server.url("/delay/0")) as response:
        assert response.status == 200
    await server.close()


async def test_a_closed_server_accepts_no_connection() -> None:
    async with PracticeServer() as server:
        url = server.url()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)


@pytest.fixture
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for connections to close waits for longer than a test may take."""
    monkeypatch.setattr("asynclab.practice.server.GRACE", 3_600.0)


@pytest.mark.parametrize("path", ["/delay/10", "/pages/timeouts", "/drip?chunks=10&seconds=10", "/bytes/50000000"])
@pytest.mark.usefixtures("_no_grace")
async def test_closing_cancels_requests_in_flight_at_once_and_leaves_no_task(path: str) -> None:
    server = PracticeServer()
    await server.start()
    async with aiohttp.ClientSession() as session:
        requests = [asyncio.create_task(read(session, server.url(path))) for _ in range(5)]
        await all_in_flight(server, len(requests))
        await server.close()
        answers = await asyncio.gather(*requests)
    assert answers == ["broken off"] * 5
    await settle()
    assert other_tasks() == set()


@pytest.mark.usefixtures("_no_grace")
async def test_closing_with_idle_connections_is_quick() -> None:
    async with aiohttp.ClientSession() as session:
        server = PracticeServer(pace=0)
        await server.start()
        await asyncio.gather(*(read(session, server.url("/delay/0")) for _ in range(5)))
        await server.close()
    await settle()
    assert other_tasks() == set()


async def test_a_client_that_goes_away_cancels_nothing_else() -> None:
    async with PracticeServer(pace=0) as server, aiohttp.ClientSession() as session:
        async with session.get(server.url("/bytes/50000000")) as response:
            await response.content.read(1)
            response.close()
        assert await read(session, server.url("/delay/0")) == "waited 0 s\n"


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\x02\x00", b"GET nonsense\r\n\r\n", b"G" * 100_000, b"\r\n\r\n"])
async def test_noise_on_the_port_prints_nothing_and_the_server_goes_on(
    noise: bytes, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest's own handlers would hide that a message has nowhere to go but stderr.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    async with PracticeServer(pace=0) as server, aiohttp.ClientSession() as session:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url("").rpartition(":")[2]))
        writer.write(noise)
        writer.write_eof()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        assert await read(session, server.url("/delay/0")) == "waited 0 s\n"
    assert capfd.readouterr() == ("", "")


async def test_an_error_inside_the_block_closes_it_too() -> None:
    server = PracticeServer()
    with pytest.raises(ZeroDivisionError):
        async with server:
            raise ZeroDivisionError
    assert not server.running


async def test_it_does_not_start_where_no_port_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.practice.server.HOST", "192.0.2.1")
    server = PracticeServer()
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        await server.start()
    assert not server.running
    await settle()
    assert other_tasks() == set()


async def read(session: aiohttp.ClientSession, url: str) -> str:
    """Read a page, or say that it was broken off."""
    try:
        async with session.get(url) as response:
            return (await response.read()).decode("latin-1")
    except aiohttp.ClientError:
        return "broken off"


async def all_in_flight(server: PracticeServer, count: int) -> None:
    while len(server.in_flight) < count:  # noqa: ASYNC110  the server tells nobody
        await asyncio.sleep(0)


async def settle() -> None:
    """Let connections that were closed a moment ago say so."""
    for _ in range(5):
        await asyncio.sleep(0)
