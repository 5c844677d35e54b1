"""Makes text from outside safe to show in a view or a terminal.

Names, reprs, printed text and exception messages are untrusted. They may contain characters that a terminal obeys,
hides, or draws at an unknown width. These are replaced by visible ones, so that `cell_width` is right.
"""

from __future__ import annotations

import unicodedata

TEXT_LIMIT = 10_000
"""The most characters that `clean` keeps by default."""

LINE_LIMIT = 200
"""The most characters that `one_line` keeps by default."""

MARKS_KEPT = 3
"""How many combining marks a character keeps. All scripts need no more, and more would be drawn into other lines."""

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_ELLIPSIS = "…"
_DOTTED_CIRCLE = "\N{DOTTED CIRCLE}"
_JOINING_JAMO = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF))
_BLANK_FILLERS = frozenset({0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800})


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """The text with unsafe characters replaced by visible ones. Newlines and tabs are kept. Cleaning is idempotent.

    A text of more than `limit` characters is cut, and ends with an ellipsis.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    return _cut(_bound_marks(text[: limit + 1].translate(_KEEPING_LINES)), limit, is_cut=len(text) > limit)


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """The text cleaned as by `clean`, and on one line: a newline becomes ⏎, a tab becomes a space."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    return _cut(_bound_marks(text[: limit + 1].translate(_JOINING_LINES)), limit, is_cut=len(text) > limit)


def cell_width(text: str) -> int:
    """The number of terminal cells that a cleaned text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def shorten_middle(text: str, width: int) -> str:
    """The text in at most `width` cells. If it is too long, an ellipsis replaces its middle."""
    if cell_width(text) <= width:
        return text
    if width < 2:
        return _ELLIPSIS[: max(0, width)]
    room = width - 1
    head = _fitting(text, room - room // 2)
    tail = _fitting(text[::-1], room // 2)[::-1]
    while tail and not _cells(tail[0]):
        tail = tail[1:]
    return f"{head}{_ELLIPSIS}{tail}"


class _Pictures(dict[int, int | str | None]):
    """A table for str.translate that computes the replacement of each character only once."""

    def __missing__(self, code: int) -> int | str | None:
        self[code] = picture = _picture(code)
        return picture


_KEEPING_LINES = _Pictures({0x09: 0x09, 0x0A: 0x0A})
_JOINING_LINES = _Pictures({0x09: " ", 0x0A: "⏎"})


def _picture(code: int) -> int | str | None:
    """The replacement of a character: itself, visible characters, or None to remove it."""
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code in (0xFE0E, 0xFE0F):
        return None  # these variation selectors change the width of a symbol
    if _is_unsafe(code):
        return _escape(code)
    return code


def _is_unsafe(code: int) -> bool:
    return (
        unicodedata.category(chr(code)) in _UNSAFE_CATEGORIES
        or code in _BLANK_FILLERS
        or 0xFE00 <= code <= 0xFE0D
        or 0xE0100 <= code <= 0xE01EF
    )


def _escape(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _bound_marks(text: str) -> str:
    """The text with few combining marks per character, and none at its start, where it would join other text."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks, has_base = 0, False
    for character in text:
        if _cells(character):
            marks, has_base = 0, character not in "\n\t"
        elif not has_base:
            kept.append(_DOTTED_CIRCLE)
            marks, has_base = 1, True
        else:
            marks += 1
        if marks <= MARKS_KEPT:
            kept.append(character)
    return "".join(kept)


def _cut(text: str, limit: int, *, is_cut: bool) -> str:
    if len(text) <= limit and not is_cut:
        return text
    return text[: limit - 1] + _ELLIPSIS if limit > 0 else ""


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Mc", "Me") or _joins(ord(character)):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _joins(code: int) -> bool:
    """Whether it is a vowel or final consonant of a Hangul syllable, which is drawn inside the character before it."""
    return any(first <= code <= last for first, last in _JOINING_JAMO)


def _fitting(text: str, width: int) -> str:
    """The longest prefix of the text that fits in `width` cells."""
    cells = 0
    for index, character in enumerate(text):
        cells += _cells(character)
        if cells > width:
            return text[:index]
    return text
