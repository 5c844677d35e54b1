"""Tells what has to be closed or given back: to lose it is to leak it."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO, StringIO
from types import CoroutineType, GeneratorType

_WAYS = ("close", "aclose", "release", "disconnect")
_IN_MEMORY = (BytesIO, StringIO, CoroutineType, GeneratorType, memoryview)


@lru_cache(1_000)
def is_closable(kind: type) -> bool:
    """Whether what is of a type has to be closed: it has a method for that, and is no buffer in memory."""
    names = {name for base in kind.__mro__ for name in base.__dict__}
    return not names.isdisjoint(_WAYS) and not issubclass(kind, _IN_MEMORY)
