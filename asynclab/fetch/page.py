"""Reads a body: its charset, its title and its beginning."""

from __future__ import annotations

import codecs
import html
import re
from dataclasses import dataclass
from functools import lru_cache

from asynclab.fetch.rows import Row

SCANNED = 65_536
"""The bytes at the beginning of a body in which charset and title are looked for."""

LONGEST_TITLE = 300
"""Characters."""

HEX_WIDTH = 16
"""Bytes in a line of a hex preview."""

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MARKS = tuple(mark for mark, _ in _BOMS)
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';,]{1,60})""", re.IGNORECASE)
_TITLE = re.compile("<title(?=[\\s>])", re.IGNORECASE)
_TITLE_END = re.compile("</title", re.IGNORECASE)
_NOT_FOR_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b")


@dataclass(frozen=True, slots=True)
class MediaType:
    """What a Content-Type header promises."""

    kind: str
    """Without its parameters, such as "text/html"."""
    is_media: bool
    """Whether it is a picture, a sound, a video or a font, not meant to be read."""
    is_text: bool
    """Whether it is meant to be read."""
    charset: str
    """The codec for text that it names; empty where it names none."""


@lru_cache(256)
def media_type(content_type: str) -> MediaType:
    """What the header says; of a list of URLs, most say the same."""
    kind = content_type.partition(";")[0].strip().lower()
    named = _CHARSET.search(content_type[:1_000])
    return MediaType(
        kind,
        kind.startswith(("image/", "audio/", "video/", "font/")) and "svg" not in kind,
        kind.startswith("text/") or kind.endswith(("json", "xml", "javascript")),
        _codec(named[1]) if named else "",
    )


def charset_of(body: bytes, content_type: str) -> str:
    """What a text is to be read with; empty where it is no text.

    By its byte order mark, its header where that names a codec for text, its meta element, and else UTF-8.

    Args:
        body: The beginning.
        content_type: The header.
    """
    if body.startswith(_MARKS):
        return next(codec for mark, codec in _BOMS if body.startswith(mark))
    declared = media_type(content_type)
    if is_binary(body, declared):
        return ""
    return declared.charset or _declared_in(body[:4_096]) or "utf-8"


def text_of(body: bytes, charset: str) -> str:
    """The text; what can't be read is replaced, and a character cut off at the end is left out."""
    try:
        return body.decode(charset)  # nearly all can be read as it is
    except (UnicodeError, ValueError):
        pass
    try:
        return codecs.getincrementaldecoder(charset)("replace").decode(body)
    except (UnicodeError, ValueError):
        return body.decode("utf-8", "replace")


def title_of(text: str) -> str:
    """The title of an HTML document, on one line; empty where there is none."""
    start = _TITLE.search(text)
    opened = text.find(">", start.end()) if start is not None else -1
    if opened < 0:
        return ""
    end = _TITLE_END.search(text, opened)
    raw = text[opened + 1 : end.start() if end is not None else opened + 1 + LONGEST_TITLE]
    return " ".join(html.unescape(raw[: 10 * LONGEST_TITLE]).split())[:LONGEST_TITLE]


def is_binary(body: bytes, declared: MediaType) -> bool:
    """Whether a body is not meant to be read."""
    if declared.is_media:
        return True
    sample = body[: HEX_WIDTH * 64]
    if declared.is_text:
        return b"\0" in sample
    return len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) // 20


def preview_of(row: Row, lines: int = 200) -> str:
    """The beginning of a row's body, or all of it where it was kept: as text, or in hex where it is none.

    The text is as the server sent it: whoever shows it neutralises it first.
    """
    body = row.head if row.body is None else row.body
    if row.charset:
        return "\n".join(text_of(body, row.charset).splitlines()[:lines])
    return "\n".join(_hex_line(body[start : start + HEX_WIDTH]) for start in range(0, len(body), HEX_WIDTH)[:lines])


def _hex_line(part: bytes) -> str:
    letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
    return f"{part.hex(' '):<{HEX_WIDTH * 3}} {letters}"


def _declared_in(beginning: bytes) -> str:
    # Nearly all pages without a charset in their header have none here either, and that is faster to see.
    found = _META.search(beginning) if b"charset" in beginning.lower() else None
    return _codec(found[1].decode("ascii")) if found is not None else ""


def _codec(name: str) -> str:
    """The codec for text of that name; empty where there is none."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    is_for_text = getattr(info, "_is_text_encoding", True) and info.incrementaldecoder is not None
    return info.name if is_for_text and info.name.replace("-", "_") not in _NOT_FOR_TEXT else ""
