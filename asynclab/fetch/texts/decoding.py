"""Decodes the bytes of a text."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from asynclab.fetch.charsets import charset_by_mark, charset_by_zeros, text_of


def decoded(data: bytes) -> str:
    """The text of a file, decoded by its byte order mark or its typical bytes: UTF-16, UTF-8, East Asian or CP1252."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # it begins like UTF-16's mark
        return data.decode("utf-32", "replace")
    if charset := charset_by_mark(data) or charset_by_zeros(data):
        return text_of(data, charset)
    text = data.decode("utf-8", "replace")
    # If more characters are broken than not, it isn't UTF-8: try the encodings of Windows and of old files.
    broken = text.count("\ufffd")
    is_utf8 = not broken or broken < sum(character > "\x7f" for character in text) - broken
    return text if is_utf8 else _east_asian(data) or data.decode("cp1252", "replace")


_USUAL = (
    ("cp932", re.compile(rb"[\x82\x83][\x40-\xf1]|\x81[\x40-\x7e]"), 0.3),  # kana and punctuation
    ("gb18030", re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]"), 0.8),  # most of Korean, too
)
"""The typical characters of an encoding, and their smallest share of all characters that aren't ASCII."""


def _east_asian(data: bytes) -> str:
    """The text in an East Asian encoding, whose second bytes may be ASCII; empty if none is likely."""
    for encoding, usual, share in _USUAL:
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if len(usual.findall(data)) >= share * sum(character > "\x7f" for character in text):
                return text
    return ""
