"""Tells what has to be closed or given back: to lose it is to leak it."""

from __future__ import annotations

from io import BytesIO, StringIO
from types import CoroutineType, GeneratorType
from weakref import WeakKeyDictionary

_WAYS = ("close", "aclose", "release", "disconnect")
_IN_MEMORY = (BytesIO, StringIO, CoroutineType, GeneratorType, memoryview)

_known: WeakKeyDictionary[type, bool] = WeakKeyDictionary()
"""What was found of types. They are the program's, and go when it would let them go."""


def is_closable(kind: type) -> bool:
    """Whether what is of a type has to be closed: it has a method for that, and is no buffer in memory."""
    found = _known.get(kind)
    if found is None:
        names = {name for base in kind.__mro__ for name in base.__dict__}
        found = _known[kind] = not names.isdisjoint(_WAYS) and not issubclass(kind, _IN_MEMORY)
    return found
