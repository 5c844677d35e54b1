"""Tests files of results for `--resume`: kept over several runs, valid at any moment, one result for each URL."""

import csv
import json
import resource
from pathlib import Path

import pytest

from asynclab.fetch.body_text import Page
from asynclab.fetch.resume import Results, ResultsError
from asynclab.fetch.rows import FetchOutcome, Row, RowState

NAMES = ("all.ndjson", "all.csv", "all.json", "all")


def ended(url: str, outcome: FetchOutcome = "ok", title: str = "") -> Row:
    state: RowState = "ok" if outcome == "ok" else "failed"
    return Row(1, url, url, page=Page(facts=("", title)), outcome=outcome, state=state)


def urls_in(path: Path) -> list[str]:
    """The URLs in a file, as any reader of its format has them."""
    text = path.read_text("utf-8")
    if path.suffix == ".csv":
        return [row["url"] for row in csv.DictReader(text.splitlines())]
    return [row["url"] for row in (json.loads(text) if path.suffix == ".json" else map(json.loads, text.splitlines()))]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_whole_after_each_result(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with Results(path) as results:
        assert urls_in(path) == []
        for number in range(3):
            results.add(ended(f"http://a.b/{number}", title="ü ☕ \u2028"))
            assert urls_in(path) == [f"http://a.b/{other}" for other in range(number + 1)]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_is_as_good_as_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with Results(tmp_path / name) as results:
        results.add(ended("http://a.b/1"))
    assert urls_in(tmp_path / name) == ["http://a.b/1"]


def test_two_runs_do_not_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson"
    with Results(path) as results:
        results.add(ended("http://a.b/1"))
        with pytest.raises(ResultsError, match="another run writes to"):
            Results(path)
        results.add(ended("http://a.b/2"))
    with Results(path) as results:
        results.add(ended("http://a.b/3"))
    assert urls_in(path) == ["http://a.b/1", "http://a.b/2", "http://a.b/3"]


@pytest.mark.parametrize("name", NAMES)
def test_a_later_result_replaces_an_earlier_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with Results(path) as results:
        for url, outcome in (("http://a.b/1", "dns"), ("http://a.b/2", "ok"), ("http://a.b/3", "cancelled")):
            results.add(ended(url, outcome))  # type: ignore[arg-type]
        results.end()
    with Results(path) as results:
        assert [results.is_done(f"http://a.b/{number}") for number in (1, 2, 3)] == [False, True, False]
        assert [results.has_failed(f"http://a.b/{number}") for number in (1, 2, 3)] == [True, False, False]
        results.add(ended("http://a.b/1"))
        results.end()
    assert urls_in(path) == ["http://a.b/2", "http://a.b/1"]


@pytest.mark.parametrize("name", NAMES)
def test_a_result_that_is_cut_off_is_dropped_wherever_that_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with Results(path) as results:
        results.add(ended("http://a.b/1", title="one"))
        whole = path.stat().st_size
        results.add(ended("http://a.b/2", title="zwölf"))
    data = path.read_bytes()
    for size in range(whole + 1, len(data) - 1, 7):
        path.write_bytes(data[:size])
        with Results(path) as results:
            assert results.is_done("http://a.b/1")
            results.add(ended("http://a.b/3"))
        assert urls_in(path)[0 :: len(urls_in(path)) - 1] == ["http://a.b/1", "http://a.b/3"]


def test_all_spellings_of_a_url_are_one(tmp_path: Path) -> None:
    with Results(tmp_path / "all.csv") as results:
        results.add(ended("HTTP://A.b/ü?x;=1\u200b"))
        results.end()
    with Results(tmp_path / "all.csv") as results:
        assert results.is_done("http://a.b/%C3%BC?x;=1%E2%80%8B")


def test_urls_with_passwords_are_always_fetched_again_and_none_of_their_results_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson"
    for _ in range(2):
        with Results(path) as results:
            assert not results.is_done("http://alice:secret@a.b/")
            for title in ("Alice's", "Bob's"):
                results.add(ended("http://•••@a.b/", title=title))
            results.end()
        assert [json.loads(line)["title"] for line in path.read_text().splitlines()] == ["Alice's", "Bob's"]


def test_an_array_that_another_program_has_written_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps([{"url": "http://a.b/1", "outcome": "ok"}], indent=4))
    with Results(path) as results:
        assert results.is_done("http://a.b/1")
        results.add(ended("http://a.b/2"))
    assert urls_in(path) == ["http://a.b/1", "http://a.b/2"]


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_the_results_up_to_then_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Results(path) as results:
        results.add(ended("http://a.b/1"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                results.add(ended("http://a.b/2"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert urls_in(path) == ["http://a.b/1"]
