"""Follows the chain of coroutines of a suspended task, each of which awaits the next, from the outermost inwards."""

from __future__ import annotations

import gc
from asyncio import Task
from itertools import chain as chain_of
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType
from typing import Any

import msgspec

from asynclab.trace import cpython
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import awaited_by, coroutine_of
from asynclab.trace.recording.values import has_type, is_a

_DEEPEST = 500
"""The most frames that are followed; a longer chain is cut off there."""

_STEPS = cpython.GENERATOR_STEPS | {cpython.COROUTINE_WRAPPER, CoroutineType.__name__}


class Chain(msgspec.Struct, frozen=True):
    """The chain of coroutines of a suspended task, outermost first, as far as they can be read."""

    links: list[object]
    """The coroutines, generators and async generators."""
    frames: list[FrameType]
    """The frames of the links."""
    end: object
    """The object that the innermost link awaits: a future's iterator, None, or an object that can't be followed."""
    has_begun: bool
    """Whether the outermost coroutine has started."""

    @property
    def own_links(self) -> list[object]:
        """The links that aren't asyncio's own code."""
        pairs = zip(self.links, self.frames, strict=True)
        return [link for link, frame in pairs if not is_asyncio(frame.f_code.co_filename)]

    @property
    def is_opaque(self) -> bool:
        """Whether more frames may follow that can't be read: in an async generator, or in code written in C."""
        return self.end is not None and type(self.end).__name__ != cpython.FUTURE_ITERATOR


def follow(awaitable: Any) -> Chain:
    """The chain that begins with an awaitable, such as a task's coroutine."""
    links: list[object] = []
    frames: list[FrameType] = []
    has_begun = getattr(awaitable, "cr_suspended", True)
    while len(frames) < _DEEPEST:
        kind = type(awaitable)
        if kind is CoroutineType:
            frame, inner = awaitable.cr_frame, awaitable.cr_await
        elif kind is GeneratorType:
            frame, inner = awaitable.gi_frame, awaitable.gi_yieldfrom
        elif kind is AsyncGeneratorType:
            frame, inner = awaitable.ag_frame, awaitable.ag_await
        elif kind.__name__ == cpython.COROUTINE_WRAPPER:
            (awaitable,) = gc.get_referents(awaitable)
            continue
        elif kind.__name__ == cpython.ANEXT and (step := _step_of(awaitable)) is not None:
            awaitable = step
            continue
        elif kind.__name__ in cpython.GENERATOR_STEPS and (generator := _generator_of(awaitable)) is not None:
            awaitable = generator
            continue
        else:
            break
        if frame is None:
            break
        links.append(awaitable)
        frames.append(frame)
        awaitable = inner
    return Chain(links, frames, awaitable, has_begun)


def waits_for_end(task: Task[Any], other: Task[Any]) -> bool:
    """Whether a suspended task waits for the end of another task, alone or together with others."""
    awaited = awaited_by(task)
    if awaited is other:
        return True
    inside: list[Any] = list(cpython.children_of(awaited)) if is_a(awaited, cpython.GatheringFuture) else []
    chain = follow(coroutine_of(task))
    for link, frame in zip(chain.links, chain.frames, strict=True):
        if is_asyncio(frame.f_code.co_filename):  # such as wait_for(), and the inner function of wait()
            inside += gc.get_referents(link)
    groups = [each for each in inside if has_type(each, (set, list, tuple))]
    return any(each is other for each in chain_of(inside, *groups))


def _generator_of(step: object) -> object:
    """The async generator that an awaitable, such as from `__anext__()`, runs now; None if it runs none."""
    found = [each for each in gc.get_referents(step) if type(each) is AsyncGeneratorType]
    return found[0] if len(found) == 1 and found[0].ag_running else None


def _step_of(anext: object) -> object:
    """The awaitable inside of `anext` with a default; None if it can't be distinguished from the default."""
    found = [each for each in gc.get_referents(anext) if type(each).__name__ in _STEPS]
    return found[0] if len(found) == 1 else None


def first_line_of(code: CodeType) -> int:
    """The first line of a function's body. `co_firstlineno` is the line of its first decorator or its `def`."""
    lines = (line for _, _, line in code.co_lines() if line and line != code.co_firstlineno)
    return next(lines, code.co_firstlineno)
