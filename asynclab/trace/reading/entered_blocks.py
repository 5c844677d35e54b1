"""Finds the `async with` blocks that a suspended coroutine is in.

While such a block runs, Python keeps its `__aexit__` on the coroutine's stack: as a bound method, or since 3.14 as a
function followed by the context manager.
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
    """The context managers of the `async with` blocks that a coroutine or generator is in."""
    for first, second in pairwise([*gc.get_referents(link), None]):
        manager = None
        if type(first) is MethodType and first.__func__.__name__ == _LEAVE:
            manager = first.__self__
        elif type(first) is FunctionType and first.__name__ == _LEAVE:
            manager = second
        if manager is not None:
            yield manager
        if type(manager) is cpython.GeneratorContext:  # the generator's own blocks are entered too
            yield from entered(vars(manager).get("gen"))
