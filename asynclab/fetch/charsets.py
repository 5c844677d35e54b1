"""Finds the charset of a text and decodes it, as the WHATWG's standards for encodings and HTML say."""

from __future__ import annotations

import codecs

import webencodings  # type: ignore[import-untyped]

from asynclab.fetch.html_head import declared_charsets

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))
_MARKS = tuple(mark for mark, _ in _BOMS)

_IN_MARKUP = {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}
"""Replaces charsets that markup declares wrongly: in UTF-16, the declaration could not have been read."""

_EVERY_C1 = "asynclab: as browsers read it"


def charset_named(label: str) -> str:
    """The standard's name for a label; empty for an unknown label."""
    # Its labels are ASCII, but letters of other alphabets have small ones that are.
    found = webencodings.lookup(label) if label.isascii() else None
    return "" if found is None else str(found.name)


def charset_by_mark(body: bytes) -> str:
    """The charset of a byte order mark, which overrides all declarations."""
    return next(name for mark, name in _BOMS if body.startswith(mark)) if body.startswith(_MARKS) else ""


def charset_by_zeros(body: bytes) -> str:
    """UTF-16 without a mark, if every other byte of its ASCII is zero; empty for anything else."""
    sample = body[:1_024]
    if b"\0" not in sample:
        return ""
    first, second, pairs = sample[::2].count(0), sample[1::2].count(0), len(sample) // 2
    if pairs >= 2 and not first and second > 0.3 * pairs:
        return "utf-16le"
    if pairs >= 2 and not second and first > 0.3 * pairs:
        return "utf-16be"
    return ""


def charset_by_markup(body: bytes) -> str:
    """The charset that markup declares; empty if it declares none that is known."""
    names = (charset_named(label) for label in declared_charsets(body))
    found = next((name for name in names if name), "")
    return _IN_MARKUP.get(found, found)


def charset_by_guess(body: bytes) -> str:
    """UTF-8 if the text is valid UTF-8, otherwise windows-1252, as in browsers."""
    if body.isascii():
        return "utf-8"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(body)
    except UnicodeDecodeError:
        return "windows-1252"
    # Half a character at the end is where the text was cut, unless it is all that is not ASCII.
    return "windows-1252" if decoder.getstate()[0] and text.isascii() else "utf-8"


def text_of(body: bytes, charset: str) -> str:
    """A text, or its beginning; what can't be read is replaced, and a character cut off at the end is left out."""
    if charset == "utf-8" and body.isascii():
        return body.decode()
    return decoder_of(charset).decode(body).removeprefix("\ufeff")


def decoder_of(charset: str) -> codecs.IncrementalDecoder:
    """A decoder for text in a charset, named as in the standard; it replaces what it can't read."""
    # gb18030 has all of gbk, and the standard reads one as the other.
    codec: codecs.CodecInfo = webencodings.lookup("gb18030" if charset == "gbk" else charset).codec_info
    assert codec.incrementaldecoder is not None
    return codec.incrementaldecoder(_EVERY_C1 if charset.startswith("windows-") else "replace")


def _read_c1(error: UnicodeError) -> tuple[str, int]:
    """Read a byte that Windows gave no character as the control character that browsers read."""
    assert isinstance(error, UnicodeDecodeError)
    byte = error.object[error.start]
    return chr(byte) if byte < 0xA0 else "\ufffd", error.start + 1


codecs.register_error(_EVERY_C1, _read_c1)
