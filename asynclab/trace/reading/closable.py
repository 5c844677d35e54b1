"""Tells which objects must be closed or given back: a lost one is a leak."""

from __future__ import annotations

import re
from asyncio import StreamWriter
from contextlib import suppress
from io import BytesIO, StringIO
from types import CoroutineType, GeneratorType
from weakref import WeakKeyDictionary

_WAYS = ("close", "aclose", "release", "disconnect")
_CLOSED = ("closed", "_closed", "is_closed", "_is_closed", "_released")
_LENT = re.compile("Conn|Client|Session|Sock|Stream|Writer|Channel|Transport|Lease", re.IGNORECASE)
_ANSWER = re.compile("Respon|Repl|Result", re.IGNORECASE)
_IN_MEMORY = (BytesIO, StringIO, CoroutineType, GeneratorType, memoryview)

_known: WeakKeyDictionary[type, bool] = WeakKeyDictionary()
"""What was found of types. They are the program's, and go when it would let them go."""


def is_closable(kind: type) -> bool:
    """Whether objects of a type must be closed: they have a method for that, and are no buffer in memory."""
    found = _known.get(kind)
    if found is None:
        names = {name for base in kind.__mro__ for name in base.__dict__}
        found = _known[kind] = not names.isdisjoint(_WAYS) and not issubclass(kind, _IN_MEMORY)
    return found


def is_connection(value: object) -> bool:
    """Whether something is a connection or the like, as its class is called, and open as far as can be seen.

    What only answers has mostly been read to its end, and needs no closing.
    """
    kind = type(value)
    if kind is StreamWriter:
        return not value.is_closing()  # type: ignore[attr-defined]
    if not _LENT.search(kind.__name__) or _ANSWER.search(kind.__name__) or not is_closable(kind):
        return False
    with suppress(AttributeError):
        names = object.__getattribute__(value, "__dict__")
        return not any(names.get(name) is True for name in _CLOSED)
    return True
