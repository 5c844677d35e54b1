"""Tests that the same URLs are found in each export as in the text that was fetched."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch.address import sent_text
from asynclab.fetch.body_text import Page
from asynclab.fetch.export import csv_header, to_csv, to_json, to_ndjson
from asynclab.fetch.exported import exported_urls
from asynclab.fetch.har import to_har
from asynclab.fetch.options import Options
from asynclab.fetch.rows import Hop, Row
from asynclab.fetch.urls import find_urls

URLS = (
    "https://a.example/Apple_Inc.",
    "https://a.example/wiki/Moore's_law",
    "https://a.example/KO0,26.htm?a=1,2",
    "https://a.example/x;=1+2;-3",
    "https://a.example/(x)[y]?q=%2F%22",
    "https://a.example/ü/☕?q=ñ",
    "https://bücher.example/",
    "http://[2001:db8::1]:8080/x",
    "https://a.example/\u200bhidden",
    "https://a.example/" + "long/" * 1_000,
    "https://a.example/?u=https://b.example/",
    "https://a.example",
)

FORMATS: dict[str, Callable[[list[Row]], str]] = {
    "csv": lambda rows: csv_header() + "".join(map(to_csv, rows)),
    "ndjson": lambda rows: "".join(f"{to_ndjson(row)}\n" for row in rows),
    "json": to_json,
    "har": lambda rows: to_har(rows, Options()),
}


def ended(url: str) -> Row:
    """A row that was redirected, from a page whose title names another URL."""
    return Row(
        1,
        url,
        url,
        sent_text(url),
        page=Page(facts=("utf-8", '<a href="https://other.example/">see https://other.example/title</a>')),
        attempts=1,
        hops=(Hop(sent_text(url), 301, "127.0.0.1", 0.1),),
        effective_url="https://redirected.example/",
        raw_headers=((b"Link", b"<https://other.example/link>"),),
        outcome="ok",
        state="ok",
    )


@pytest.mark.parametrize("url", ["https://•••@a.example/x", "https://a.example/?token=%E2%80%A2%E2%80%A2%E2%80%A2"])
def test_a_url_whose_secret_an_export_left_out_is_to_be_filled_in(url: str) -> None:
    found = find_urls(url)
    assert (found.urls, found.ignored_counts) == ((), (("template", 1),))


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_has_the_same_urls(form: str) -> None:
    text = FORMATS[form]([ended(url) for url in URLS])
    found = find_urls(text)
    # An archive must escape brackets.
    urls = [sent_text(url.replace("[y]", "%5By%5D") if form == "har" else url) for url in URLS]
    assert [sent_text(url.url) for url in found.urls] == urls
    assert (found.duplicates, found.ignored) == (0, ())


@given(st.lists(st.text("ab;,|\t\n'\"=+-@＝ü☕\u200b\u202e.()[]<>{}%?&\\", max_size=12), min_size=1, max_size=4))
def test_an_export_of_any_urls_has_the_same(paths: list[str]) -> None:
    urls = [f"https://a.example/{path}" for path in paths]
    for form, read in ((name, FORMATS[name]) for name in ("csv", "ndjson", "json")):
        exported = exported_urls(read([ended(url) for url in urls]))
        assert exported is not None, form
        assert [sent_text(url) for url in exported] == [sent_text(url) for url in urls], form


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
def test_an_export_has_the_same_fragments(form: str) -> None:
    row = ended("https://a.example/")
    row.looked_for = ("one", "two")
    (url,) = find_urls(FORMATS[form]([row])).urls
    assert (url.url, url.fragments) == ("https://a.example/", ("one", "two"))


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_added_to_an_export_is_found_too(form: str) -> None:
    text = FORMATS[form]([ended("https://a.example/")]) + "\nand https://added.example/\n"
    assert "https://added.example/" in [url.url for url in find_urls(text).urls]
