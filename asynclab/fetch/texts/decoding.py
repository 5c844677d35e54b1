"""Decodes the bytes of a text."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def decoded(data: bytes) -> str:
    """The text of a file: by its byte order mark, or what its bytes look like: UTF-16, UTF-8 or CP1252."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    beginning = data[:1_000]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(beginning) > 1 and not any(beginning[first::2]) and all(beginning[1 - first :: 2]):
            return data.decode(encoding, "replace")
    text = data.decode("utf-8", "replace")
    # Where more is broken than not, it was no UTF-8: what Windows and old files in the West have is next.
    broken = text.count("\ufffd")
    is_utf8 = not broken or broken < sum(character > "\x7f" for character in text) - broken
    return text if is_utf8 else data.decode("cp1252", "replace")
