"""Recognises a task that only waits to be interrupted: nobody else has what it waits for.

`await asyncio.Event().wait()` and `await asyncio.Future()` are how a program says that it runs until ctrl+c.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from asyncio import Task
from types import FrameType
from typing import Any

from asynclab.trace.recording.future_state import awaited_by, coroutine_of
from asynclab.trace.watching.await_chain import Chain, follow

_EVENT_WAIT = asyncio.Event.wait.__code__


def waits_for_its_own(task: Task[Any]) -> bool:
    """Whether nothing but a suspended task's own coroutines refers to the event or future that it waits for."""
    chain = follow(coroutine_of(task))
    if chain.is_opaque or not chain.links:
        return False
    if chain.frames[-1].f_code is _EVENT_WAIT:
        return _others([chain.frames[-1].f_locals["self"]], chain) == 0
    held = [awaited_by(task)]  # in a list alone, as each variable would be one more reference
    return type(held[0]) is asyncio.Future and _others(held, chain) == _TASK_AND_ITERATOR


_TASK_AND_ITERATOR = 2
"""Who refers to a future that a task awaits: the task, and the iterator in its innermost coroutine."""


def _others(held: list[Any], chain: Chain) -> int:
    """How many references there are to the one object in a list, besides it and the coroutines of a chain."""
    value = held[0]
    own = sum(_times(value, gc.get_referents(link)) for link in chain.links)
    own += sum(_times_in_snapshot(value, frame, link) for frame, link in zip(chain.frames, chain.links, strict=True))
    del value
    return _references(held) - _references([object()]) - own


def _references(held: list[Any]) -> int:
    return sys.getrefcount(held[0])


def _times(value: object, among: list[Any]) -> int:
    return sum(each is value for each in among)


def _times_in_snapshot(value: object, frame: FrameType, link: object) -> int:
    """How often a frame's variables refer to a value once more: up to Python 3.12 a frame keeps the dict it gives."""
    if sys.version_info >= (3, 13):
        return 0
    snapshot = frame.f_locals
    return _times(value, list(snapshot.values()))
