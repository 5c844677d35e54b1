"""Tests the order and the words in which URLs are shown, and what is written to a file."""

import os
import time
from pathlib import Path
from typing import Any, get_args

import pytest

from asynclab.fetch.body_text import Page
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Failure, FetchOutcome, Hop, Row, TlsFacts
from asynclab.screens.fetch.export_form import FORMATS, write_results
from asynclab.screens.fetch.url_list import UrlList, summary
from asynclab.screens.fetch.url_order import arrange
from asynclab.widgets.fetch.fetch_detail import body_lines, certificate, headers_of, whole_lines
from asynclab.widgets.fetch.url_words import ENDINGS, rate_of, word_of
from asynclab.widgets.spans import plain
from tests.raising import raising


def row(number: int, url: str = "https://example.org/", **facts: Any) -> Row:
    made = Row(number=number, url=url, target=url)
    for name, value in facts.items():
        setattr(made, name, value)
    return made


ROWS = (
    row(1, "https://b.org/", state="ok", status=200, outcome="ok", started_at=0.0, ended_at=1.0, wire=10),
    row(2, "https://a.org/", state="failed", status=404, outcome="http_error", started_at=0.0, ended_at=3.0, wire=500),
    row(3, "https://c.org/", state="running", started_at=1.0, page=Page(facts=("utf-8", "A Title"))),
    row(4, "https://d.org/"),
)


@pytest.mark.parametrize(
    ("sort", "numbers"),
    [
        ("order", [1, 2, 3, 4]),
        ("state", [2, 3, 4, 1]),
        ("time", [3, 2, 1, 4]),
        ("size", [2, 1, 3, 4]),
        ("url", [2, 1, 3, 4]),
    ],
)
def test_rows_can_be_sorted(sort: Any, numbers: list[int]) -> None:
    assert list(arrange(ROWS, sort, "", 10.0)) == numbers


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [("A.ORG", [2]), ("failed", [2]), ("404", [2]), ("a title", [3]), ("org", [1, 2, 3, 4]), ("nothing", [])],
)
def test_rows_can_be_filtered_by_url_state_status_and_title(wanted: str, numbers: list[int]) -> None:
    assert list(arrange(ROWS, "order", wanted, 10.0)) == numbers


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, "queued"),
        ({"state": "running"}, "starting"),
        ({"state": "running", "status": 200}, "200"),
        (
            {"state": "retrying", "retry_at": 8.2, "failures": [Failure("rate_limited", "", status=429)]},
            "429 in 3.2 s",
        ),
        ({"state": "retrying", "retry_at": 4.0, "failures": [Failure("incomplete", "")]}, "queued"),
        ({"state": "ok", "outcome": "ok", "status": 204}, "204"),
        ({"state": "failed", "outcome": "http_error", "status": 500}, "500"),
        ({"state": "failed", "outcome": "dns"}, "no such host"),
        ({"state": "failed", "outcome": "truncated", "status": 200}, "cut short"),
        ({"state": "cancelled", "outcome": "cancelled"}, "cancelled"),
    ],
)
def test_each_state_has_its_words(facts: dict[str, Any], word: str) -> None:
    assert word_of(row(1, **facts), 5.0) == word


def test_every_way_to_end_has_its_words_and_they_fit() -> None:
    assert {*ENDINGS} == {*get_args(FetchOutcome)} - {"ok"}
    assert max(map(len, ENDINGS.values())) <= 13


@pytest.mark.parametrize(("phase", "word"), [("dns", "looking up"), ("tcp", "connecting"), ("wait", "waiting")])
def test_a_phase_under_way_is_told(phase: Any, word: str) -> None:
    running = row(1, state="running")
    running.phases.enter(phase, 1.0)
    assert word_of(running, 2.5) == word


def test_the_rate_of_a_short_download_is_not_told() -> None:
    short, long = row(1, wire=1_000), row(2, wire=1_000)
    for each, seconds in ((short, 0.001), (long, 0.5)):
        each.phases.enter("download", 0.0)
        each.phases.enter(None, seconds)
    assert rate_of(short, 1.0) is None
    assert rate_of(long, 1.0) == 2_000


def test_all_foreign_text_of_a_detail_is_harmless() -> None:
    evil = "\x1b]0;x\x07\u202e\n[/]"
    evil_row = row(
        1,
        evil,
        state="failed",
        outcome="http_error",
        status=500,
        reason=evil,
        address=evil,
        sentence=evil,
        page=Page(evil.encode(), evil, ("utf-8", evil)),
        raw_headers=((evil.encode(), evil.encode()),),
        content_type=evil,
        hops=[Hop(evil, 301, "127.0.0.1", 0.1)],
        notes=[evil],
        failures=[Failure("incomplete", evil)],
        saved=Path(evil),
        tls=TlsFacts("TLSv1.3", "AES", evil, None),
    )
    text = "".join(map(plain, whole_lines(evil_row, 1.0, 200)))
    assert not {"\x1b", "\x07", "\u202e", "\n"} & set(text), text


def test_secrets_in_headers_are_hidden() -> None:
    assert "abc" not in str([*headers_of(row(1, raw_headers=((b"Set-Cookie", b"session=abc; Path=/"),)))])


def test_a_certificate_tells_how_long_it_is_good() -> None:
    now = time.time()
    assert "(9 days)" in certificate(TlsFacts("TLSv1.3", "AES", "CA", now + 10 * 86_400 - 60), now)
    assert "expired" in certificate(TlsFacts("TLSv1.3", "AES", "CA", now - 86_400), now)


def test_only_the_beginning_of_a_large_body_is_looked_at() -> None:
    body = b"line\n" * 500_000
    assert body_lines(row(1, body=body, page=Page.of(body[:65_536], "text/plain")))[0] == ["line"] * 200


async def test_what_was_found_is_summed_up() -> None:
    urls = UrlList()
    await urls.read("https://a.org\nhttps://a.org\nnothing\nhttps://user:pw@b.org")
    assert plain(summary(urls)) == "2 URLs · 1 duplicate · 1 line ignored"
    assert [row.url for row in urls.rows] == ["https://a.org", "https://•••@b.org"]


async def test_a_long_text_is_read_too() -> None:
    urls = UrlList()
    await urls.read("\n".join(f"https://example.org/{number}" for number in range(5_005)))
    assert plain(summary(urls)) == "5,000 URLs · 5 left out (limit 5,000)"


def test_a_file_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "strftime", lambda _: "20261122-120000")
    paths = [write_results(ROWS, Options(), FORMATS[1], tmp_path) for _ in range(3)]
    assert [path.name for path in paths] == [
        "asynclab-fetch-20261122-120000.ndjson",
        "asynclab-fetch-20261122-120000-2.ndjson",
        "asynclab-fetch-20261122-120000-3.ndjson",
    ]
    assert len(paths[0].read_text("utf-8").splitlines()) == len(ROWS)


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", raising(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_results(ROWS, Options(), FORMATS[1], tmp_path)
    assert list(tmp_path.iterdir()) == []
