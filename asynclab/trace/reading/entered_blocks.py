"""Tells which `async with` blocks a suspended coroutine is inside.

While such a block runs, Python keeps the method that leaves it: its coroutine refers to
`__aexit__`, bound to the context manager, or since 3.14 followed by it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import pairwise
from types import FunctionType, MethodType
from typing import Any

from asynclab.trace import cpython

_LEAVE = "__aexit__"


def entered(link: object) -> Iterator[Any]:
    """The context managers whose `async with` a coroutine or generator has begun, and not left."""
    for first, second in pairwise([*gc.get_referents(link), None]):
        manager = None
        if type(first) is MethodType and first.__func__.__name__ == _LEAVE:
            manager = first.__self__
        elif type(first) is FunctionType and first.__name__ == _LEAVE:
            manager = second
        if manager is not None:
            yield manager
        if type(manager) is cpython.GeneratorContext:  # what it has begun in turn lasts as long
            yield from entered(vars(manager).get("gen"))
