"""Decides which objects must be closed or released, such as connections: if one gets lost, that is a leak."""

from __future__ import annotations

import re
from abc import ABCMeta
from asyncio import StreamWriter
from contextlib import suppress
from io import BytesIO, StringIO
from types import CoroutineType, GeneratorType
from weakref import WeakKeyDictionary

from asynclab.trace.recording.values import BASES_OF, SPACE_OF, type_name

_WAYS = ("close", "aclose", "release", "disconnect")
_CLOSED = ("closed", "_closed", "is_closed", "_is_closed", "_released")
_LENT = re.compile("Conn|Client|Session|Sock|Stream|Writer|Channel|Transport|Lease", re.IGNORECASE)
_ANSWER = re.compile("Respon|Repl|Result", re.IGNORECASE)
_IN_MEMORY = (BytesIO, StringIO, CoroutineType, GeneratorType, memoryview)

_known: WeakKeyDictionary[type, bool] = WeakKeyDictionary()
"""A cache by type. Its references are weak, because the types are the program's."""


def is_closable(kind: type) -> bool:
    """Whether objects of a type must be closed: they have a method for that, and aren't buffers in memory."""
    if type(kind) not in (type, ABCMeta):  # its metaclass may define a hash
        return _must_be_closed(kind)
    found = _known.get(kind)
    if found is None:
        found = _known[kind] = _must_be_closed(kind)
    return found


def _must_be_closed(kind: type) -> bool:
    names = {name for base in BASES_OF(kind) for name in SPACE_OF(base)}
    return not names.isdisjoint(_WAYS) and not issubclass(kind, _IN_MEMORY)


def is_connection(value: object) -> bool:
    """Whether an object is an open connection, session or similar, judging by the name of its class.

    Responses don't count: they have mostly been read to the end, and then need no closing.
    """
    kind = type(value)
    if kind is StreamWriter:
        return not value.is_closing()  # type: ignore[attr-defined]
    name = type_name(value)
    if not _LENT.search(name) or _ANSWER.search(name) or not is_closable(kind):
        return False
    with suppress(AttributeError):
        names = object.__getattribute__(value, "__dict__")
        return not any(names.get(name) is True for name in _CLOSED)
    return True
