"""Decodes the bytes of a text."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def decoded(data: bytes) -> str:
    """The text of a file: by its byte order mark, or what its bytes look like: UTF-16, UTF-8, East Asian or CP1252."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    beginning = data[:1_000]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(beginning) > 1 and not any(beginning[first::2]) and all(beginning[1 - first :: 2]):
            return data.decode(encoding, "replace")
    text = data.decode("utf-8", "replace")
    # Where more is broken than not, it was no UTF-8: what Windows and old files have is next.
    broken = text.count("\ufffd")
    is_utf8 = not broken or broken < sum(character > "\x7f" for character in text) - broken
    return text if is_utf8 else _east_asian(data) or data.decode("cp1252", "replace")


_USUAL = (
    ("cp932", re.compile(rb"[\x82\x83][\x40-\xf1]|\x81[\x40-\x7e]"), 0.3),  # kana and punctuation
    ("gb18030", re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]"), 0.8),  # most of Korean, too
)
"""Characters that an encoding has most of, and at least how much they are of all that are not ASCII."""


def _east_asian(data: bytes) -> str:
    """The text in an encoding whose second bytes may be marks of ASCII; empty if it looks like none."""
    for encoding, usual, share in _USUAL:
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if len(usual.findall(data)) >= share * sum(character > "\x7f" for character in text):
                return text
    return ""
