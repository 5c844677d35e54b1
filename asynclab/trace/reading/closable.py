"""Tells which objects must be closed or given back: a lost one is a leak."""

from __future__ import annotations

from io import BytesIO, StringIO
from types import CoroutineType, GeneratorType
from weakref import WeakKeyDictionary

_WAYS = ("close", "aclose", "release", "disconnect")
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
