"""Tests that open idle connections don't keep the lab of a fetch from skipping waiting time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from asynclab.fetch.engine import Fetch
from asynclab.trace import Lab
from tests.fetch.practice_fetches import run, urls_of
from tests.practice.faulty_server import CERTIFICATE, FaultyServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultyServer]:
    async with FaultyServer(pace=0, tls=True) as running:
        yield running


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close connections as soon as nobody uses any."""
    monkeypatch.setattr("asynclab.fetch.idle_connections.PATIENCE", 0.0)


async def until_retrying(fetch: Fetch) -> None:
    while [row.state for row in fetch.rows] != ["ok", "retrying"]:  # noqa: ASYNC110
        await asyncio.sleep(0)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_no_instant_retry_waits(server: FaultyServer, encrypted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    url = server.tls_url if encrypted else server.url
    fetch = Fetch([url("/pages/tasks"), url("/flaky/instant?after=50")])

    async def skip(lab: Lab) -> None:
        await until_retrying(fetch)
        lab.run_instantly()

    await run(fetch, beside=skip)
    assert [row.state for row in fetch.rows] == ["ok", "ok"]
    assert fetch.rows[1].elapsed(0.0) == pytest.approx(50, abs=2)


async def test_with_nothing_ready_a_step_goes_on_to_the_next_timer(server: FaultyServer) -> None:
    fetch = Fetch(urls_of(server, "/pages/tasks", "/flaky/step?after=50"))

    async def step(lab: Lab) -> None:
        await until_retrying(fetch)
        lab.pause()
        while (stepped := lab.step()) == "step":  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert stepped == "jump"
        lab.run_instantly()

    await run(fetch, beside=step)
    assert [row.state for row in fetch.rows] == ["ok", "ok"]


async def test_while_a_request_is_under_way_no_time_is_skipped(server: FaultyServer) -> None:
    fetch = Fetch(urls_of(server, "/pages/tasks", "/flaky/again?after=50", "/pages/queues"))

    async def skip(lab: Lab) -> None:
        lab.run_instantly()

    await run(fetch, beside=skip)
    assert [row.attempts for row in fetch.rows] == [1, 2, 1]
    assert all(row.time_left(0.0) is None for row in fetch.rows)
