"""Tests which URLs are found in plain text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynclab.fetch.address import request_url, sent_text
from asynclab.fetch.texts.finding import IGNORED_KEPT
from asynclab.fetch.urls import MOST_URLS, find_urls, other_reading


@pytest.mark.parametrize(
    "text",
    [
        *("README.md", "main.rs", "1.5", "e.g.", "word", "see example.com", "a@b.com", "mailto:a@b.com"),
        *("ftp://a.com/x", "host.example:trunk", "localhosts", "999.1.1.1", "https://", "http://:80/", "http://a..b/"),
        *("http://a.com:99999/", "http://[::1", "http://127.1/", "xhttp://a.com", "# https://a.com", "#https://a.com"),
    ],
)
def test_what_is_no_url_is_ignored_and_can_be_seen(text: str) -> None:
    found = find_urls(text)
    assert found.urls == ()
    assert found.ignored == (text,)
    assert found.ignored_counts == (("line", 1),)


def test_html_gives_links_sources_and_urls_in_its_text() -> None:
    text = """<html><head><link href='https://a.com/s.css'><script>var u = "https://no.example"</script></head>
    <a href="https://a.com/?x=1&amp;y=2" title=">">one</a> <img src=//cdn.example/i.png data-src="https://no2.example">
    <a href="/relative">rel</a> <a href="mailto:a@b.c">m</a><svg xmlns="http://www.w3.org/2000/svg"></svg>
    read https://b.com/x&amp;y, soon</html>"""
    found = find_urls(text)
    assert [url.url for url in found.urls] == [
        "https://a.com/s.css", "https://a.com/?x=1&y=2", "https://cdn.example/i.png", "https://b.com/x&y"
    ]  # fmt: skip
    assert found.ignored == (
        "script URL: https://no.example", "script URL: https://no2.example", "/relative", "mailto:a@b.c"
    )  # fmt: skip


def test_duplicates_are_counted_and_the_order_of_the_text_is_kept() -> None:
    found = find_urls("https://b.com\nhttps://a.com/x#1\nHTTPS://B.com:443/\nhttps://a.com/x#2\nhttps://a.com/X")
    assert [(url.url, url.count) for url in found.urls] == [
        ("https://b.com", 2),
        ("https://a.com/x", 2),
        ("https://a.com/X", 1),
    ]
    assert found.duplicates == 2


def test_no_more_than_a_bounded_number_is_taken_and_kept() -> None:
    found = find_urls("".join(f"https://a.com/{number}\nnothing\n" for number in range(MOST_URLS + 100)))
    assert len(found.urls) == MOST_URLS
    assert found.left_out == 100
    assert len(found.ignored) == IGNORED_KEPT
    assert found.ignored_counts == (("line", MOST_URLS + 100),)


def test_ignored_lines_hide_passwords() -> None:
    assert find_urls("http://user:secret@a..b/").ignored == ("http://•••@a..b/",)


@pytest.mark.parametrize(
    ("before", "piece", "after"),
    [("", one, "") for one in ("http://", "<a ", "<a href=", "(", "http://a(", "# ", "a.", " #", "- ", "&#1;", "[ ] ")]
    + [
        ("", one, "")
        for one in (
            ">",
            "http://x:",
            "\\n",
            "](http://a.b/x",
            "{http://'\\",
            "http://<",
            "=http://a.b/=",
            "url,a\n",
            ',"x""',
        )
    ]
    + [("", " ", "|://"), ("", "\t", "://"), ("", "\n\t", "|"), ("[", ":80", "<"), ("From: a\n", " ", "x")]
    + [('{"a":\n ', '&#1;\\"', "]]>")],
)
@pytest.mark.timeout(30)  # a second is plenty; what grows with the square of its length takes minutes
def test_hostile_text_takes_no_longer_than_its_length_asks_for(before: str, piece: str, after: str) -> None:
    text = before + piece * (500_000 // len(piece)) + after
    found = find_urls(text)
    assert found.left_out == 0
    other_reading(text, found)


PIECES = st.sampled_from(
    [
        *("https://", "http://", "a.com", "/x", "#", " #", "(", ")", "[", "]", "<a href=", '"', "'", ",", ";", "\n"),
        *(" ", "&amp;", "@", ":", "::1", "%2F", "?q=", "<script>", "</script>", "localhost", "127.0.0.1", "ü", "\\/"),
        *("<base href=", "https://[", "<a href=x>", "／", "\\"),
        *("\ud800", "\x00", "\u202e", "-", "xn--", "*", "//", "<!--", "https://a.com"),
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_gives_distinct_urls_that_can_be_sent(text: str) -> None:
    found = find_urls(text)
    sent = [str(request_url(sent_text(url.url))) for url in found.urls]
    assert len(set(sent)) == len(sent)
    assert all(address.isascii() and address.isprintable() and " " not in address for address in sent)
    assert sum(url.count for url in found.urls) == len(found.urls) + found.duplicates


def test_in_html_a_host_without_a_scheme_counts_in_a_line_of_its_own_and_with_a_path_or_port() -> None:
    found = find_urls("<p>asyncio.run is\nexample.com/page\n127.0.0.1:80\n<li>os.path</li> http://a..b/ ends</p>")
    assert [url.url for url in found.urls] == ["https://example.com/page", "http://127.0.0.1:80"]
    assert found.ignored == ("http://a..b/",)


def test_lines_before_and_after_html_are_read_as_those_of_any_text() -> None:
    found = find_urls(
        "plain\na.com\n\nsee <p>in a tag's line\nread on\nb.com\nhttps://c.com and</p> so\nthe end\nd.com"
    )
    assert [url.url for url in found.urls] == ["https://a.com", "https://c.com", "https://d.com"]
    assert found.ignored == ("plain", "the end")


def test_the_prose_of_a_page_is_no_ignored_line() -> None:
    found = find_urls("<html><p>One line\nand the next\n" * 50 + "</html>\n")
    assert found.ignored_counts == ()


def test_in_html_neither_scripts_nor_declarations_are_ignored_lines() -> None:
    declaration = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'
    found = find_urls(f"{declaration}\n<style>\na {{ }}\n</style>\n<script>\nlet a\n</script>")
    assert (found.urls, found.ignored) == ((), ())


@pytest.mark.parametrize("character", ["\u202e", "\\u202e", "\\u202E"])
def test_a_path_is_not_lost_where_it_turns_its_direction(character: str) -> None:
    (found,) = find_urls(f"http://bücher.example/{character}evil").urls
    assert sent_text(found.url) == "http://xn--bcher-kva.example/%E2%80%AEevil"
