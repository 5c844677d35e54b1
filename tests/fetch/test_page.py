"""What is told and shown of a body."""

from __future__ import annotations

import pytest

from asynclab.fetch.page import HEAD_KEPT, Page, preview_of


def test_a_preview_is_text_or_hex() -> None:
    body = "naïve\ncafé".encode()
    assert preview_of(body, "utf-8") == "naïve\ncafé"
    assert preview_of(body, "utf-8", lines=1) == "naïve"
    assert preview_of(b"\x89PNG\r\n\x1a\n" + b"abcdefghij", "").splitlines() == [
        "89 50 4e 47 0d 0a 1a 0a 61 62 63 64 65 66 67 68  .PNG....abcdefgh",
        "69 6a" + " " * 44 + "ij",
    ]


@pytest.mark.parametrize("before", [0, HEAD_KEPT])
def test_charset_and_title_are_those_of_all_that_was_looked_at(before: int) -> None:
    beginning = b"<!doctype html>" + b" " * before + "<meta charset=windows-1252><title>Café</title>".encode("cp1252")
    page = Page.of(beginning, "text/html")
    assert (page.charset, page.title, len(page.head)) == ("windows-1252", "Café", min(len(beginning), HEAD_KEPT))


def test_nobody_works_out_the_title_of_a_small_page_before_it_is_asked_for() -> None:
    page = Page.of(b"<title>Small</title>", "text/html")
    assert page.facts is None
    assert page.title == "Small"
