"""Tests with which charset a text is decoded: the same as in browsers."""

import codecs
from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch.body_text import HEAD_KEPT, Page, charset_of, preview_of
from asynclab.fetch.charsets import charset_named, text_of


@pytest.mark.parametrize(
    ("body", "content_type", "charset"),
    [
        (b"caf\xc3\xa9", "text/plain", "utf-8"),
        (b"caf\xe9", "text/plain", "windows-1252"),
        (b"caf\xc3\xa9 caf\xc3", "text/plain", "utf-8"),
        (b"caf\xe9", "text/plain; charset=ISO-8859-1", "windows-1252"),
        (b"caf\xe9", 'text/plain; Charset="windows-1252"; x=y', "windows-1252"),
        (codecs.BOM_UTF8 + b"x", "text/plain; charset=latin-1", "utf-8"),
        ("x".encode("utf-16"), "text/plain; charset=utf-8", "utf-16le"),
        (codecs.BOM_UTF16_BE + "x".encode("utf-16-be"), "text/plain", "utf-16be"),
        ("<p>x</p>".encode("utf-16-le"), "text/html", "utf-16le"),
        ("<p>x</p>".encode("utf-16-be"), "text/html; charset=utf-8", "utf-16be"),
        ("日本<b>語</b>".encode("utf-16-le"), "text/html; charset=utf-16", "utf-16le"),
        (b'<meta charset="koi8-r">', "text/html", "koi8-r"),
        (b"<meta charset=utf-16>", "text/html", "utf-8"),
        (b"<meta charset=x-user-defined>", "text/html", "windows-1252"),
        (b"<meta charset=nonsense><meta charset=x-gbk>", "text/html", "gbk"),
        (b'<meta http-equiv=content-type content="text/html; charset=x-sjis">', "text/html", "shift_jis"),
        (b"<meta charset=koi8-r>", "text/html; charset=zlib", "koi8-r"),
        (b"<meta charset=koi8-r>", "text/html; charset=gb2312", "gbk"),
        (b"<meta charset=koi8-r>", "application/json", "koi8-r"),
        (b'"<meta charset=koi8-r>"', "application/json", "utf-8"),
        (b"<?xml version='1.0' encoding='windows-1251'?><html>", "application/xhtml+xml", "windows-1251"),
        (b"<?xml version='1.0' encoding='EUC-KR'?><rss>", "application/rss+xml", "euc-kr"),
        (b"x", "text/plain; charset=idna", "utf-8"),
        (b"x", "text/plain; charset=nonsense", "utf-8"),
        (b"x", "text/plain; charset=\x00", "utf-8"),
        (b"x", "text/plain; charset=\u212aoi8-r", "utf-8"),
        (b"x", "", "utf-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", ""),
        (b"\0\1\2\3" * 10, "application/octet-stream", ""),
        (b"a\0b", "text/plain", ""),
        (b"\x1b[31mred\x1b[0m\x07\x01", "text/html", "utf-8"),
    ],
)
def test_a_charset_is_told_by_mark_header_declaration_or_looks(body: bytes, content_type: str, charset: str) -> None:
    assert charset_of(body, content_type) == charset


@pytest.mark.parametrize(
    ("label", "body", "text"),
    [
        ("iso-8859-1", b"\x93quoted\x94 \x97 10 \x80", "“quoted” — 10 €"),
        ("latin1", b"\x81\x8d", "\x81\x8d"),
        ("us-ascii", b"caf\xe9", "café"),
        ("windows-1253", b"\xaa\x81", "\ufffd\x81"),
        ("windows-874", "ไทย".encode("cp874"), "ไทย"),
        ("tis-620", b"\xa1\x85", "ก…"),
        ("gb2312", "\u9555\u20ac".encode("gb18030"), "\u9555\u20ac"),
        ("x-gbk", "镕".encode("gbk"), "镕"),
        ("shift_jis", "①髙".encode("cp932"), "①髙"),
        ("x-sjis", "①".encode("cp932"), "①"),
        ("euc-kr", "똠방".encode("cp949"), "똠방"),
        ("ks_c_5601-1987", "똠".encode("cp949"), "똠"),
        ("big5", "香港㗎".encode("big5hkscs"), "香港㗎"),
        ("utf-16", "é".encode("utf-16-le"), "é"),
        ("utf8", codecs.BOM_UTF8 + b"x", "x"),
        ("utf-16be", codecs.BOM_UTF16_BE + b"\0x", "x"),
        ("macintosh", b"\x8e", "é"),
        ("iso-8859-8-i", b"\xe0", "א"),
        ("x-user-defined", b"a\x80", "a\uf780"),
        ("utf-8", "é".encode()[:1], ""),
        ("utf-8", b"\xffx", "\ufffdx"),
    ],
)
def test_a_label_means_what_it_means_to_browsers(label: str, body: bytes, text: str) -> None:
    assert text_of(body, charset_named(label)) == text


@given(st.binary(max_size=300), st.text(max_size=40).map("text/plain; charset={}".format))
def test_any_bytes_with_any_header_can_be_read(body: bytes, content_type: str) -> None:
    charset = charset_of(body, content_type)
    if charset:
        text_of(body, charset)


@given(st.sampled_from(sorted({*aliases, *aliases.values()})), st.binary(max_size=60))
def test_no_codec_that_a_header_may_name_is_a_trap(codec: str, body: bytes) -> None:
    charset = charset_of(body, f"text/plain; charset={codec}")
    if charset:
        text_of(body, charset)


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
