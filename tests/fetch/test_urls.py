"""Which URLs are found in a text, whatever the text is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynclab.fetch.address import request_url, sent_text
from asynclab.fetch.texts.finding import IGNORED_KEPT
from asynclab.fetch.urls import MOST_URLS, find_urls, other_reading


def urls(text: str) -> list[str]:
    return [found.url for found in find_urls(text).urls]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.com/x", ["https://a.com/x"]),
        ("HTTPS://A.com/X", ["HTTPS://A.com/X"]),
        ("\ufeffhttps://a.com\r\nhttp://b.com\r\n", ["https://a.com", "http://b.com"]),
        ("see https://a.com/x, and (http://b.com/y). https://c.com!", ["https://a.com/x", "http://b.com/y", "https://c.com"]),
        ("- https://a.com\n* http://b.com\n1. http://c.com", ["https://a.com", "http://b.com", "http://c.com"]),
        ("> https://quoted.example/mail", ["https://quoted.example/mail"]),
        ("<https://a.com/x>", ["https://a.com/x"]),
        ("“https://a.com/x”", ["https://a.com/x"]),
        ("'https://a.com', `http://b.com`", ["https://a.com", "http://b.com"]),
        ("https://a.com/?q=a,b;c&d=%2F%7e", ["https://a.com/?q=a,b;c&d=%2F%7e"]),
        ("https://a.com/x#part", ["https://a.com/x"]),
        ("https://a.com,http://b.com;http://c.com|http://d.com", ["https://a.com", "http://b.com", "http://c.com", "http://d.com"]),
        ("https://u:p%40w@a.com/x", ["https://u:p%40w@a.com/x"]),
        ("http://[2001:db8::1]:8080/x http://[::1]", ["http://[2001:db8::1]:8080/x", "http://[::1]"]),
        ("https://bücher.example/straße?q=ü", ["https://bücher.example/straße?q=ü"]),
        ("\x1b[32mhttp://a.com/x\x1b[0m \u241b[1;31m\u241b[Khttp\u241b[m\u241b[K://b.com/\u2407", ["http://a.com/x", "http://b.com/"]),
        ("参照：https://例え.jp/パス。次", ["https://例え.jp/パス"]),
    ],
)  # fmt: skip
def test_urls_are_found_in_plain_text(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](https://a.com/x)[b](https://b.com)", ["https://a.com/x", "https://b.com"]),
        ("[w](https://w.org/Foo_(bar)), too", ["https://w.org/Foo_(bar)"]),
        ("(see https://w.org/Foo_(bar))", ["https://w.org/Foo_(bar)"]),
        ('![i](https://a.com/i.png "a title")', ["https://a.com/i.png"]),
        ("**https://a.com** _https://b.com_", ["https://a.com", "https://b.com"]),
        ("[1]: https://a.com/ref", ["https://a.com/ref"]),
        ("## [Heading](https://a.com)", ["https://a.com"]),
        ("https://a.com/x(unclosed", ["https://a.com/x(unclosed"]),
    ],
)
def test_markdown_links_end_where_their_brackets_do(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.com", ["https://example.com"]),
        ("  - example.com/path?x=1", ["https://example.com/path?x=1"]),
        ('"example.com:8443/x",', ["https://example.com:8443/x"]),
        ("localhost:8000/x", ["http://localhost:8000/x"]),
        ("localhost", ["http://localhost"]),
        ("127.0.0.1:8080/h", ["http://127.0.0.1:8080/h"]),
        ("[::1]:8080/h", ["http://[::1]:8080/h"]),
        ("//cdn.example.org/x.js", ["https://cdn.example.org/x.js"]),
        ("bücher.example", ["https://bücher.example"]),
        ("README.md/x", ["https://README.md/x"]),
        ("img.example.net/poster.png   # poster", ["https://img.example.net/poster.png"]),
    ],
)
def test_a_host_alone_in_its_line_needs_no_scheme(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


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


def test_json_gives_the_urls_in_its_strings_also_where_they_are_escaped() -> None:
    text = '{"u":"https:\\/\\/a.com\\/b?x=1\\u0026y","v":["http://b.com","http://c.com/d"]}'
    assert urls(text) == ["https://a.com/b?x=1&y", "http://b.com", "http://c.com/d"]


@pytest.mark.parametrize(
    "text",
    [
        "url,status\nhttps://a.com/x,200\nb.com,300\n",
        'note;url\n"x";"https://a.com/x"\ny;b.com\n',
        "1,https://a.com/x,ok\n2,https://b.com,no\n",
    ],
)
def test_columns_end_a_url(text: str) -> None:
    assert [url.removeprefix("https://").removesuffix("/x") for url in urls(text)] == ["a.com", "b.com"]


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
    "piece", ["http://", "<a ", "<a href=", "(", "http://a(", "# ", "a.", " #", "- ", "&#1;", "[ ] ", ">", "http://x:"]
)
@pytest.mark.timeout(30)  # a second is plenty; what grows with the square of its length takes minutes
def test_hostile_text_takes_no_longer_than_its_length_asks_for(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    found = find_urls(text)
    assert found.left_out == 0
    other_reading(text, found)


PIECES = st.sampled_from(
    [
        *("https://", "http://", "a.com", "/x", "#", " #", "(", ")", "[", "]", "<a href=", '"', "'", ",", ";", "\n"),
        *(" ", "&amp;", "@", ":", "::1", "%2F", "?q=", "<script>", "</script>", "localhost", "127.0.0.1", "ü", "\\/"),
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


@pytest.mark.parametrize("pair", ["\\ud83d\\ude00", "\\uD83D\\uDE00"])
def test_a_pair_of_escapes_is_one_character(pair: str) -> None:
    assert urls(f'"https://a.com/{pair}/x"') == ["https://a.com/\U0001f600/x"]


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00\\ud83d", "\\ud83d\\u0041"])
def test_half_a_pair_of_escapes_ends_a_url(half: str) -> None:
    assert urls(f'"https://a.com/{half}"') == ["https://a.com/"]


def test_an_escaped_tag_makes_no_html_of_json() -> None:
    text = '{"body":"\\u003ca href=\\"https://a.com/x\\"\\u003e"}\n{"text":"one\\u003cbr\\u003etwo"}\nb.com'
    assert urls(text) == ["https://a.com/x", "https://b.com"]


def test_links_of_html_in_a_string_of_json_are_found() -> None:
    assert urls('{"body":"<a href=\\"https:\\/\\/a.com/x\\">a</a>"}') == ["https://a.com/x"]


def test_escaped_colours_are_no_part_of_a_url() -> None:
    assert urls('{"log":"\\u001b[31mhttps://a.com/x\\u001b[0m"}') == ["https://a.com/x"]
