"""Finds async generators that are suspended at a yield."""

from __future__ import annotations

import contextlib
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from itertools import islice
from types import AsyncGeneratorType
from typing import Any, TypeAlias

from asynclab.model.tasks import Place
from asynclab.trace.recording.values import is_a

AnyGenerator: TypeAlias = AsyncGeneratorType[Any, Any]

_MOST = 200
"""The most generators that are checked."""


def at_a_yield(loop: AbstractEventLoop | None) -> Iterator[AnyGenerator]:
    """The async generators of a loop that are suspended at a yield and don't run now, up to a limit."""
    for generator in list(islice(getattr(loop, "_asyncgens", ()), _MOST)):
        if is_a(generator, AsyncGeneratorType) and generator.ag_frame is not None and not generator.ag_running:
            yield generator


def place_of_yield(generator: AnyGenerator) -> Place:
    """The file and line at which a generator is suspended."""
    return generator.ag_code.co_filename, (generator.ag_frame.f_lineno if generator.ag_frame else None) or 0


def is_manager(user: object) -> bool:
    """Whether an object is a context manager, such as one made from an async generator."""
    return is_a(user, contextlib.AbstractAsyncContextManager)
