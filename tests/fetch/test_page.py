"""What is shown of a body."""

from __future__ import annotations

from asynclab.fetch.page import Page, preview_of
from asynclab.fetch.rows import Row


def test_a_preview_is_text_or_hex() -> None:
    row = Row(1, "", "", page=Page("naïve\ncafé".encode(), "text/plain"))
    assert preview_of(row) == "naïve\ncafé"
    assert preview_of(row, lines=1) == "naïve"
    row.body, row.page = b"\x89PNG\r\n\x1a\n" + b"abcdefghij", Page(b"\x89PNG", "image/png")
    assert preview_of(row).splitlines() == [
        "89 50 4e 47 0d 0a 1a 0a 61 62 63 64 65 66 67 68  .PNG....abcdefgh",
        "69 6a" + " " * 44 + "ij",
    ]
