"""What is told of a body: charset, title, preview."""

from __future__ import annotations

import codecs
import time
from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch.page import LONGEST_TITLE, charset_of, preview_of, text_of, title_of
from asynclab.fetch.rows import Row


@pytest.mark.parametrize(
    ("body", "content_type", "charset"),
    [
        (b"caf\xc3\xa9", "text/plain", "utf-8"),
        (b"caf\xe9", "text/plain; charset=ISO-8859-1", "iso8859-1"),
        (b"caf\xe9", 'text/plain; Charset="windows-1252"; x=y', "cp1252"),
        (codecs.BOM_UTF8 + b"x", "text/plain; charset=latin-1", "utf-8-sig"),
        ("x".encode("utf-16"), "text/plain", "utf-16"),
        (b'<meta charset="koi8-r">', "text/html", "koi8-r"),
        (b'<meta http-equiv=x content="text/html; charset=shift_jis">', "text/html", "shift_jis"),
        (b"<meta charset=koi8-r>", "text/html; charset=zlib", "koi8-r"),
        (b"x", "text/plain; charset=idna", "utf-8"),
        (b"x", "text/plain; charset=nonsense", "utf-8"),
        (b"x", "text/plain; charset=\x00", "utf-8"),
        (b"x", "", "utf-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", ""),
        (b"\0\1\2\3" * 10, "application/octet-stream", ""),
        (b"a\0b", "text/plain", ""),
        (b"\x1b[31mred\x1b[0m\x07\x01", "text/html", "utf-8"),
    ],
)
def test_a_charset_is_taken_from_mark_header_meta_or_is_utf_8(body: bytes, content_type: str, charset: str) -> None:
    assert charset_of(body, content_type) == charset


@given(st.binary(max_size=300), st.text(max_size=40).map("text/plain; charset={}".format))
def test_any_bytes_with_any_header_can_be_read(body: bytes, content_type: str) -> None:
    charset = charset_of(body, content_type)
    if charset:
        text_of(body, charset)
    title_of(body.decode("latin-1"))


@given(st.sampled_from(sorted(set(aliases.values()))), st.binary(max_size=60))
def test_no_codec_that_a_header_may_name_is_a_trap(codec: str, body: bytes) -> None:
    charset = charset_of(body, f"text/plain; charset={codec}")
    if charset:
        text_of(body, charset)


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ("<title>One &amp; two</title>", "One & two"),
        ("<TITLE lang=en>\n  spread\n  out </TITLE>", "spread out"),
        ("<titles>no</titles><title>yes</title>", "yes"),
        ("<title>never closed", "never closed"),
        ("<title", ""),
        ("no title", ""),
        (f"<title>{'x' * 1_000}</title>", "x" * LONGEST_TITLE),
    ],
)
def test_a_title_is_one_line(document: str, title: str) -> None:
    assert title_of(document) == title


@pytest.mark.parametrize("piece", ["<title", "<title>", "<!--", "<meta charset", "<meta ", "</title", "&#", " "])
def test_hostile_pages_take_no_time(piece: str) -> None:
    body = (piece * 65_536)[:65_536]
    begin = time.process_time()
    title_of(body)
    charset_of(body.encode(), "text/html")
    assert time.process_time() - begin < 0.5


def test_a_preview_is_text_or_hex() -> None:
    row = Row(1, "", "", head="naïve\ncafé".encode(), charset="utf-8")
    assert preview_of(row) == "naïve\ncafé"
    assert preview_of(row, lines=1) == "naïve"
    row.body, row.charset = b"\x89PNG\r\n\x1a\n" + b"abcdefghij", ""
    assert preview_of(row).splitlines() == [
        "89 50 4e 47 0d 0a 1a 0a 61 62 63 64 65 66 67 68  .PNG....abcdefgh",
        "69 6a" + " " * 44 + "ij",
    ]


def test_a_character_that_is_cut_in_the_middle_is_left_out() -> None:
    assert text_of("é".encode()[:1], "utf-8") == ""
