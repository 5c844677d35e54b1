"""Demos 8 and 9: session, fetch_all."""

from __future__ import annotations

import re

import pytest

from asynclab.practice.pages import PAGES
from tests.demos.stage import perform

CLOSED_PORT = "http://127.0.0.1:1/"


def test_session_prints_the_first_hundred_characters_of_a_page() -> None:
    demo = perform("session")
    text = "\n".join(demo.printed)
    assert len(text) == 100
    assert text == PAGES[0].html()[:100]
    assert demo.is_clean


def test_a_session_that_nobody_closes_is_reported() -> None:
    demo = perform("session", forget_close=True)
    assert "\n".join(demo.printed) == PAGES[0].html()[:100]
    assert "Unclosed client session" in demo.complaints


def test_session_fails_where_there_is_no_server() -> None:
    demo = perform("session", url=CLOSED_PORT)
    assert type(demo.error).__name__ == "ClientConnectorError"
    assert demo.is_clean


def test_fetch_all_gets_every_page_and_uses_its_three_connections_again() -> None:
    demo = perform("fetch_all")
    *answers, last = demo.printed
    assert sorted(re.sub(r"from .*/", "", line) for line in answers) == sorted(
        f"200: {len(page.html().encode())} bytes {page.name}" for page in PAGES
    )
    assert last == "6 URLs, 3 connections"
    assert demo.is_clean


def test_a_session_for_each_url_opens_a_connection_for_each_url() -> None:
    demo = perform("fetch_all", session_per_url=True)
    assert demo.printed[-1] == "6 URLs, 6 connections"
    assert demo.is_clean


def test_fetch_all_goes_on_when_one_url_fails() -> None:
    demo = perform("fetch_all", urls=[CLOSED_PORT, "http://127.0.0.1:2/"])
    assert demo.printed == [
        f"ClientConnectorError: nothing from {CLOSED_PORT}",
        "ClientConnectorError: nothing from http://127.0.0.1:2/",
        "2 URLs, 0 connections",
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
