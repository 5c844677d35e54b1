"""Tells where async generators stand that nobody runs now."""

from __future__ import annotations

import contextlib
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from itertools import islice
from types import AsyncGeneratorType
from typing import Any, TypeAlias

from asynclab.model.tasks import Place

AnyGenerator: TypeAlias = AsyncGeneratorType[Any, Any]

_MOST = 200
"""So many generators are looked at."""


def at_a_yield(loop: AbstractEventLoop | None) -> Iterator[AnyGenerator]:
    """The async generators of a loop that stand at a yield, up to a limit; they yield no items meanwhile."""
    for generator in list(islice(getattr(loop, "_asyncgens", ()), _MOST)):
        if isinstance(generator, AsyncGeneratorType) and generator.ag_frame is not None and not generator.ag_running:
            yield generator


def place_of_yield(generator: AnyGenerator) -> Place:
    """The file and line where a generator stands."""
    return generator.ag_code.co_filename, (generator.ag_frame.f_lineno if generator.ag_frame else None) or 0


def is_manager(user: object) -> bool:
    """Whether an object is a context manager, such as one made from an async generator."""
    return isinstance(user, contextlib.AbstractAsyncContextManager)
