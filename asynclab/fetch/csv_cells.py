"""Makes texts safe as cells of CSV, and turns them back.

A spreadsheet takes a cell for a formula by its first character. Where it separates columns at semicolons, tabs or bars,
a cell can begin in the middle of one of ours, whatever quotes are around that. An apostrophe before such a character
makes it a text.
"""

from __future__ import annotations

import re

_BEFORE_FORMULA = r"""((?:^|[;|\t\r\n])[\s"\u200b\ufeff]*)"""
_FORMULA = r"(?=[=+\-@＝＋－＠﹢﹣﹦﹫])"

_UNPROTECTED = re.compile(f"{_BEFORE_FORMULA}(?='*{_FORMULA})")
_PROTECTED = re.compile(f"{_BEFORE_FORMULA}'(?='*{_FORMULA})")


def protected(text: str) -> str:
    """The text with an apostrophe before each character that could begin a formula."""
    return _UNPROTECTED.sub(r"\1'", text)


def unprotected(text: str) -> str:
    """The text that `protected` was given."""
    return _PROTECTED.sub(r"\1", text)
