"""Finds async generators that were left at a yield while they keep a lock or permit that others wait for."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from types import AsyncGeneratorType
from typing import Any, Literal

from asynclab.model.events import GeneratorStands
from asynclab.trace.watching.entered_blocks import entered
from asynclab.trace.watching.resource_registry import Resources


def left_generators(loop: AbstractEventLoop, resources: Resources) -> Iterator[GeneratorStands]:
    """Those of a loop that nobody runs now, with each lock or semaphore that they keep from whoever waits for it."""
    for generator in list(getattr(loop, "_asyncgens", ())):
        if not isinstance(generator, AsyncGeneratorType) or generator.ag_running or generator.ag_frame is None:
            continue
        for manager in entered(generator):
            known = resources.known.get(id(manager))
            if known is None or not known.number or not _is_wanted(manager) or _is_a_block(generator):
                continue
            kind: Literal["lock", "semaphore"] = "lock" if issubclass(type(manager), asyncio.Lock) else "semaphore"
            code, line = generator.ag_code, generator.ag_frame.f_lineno or 0
            yield GeneratorStands(generator.__qualname__, code.co_filename, line, kind, known.of_its_kind)


def _is_wanted(manager: Any) -> bool:
    if not issubclass(type(manager), (asyncio.Lock, asyncio.Semaphore)):
        return False
    return bool(vars(manager).get("_waiters"))


def _is_a_block(generator: AsyncGeneratorType[Any, Any]) -> bool:
    """Whether it is what an `asynccontextmanager` runs: at its yield the block of its `async with` is under way."""
    return any(isinstance(each, contextlib.AbstractAsyncContextManager) for each in gc.get_referrers(generator))
