"""Tests the steps before a request is sent (name lookup, connection, TLS), and how they fail."""

import asyncio
import errno
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp.helpers import ceil_timeout

from asynclab.fetch import http_session as session
from asynclab.fetch.engine import Fetch
from asynclab.fetch.idle_connections import Connections
from asynclab.fetch.options import Options
from asynclab.fetch.outcomes import failure_of_error
from asynclab.fetch.rows import PhaseTimes, Row
from asynclab.practice.server import PracticeServer
from tests.fetch.practice_fetches import fetched, fetched_row, run

SPEED = 50.0


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full: nobody refuses, and nobody answers."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=0)
    clients = [socket.socket() for _ in range(4)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex(listening.getsockname())
    yield listening.getsockname()[1]
    for one in (listening, *clients):
        one.close()


async def test_a_connection_that_nobody_accepts_has_its_own_time_limit(server: PracticeServer, full_port: int) -> None:
    url = f"http://127.0.0.1:{full_port}/"
    row = await fetched_row(server, url, speed=SPEED, connect_timeout=4.0, retries=1)
    assert (row.outcome, row.sentence, row.attempts) == ("timeout_connect", "No connection within 4 s", 2)
    assert [phase for phase, _ in row.phases.items()] == ["queued", "tcp"]


async def test_a_connection_gets_exactly_its_time_and_not_up_to_a_full_second() -> None:
    loop = asyncio.get_running_loop()
    async with session.open_session(Options(connect_timeout=10.0), Connections()) as opened:
        limits = opened.timeout
        before = loop.time()
        deadline = ceil_timeout(limits.sock_connect, limits.ceil_threshold).when()
        assert deadline is not None
        assert before + 10.0 <= deadline <= loop.time() + 10.0


async def test_a_handshake_that_nobody_answers_is_a_connection_that_was_never_there(server: PracticeServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        row = await fetched_row(server, url, speed=SPEED, connect_timeout=4.0, retries=0)
    assert row.outcome == "timeout_connect"
    assert [phase for phase, _ in row.phases.items()] == ["queued", "tcp", "tls"]


async def test_a_name_lookup_that_hangs_holds_nothing_else_up(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = threading.Event()
    look_up = session.look_up

    def slow(host: str, port: int, family: int) -> object:
        if host == "slow.invalid":
            hanging.wait(50)
        return look_up("localhost", port, socket.AF_INET)

    monkeypatch.setattr(session, "look_up", slow)
    names = [f"http://slow.invalid:{port}/" for port in range(1, 41)]
    named = server.url("/delay/0").replace("127.0.0.1", "quick.invalid")
    fetch = await fetched(server, *names, named, concurrency=50, timeout=8.0, retries=0, speed=20)
    hanging.set()
    assert {row.outcome for row in fetch.rows[:-1]} == {"timeout_connect"}
    assert {row.sentence for row in fetch.rows[:-1]} == {"No connection within 8 s"}
    assert fetch.rows[-1].outcome == "ok"
    assert [phase for phase, _ in fetch.rows[-1].phases.items()] == ["queued", "dns", "tcp", "wait", "download"]


async def test_waiting_for_the_lookup_of_another_is_dns(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    go = threading.Event()

    def slow(host: str, port: int, family: int) -> object:
        asked.append(host)
        go.wait(50)
        return [(socket.AF_INET, socket.IPPROTO_TCP, "127.0.0.1")]

    monkeypatch.setattr(session, "look_up", slow)
    url = server.url("/delay/0").replace("127.0.0.1", "shared.invalid")
    fetch = Fetch([url, url])

    async def look(_: object) -> None:
        while not asked:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)
        go.set()

    await run(fetch, beside=look)
    assert asked == ["shared.invalid"]
    for row in fetch.rows:
        assert row.outcome == "ok"
        assert (row.phases.spent("dns") or 0.0) >= 0.01


async def test_all_addresses_of_a_name_are_tried(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET6, socket.IPPROTO_TCP, "::1"), (socket.AF_INET, socket.IPPROTO_TCP, "127.0.0.1")]
    monkeypatch.setattr(session, "look_up", lambda *_: both)
    row = await fetched_row(server, server.url("/delay/0").replace("127.0.0.1", "two.invalid"))
    assert (row.outcome, row.address) == ("ok", "127.0.0.1")


def test_phases_add_up_and_are_absent_where_they_did_not_happen() -> None:
    phases = PhaseTimes()
    phases.enter("queued", 0.0)
    phases.enter("wait", 1.0)
    phases.rename("tcp")
    phases.enter("wait", 1.5)
    phases.enter("download", 3.5)
    assert phases.items(4.0) == [("queued", 1.0), ("tcp", 0.5), ("wait", 2.0), ("download", 0.5)]
    phases.enter("wait", 4.0)
    phases.enter(None, 5.0)
    assert phases.spent("wait", 99.0) == 3.0
    assert phases.spent("dns") is None
    assert phases.current is None


class StrangeError(Exception):
    """What nobody expects."""


def no_connection(number: int) -> aiohttp.ClientConnectorError:
    key = aiohttp.client_reqrep.ConnectionKey("x", 80, False, True, None, None, None)
    return aiohttp.ClientConnectorError(key, OSError(number, "x"))


@pytest.mark.parametrize(
    ("error", "outcome", "says"),
    [
        (no_connection(errno.ENETUNREACH), "refused", "network unreachable"),
        (no_connection(errno.EHOSTUNREACH), "refused", "host unreachable"),
        (no_connection(errno.EPERM), "refused", "Operation not permitted"),
        (ConnectionResetError(), "incomplete", "without an answer"),
        (ssl.SSLError(1, "[SSL: BAD] x"), "tls", "TLS failed"),
        (TimeoutError(), "timeout_read", "no answer within 30 s"),
        (ValueError("http://u:secret@x is bad\n"), "invalid", "Invalid request: http://•••@x is bad"),
        (StrangeError("http://u:secret@x \x07"), "incomplete", "Failed: StrangeError: http://•••@x ␇"),
        (RuntimeError(), "incomplete", "RuntimeError"),
    ],
)
def test_any_exception_has_an_outcome_and_a_sentence_without_secrets(error: Exception, outcome: str, says: str) -> None:
    row = Row(1, "", "")
    row.phases.enter("wait", 0.0)
    failure = failure_of_error(error, row, Options(), "")
    assert failure.outcome == outcome
    assert says in failure.sentence
    assert failure.sentence.isprintable()
    assert "secret" not in failure.sentence


def test_all_of_it_loads_without_a_terminal_library() -> None:
    program = (
        "import sys, asynclab.fetch.engine, asynclab.fetch.har, asynclab.fetch.row_lines, asynclab.cli.fetch_command\n"
        "print(sorted({'textual', 'rich'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout == "[]\n"
