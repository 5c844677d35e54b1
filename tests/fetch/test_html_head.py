"""Tests that titles and declared charsets are found in HTML, and nothing that only looks like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch.html_head import LONGEST_TITLE, charset_in, declared_charsets, title_of

NO = "<title>no</title>"


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ("<title>One &amp; two</title>", "One & two"),
        ("<TITLE lang=en>\n  spread\n  out </TITLE\n>", "spread out"),
        ("<title>a <b>bold</b> one</title>", "a <b>bold</b> one"),
        ("<titles>no</titles><title>yes</title>", "yes"),
        ("<title>never closed", "never closed"),
        ("<title", ""),
        ("<title lang='", ""),
        ("no title", ""),
        ("<title></title><title>second</title>", ""),
        (f"<title>{'x' * 1_000}</title>", "x" * LONGEST_TITLE),
        *[(f"{before}<title>yes</title>", "yes") for before in ("<!-->", "<!--->", f"<!--{NO}-->", f"<!--{NO}--!>")],
        (f"<script>x = '{NO}'</script><title>yes</title>", "yes"),
        (f"<script>x = '{NO}'</scripts>{NO}</SCRIPT ><title>yes</title>", "yes"),
        (f"<style>{NO}</style><textarea>{NO}</textarea><noscript>{NO}</noscript><title>yes</title>", "yes"),
        (f"<iframe>{NO}</iframe><xmp>{NO}</xmp><title>yes</title>", "yes"),
        (f"<![CDATA[{NO}]]><title>yes</title>", "yes"),
        (f"<svg><g><svg>{NO}</svg>{NO}</g></svg><title>yes</title>", "yes"),
        ("<svg/><svg><title/><path/></svg><title>yes</title>", "yes"),
        (f"<math>{NO}</math><template>{NO}</template><title>yes</title>", "yes"),
        (f"""<a title="{NO}" x = '{NO}'><title>yes</title>""", "yes"),
        ("<a title=it's><title>yes</title><p>that's</p>", "yes"),
        (f"<!--{NO}", ""),
        (f"<script>{NO}", ""),
        (f"<svg>{NO}</svg>", ""),
        (f"<a title='{NO}", ""),
    ],
)
def test_a_title_is_one_line_and_none_of_what_only_looks_like_one(document: str, title: str) -> None:
    assert title_of(document) == title


@pytest.mark.parametrize(
    ("beginning", "labels"),
    [
        (b'<meta charset="koi8-r">', ["koi8-r"]),
        (b"<META name=x CharSet = ' koi8-r '/>", [" koi8-r "]),
        (b"<meta http-equiv=Content-Type content='text/html; charset=x-sjis'>", ["x-sjis"]),
        (b"<meta content='text/html; charset=x-sjis' http-equiv=content-type>", ["x-sjis"]),
        (b"<meta name=description content='text/html; charset=x-sjis'>", []),
        (b"<!-- <meta charset=a> --><script><meta charset=b></script><p x='<meta charset=c>'><meta charset=d>", ["d"]),
        (b"<body><meta charset=a>", []),
        (b"<?xml version='1.0' encoding='windows-1251'?><meta charset=utf-8>", ["windows-1251", "utf-8"]),
        (b"<html>encoding='x'<?xml version='1.0' encoding='windows-1251'?>", []),
        (b"", []),
    ],
)
def test_charsets_are_declared_in_xml_and_meta_elements(beginning: bytes, labels: list[str]) -> None:
    assert list(declared_charsets(beginning)) == labels


@pytest.mark.parametrize(
    ("content_type", "label"),
    [
        ("text/html; charset=utf-8", "utf-8"),
        ("text/html;CHARSET = 'koi8-r'; x=y", "koi8-r"),
        ('text/html; x=y; charset=" latin1 "', "latin1"),
        ("text/html", ""),
        ("text/html; charset=", ""),
    ],
)
def test_the_charset_of_a_header_is_found(content_type: str, label: str) -> None:
    assert charset_in(content_type) == label


PIECES = ["<title", "<title>", "<!--", "<meta charset", "<meta ", "</title", "&#", " ", "<a x='", '<a ="', "<script>"]
PIECES += ["<![CDATA[", "<svg>", "<svg", "=", "='", "<?xml encoding", "<", "</", "charset=", "<title>charset"]


@pytest.mark.parametrize("piece", PIECES)
def test_nothing_is_gone_over_again_and_again(piece: str) -> None:
    """Where the time grew with the square of the size, this would take longer than any test may."""
    body = "<title" + piece * (2_000_000 // len(piece)) + "charset"
    title_of(body)
    list(declared_charsets(body.encode()))


@given(st.text(st.sampled_from("<>/!-='\" \ntitlesvgCDA[]"), max_size=80))
def test_any_text_has_a_title_of_one_line_or_none(text: str) -> None:
    assert "\n" not in title_of(text)
