"""Finds the title of an HTML document, and the charset that it declares, in its beginning.

HTML is parsed just enough to distinguish a title from text that looks like one: comments, CDATA, scripts, elements
whose text has no tags, quoted attributes, and SVG. Each expression matches up to the end of the text if its closing
part is missing, so no text is searched twice; html.parser before Python 3.13.6 does search it again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

LONGEST_TITLE = 300
"""The most characters of a title."""

_ATTRIBUTES = r"""(?:=\s*+"[^"]*+(?:"|\Z)|=\s*+'[^']*+(?:'|\Z)|[^>])*+"""
_TOKEN = re.compile(
    rf"""
    < (?: !-- (?: -?> | .*? (?: --!?> | \Z ) )
        | !\[CDATA\[ .*? (?: \]\]> | \Z )
        | (?P<raw>script|style|textarea|noscript|iframe|xmp|noembed|noframes) (?=[\s/>])
          .*? (?: </(?P=raw)(?=[\s/>]) | \Z )
        | (?P<close>/?) (?P<name>[a-z][^\s/>]*+) (?P<attributes>{_ATTRIBUTES}) (?:>|\Z)
    )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_TITLE_END = re.compile(r"</title(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=/>"']+)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""")
_XML_ENCODING = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']\s*([^"'>\s]+)""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([^\s"';,]{1,60})""", re.IGNORECASE)
_REFRESH = re.compile(
    r"""\s*[\d.]+\s*[;,\s]\s*(?:url\s*=\s*)?(?:"([^"]+)|'([^']+)|([^\s"';,][^\r\n]*?)\s*\Z)""", re.IGNORECASE
)
"""As in the HTML standard: seconds, a separator, and a URL, which may have quotes and the name "url"."""

_APART = frozenset({"svg", "math", "template"})
"""Elements whose titles aren't the document's."""


def title_of(text: str) -> str:
    """The title of an HTML document, on one line; empty if there is none."""
    if "<title" not in text.lower():
        return ""
    depth = 0
    for tag in _TOKEN.finditer(text):
        name, is_end = (tag["name"] or "").lower(), bool(tag["close"])
        if name in _APART and not tag["attributes"].endswith("/"):
            depth = max(0, depth + (-1 if is_end else 1))
        elif name == "title" and not is_end and not depth and tag[0].endswith(">"):
            end = _TITLE_END.search(text, tag.end())
            raw = text[tag.end() : tag.end() + LONGEST_TITLE if end is None else end.start()]
            return " ".join(html.unescape(raw[: 10 * LONGEST_TITLE]).split())[:LONGEST_TITLE]
    return ""


def declared_charsets(beginning: bytes) -> Iterator[str]:
    """The labels in an XML declaration and in meta elements; the label that counts comes first."""
    if xml := _XML_ENCODING.match(beginning):
        yield xml[1].decode("latin-1")
    # Nearly all pages without a charset in their header declare none here either; this test is fast.
    if b"charset" not in beginning.lower():
        return
    for attributes in _metas(beginning):
        if "charset" in attributes:
            yield attributes["charset"]
        elif attributes.get("http-equiv", "").lower() == "content-type":
            yield charset_in(attributes.get("content", ""))


def declared_refresh(beginning: bytes) -> str:
    """The Refresh value in a meta element; empty if there is none."""
    if b"refresh" not in beginning.lower():
        return ""
    said = (meta.get("content", "") for meta in _metas(beginning) if meta.get("http-equiv", "").lower() == "refresh")
    return html.unescape(next(said, ""))


def refresh_target(refresh: str) -> str:
    """The URL that a Refresh value sends a browser to; empty if it only reloads the page."""
    found = _REFRESH.match(refresh[:10_000])
    return "" if found is None else found[1] or found[2] or found[3] or ""


def charset_in(content_type: str) -> str:
    """The label of the charset in a Content-Type; empty if there is none."""
    found = _CHARSET.search(content_type[:1_000])
    return "" if found is None else found[1]


def _metas(beginning: bytes) -> Iterator[dict[str, str]]:
    """The attributes of the meta elements before the body."""
    for tag in _TOKEN.finditer(beginning.decode("latin-1")):
        name = (tag["name"] or "").lower()
        if name == "body":
            return
        if name == "meta" and not tag["close"]:
            yield dict(reversed([_name_and_value(found) for found in _ATTRIBUTE.finditer(tag["attributes"])]))


def _name_and_value(found: re.Match[str]) -> tuple[str, str]:
    return found[1].lower(), found[2] or found[3] or found[4] or ""
