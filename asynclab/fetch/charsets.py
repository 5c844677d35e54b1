"""Finds the charset of a text and decodes it, following the WHATWG's standards for encodings and HTML."""

from __future__ import annotations

import codecs

import webencodings  # type: ignore[import-untyped]

from asynclab.fetch.html_head import declared_charsets

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))
_MARKS = tuple(mark for mark, _ in _BOMS)

_IN_MARKUP = {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}
"""Replaces charsets that markup can't be right about: in UTF-16, the declaration could not have been read."""

_EVERY_C1 = "asynclab: as browsers read it"


def charset_named(label: str) -> str:
    """The standard's name for a charset label; empty for an unknown label."""
    # Known labels are ASCII, but some other letters become ASCII in lower case.
    found = webencodings.lookup(label) if label.isascii() else None
    return "" if found is None else str(found.name)


def charset_by_mark(body: bytes) -> str:
    """The charset of a byte order mark, which overrides all declarations; empty without a mark."""
    return next(name for mark, name in _BOMS if body.startswith(mark)) if body.startswith(_MARKS) else ""


def charset_by_zeros(body: bytes) -> str:
    """UTF-16 without a mark, if every other byte of its ASCII is zero; empty otherwise."""
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
    """The charset that markup declares; empty if it declares no known one."""
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
    # An incomplete character at the end was cut off, unless all before it is ASCII.
    return "windows-1252" if decoder.getstate()[0] and text.isascii() else "utf-8"


def text_of(body: bytes, charset: str) -> str:
    """The decoded text; undecodable bytes are replaced, and a character that is cut off at the end is left out."""
    if charset == "utf-8" and body.isascii():
        return body.decode()
    return decoder_of(charset).decode(body).removeprefix("\ufeff")


def decoder_of(charset: str) -> codecs.IncrementalDecoder:
    """A decoder for a charset with the standard's name; it replaces undecodable bytes."""
    # gb18030 contains all of gbk, and the standard decodes gbk as gb18030.
    codec: codecs.CodecInfo = webencodings.lookup("gb18030" if charset == "gbk" else charset).codec_info
    assert codec.incrementaldecoder is not None
    return codec.incrementaldecoder(_EVERY_C1 if charset.startswith("windows-") else "replace")


def _read_c1(error: UnicodeError) -> tuple[str, int]:
    """Decode a byte to which Windows assigns no character as a control character, as browsers do."""
    assert isinstance(error, UnicodeDecodeError)
    byte = error.object[error.start]
    return chr(byte) if byte < 0xA0 else "\ufffd", error.start + 1


codecs.register_error(_EVERY_C1, _read_c1)
