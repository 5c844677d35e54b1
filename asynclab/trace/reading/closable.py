"""Decides which objects must be closed or released, such as connections: if one gets lost, that is a leak."""

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
"""A cache by type. Its references are weak, because the types are the program's."""


def is_closable(kind: type) -> bool:
    """Whether objects of a type must be closed: they have a method for that, and aren't buffers in memory."""
    found = _known.get(kind)
    if found is None:
        names = {name for base in kind.__mro__ for name in base.__dict__}
        found = _known[kind] = not names.isdisjoint(_WAYS) and not issubclass(kind, _IN_MEMORY)
    return found


def is_connection(value: object) -> bool:
    """Whether an object is an open connection, session or similar, judging by the name of its class.

    Responses don't count: they have mostly been read to the end, and then need no closing.
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
