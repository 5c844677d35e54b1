"""How a foreign value is written down: short, and without trusting it."""

from __future__ import annotations

import reprlib

from asynclab.model.text import one_line

LIMIT = 200
"""Characters kept of a repr."""

_SMALL = 10**12
"""Whole numbers below it need no shortening."""


class _ShortRepr(reprlib.Repr):
    """reprlib's limits, and a name for what can't be shown instead of an exception."""

    def repr_bytes(self, x: bytes, level: int) -> str:
        return repr(x[: self.maxother])

    repr_bytearray = repr_bytes

    def repr_instance(self, x: object, level: int) -> str:
        try:
            return repr(x)
        except Exception:
            return f"<{type(x).__name__} whose repr fails>"


_short = _ShortRepr()
_short.maxstring = _short.maxother = LIMIT
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxdict = 12


def short_repr(value: object) -> str:
    """The repr of `value` in at most `LIMIT` characters; never raises."""
    kind = type(value)
    if value is None or kind is bool or (kind is int and -_SMALL < value < _SMALL):  # type: ignore[operator]
        return repr(value)
    try:
        text = _short.repr(value)
    except Exception:
        text = f"<{type(value).__name__} whose repr fails>"
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def short_error(error: BaseException) -> str:
    """An exception in one line, as the last line of a traceback has it."""
    try:
        message = str(error)
    except Exception:
        message = "<its message can't be shown>"
    name = type(error).__qualname__
    return one_line(f"{name}: {message}" if message else name, LIMIT)
