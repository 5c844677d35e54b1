"""Tests demos 8 and 9 (session, fetch_all): their mistakes, their failures, and how they are cancelled."""

import functools
from collections.abc import Callable

import aiohttp
import pytest

from asynclab.practice.pages import PAGES
from tests.demos.performances import perform

CLOSED_PORT = "http://127.0.0.1:1/"


def test_a_session_that_nobody_closes_is_reported() -> None:
    demo = perform("session", forget_close=True)
    assert demo.printed == perform("session").printed
    assert "Unclosed client session" in demo.complaints


def test_session_fails_where_there_is_no_server() -> None:
    demo = perform("session", url=CLOSED_PORT)
    assert type(demo.error).__name__ == "ClientConnectorError"
    assert demo.is_clean


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many connections were opened so far, by any session."""
    count = 0

    async def note(*_: object) -> None:
        nonlocal count
        count += 1

    watch = aiohttp.TraceConfig()
    watch.on_connection_create_end.append(note)
    monkeypatch.setattr("aiohttp.ClientSession", functools.partial(aiohttp.ClientSession, trace_configs=[watch]))
    return lambda: count


def test_fetch_all_fetches_three_pages_over_two_connections(connections: Callable[[], int]) -> None:
    assert perform("fetch_all").printed == [page.html()[:100] for page in PAGES[:3]]
    assert connections() == 2


def test_a_session_for_each_url_opens_a_connection_for_each_url(connections: Callable[[], int]) -> None:
    demo = perform("fetch_all", session_per_url=True)
    assert demo.printed[0] == "3 URLs, 3 sessions"
    assert connections() == 3
    assert demo.is_clean


def test_fetch_all_goes_on_when_one_url_fails() -> None:
    demo = perform("fetch_all", urls=[CLOSED_PORT, "http://127.0.0.1:2/"])
    assert demo.printed == [
        f"ClientConnectorError: nothing from {CLOSED_PORT}",
        "ClientConnectorError: nothing from http://127.0.0.1:2/",
    ]
    assert demo.is_clean


@pytest.mark.parametrize("mistake", [False, True])
@pytest.mark.parametrize("name", ["session", "fetch_all"])
def test_an_http_demo_can_be_cancelled_at_any_turn(name: str, mistake: bool) -> None:
    values = {"forget_close" if name == "session" else "session_per_url": mistake}
    for turns in range(0, 60, 3):
        demo = perform(name, cancel_after_turns=turns, **values)
        assert demo.leftovers == [], turns
        if not (name == "session" and mistake):
            assert demo.is_clean, turns
    assert perform(name, cancel_after_turns=6, **values).cancelled
