"""Recognises tasks that wait for what nobody else has, so that nobody can set it, or put anything into it.

`await asyncio.Event().wait()` and `await asyncio.Future()` are how a program says that it runs until ctrl+c. But where
others had the event, future or queue when the task began to wait, and nobody has it any more, somebody has dropped it.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from asyncio import Task
from collections.abc import Iterator
from typing import Any

import msgspec

from asynclab.trace.frame_variables import variables_of
from asynclab.trace.recording.future_state import awaited_by, coroutine_of, is_done
from asynclab.trace.recording.recorder import TaskRecord
from asynclab.trace.watching.await_chain import Chain, follow

_EVENT_WAIT = asyncio.Event.wait.__code__
_WAITS = (_EVENT_WAIT, asyncio.Queue.get.__code__)

DROPPED_AFTER = 0.3
"""Real seconds: whoever drops a queue may be about to cancel the task that reads it."""


def waits_for_its_own(task: Task[Any]) -> bool:
    """Whether nothing but a suspended task's own coroutines refers to the event or future that it waits for."""
    found = _source_of(task)
    return found is not None and not isinstance(found[0][0], asyncio.Queue) and others(*found) == 0


def waits_for_event(task: Task[Any]) -> bool:
    """Whether a suspended task waits for an event."""
    frames = follow(coroutine_of(task)).frames
    return bool(frames) and frames[-1].f_code is _EVENT_WAIT


class _Shared(msgspec.Struct):
    """What a task waits for that others had when it began to."""

    record: TaskRecord
    source: int
    """Its id()."""
    next_look: float = 0.0
    """Real time."""
    patience: float = 0.05
    """Real seconds from the next look to the one after, unless nobody has it any more."""


class DroppedSources:
    """The events, futures and queues that tasks wait for and that others had when these began to wait."""

    def __init__(self) -> None:
        self._shared: dict[int, _Shared] = {}
        """By the number of the task."""
        self._dropped: dict[int, float] = {}
        """By the number of a task: the real time from which on nobody else had that at any look."""

    def begins(self, record: TaskRecord, task: Task[Any]) -> None:
        """A task begins to wait for an event, future or item; to be called on its loop's thread."""
        found = _source_of(task)
        self._dropped.pop(record.id, None)
        if found is None or len(self._shared) >= _MOST_SOURCES or others(*found) + _weak_ones(*found) == 0:
            self._shared.pop(record.id, None)
        else:
            self._shared[record.id] = _Shared(record, id(found[0][0]))

    @property
    def are_any(self) -> bool:
        """Whether a look could find anything."""
        return bool(self._shared)

    def look(self, now: float) -> Iterator[tuple[TaskRecord, int]]:
        """The tasks that wait for what nobody has had for a while, and its id(); called while the loop idles.

        Args:
            now: Real time.
        """
        for number, shared in list(self._shared.items()):
            if now < shared.next_look:
                continue
            task = shared.record()
            found = None if task is None or is_done(task) else _source_of(task)
            if found is None or id(found[0][0]) != shared.source:
                self._shared.pop(number, None)
                self._dropped.pop(number, None)
            elif others(*found) + _weak_ones(*found):
                self._dropped.pop(number, None)
                shared.next_look, shared.patience = now + shared.patience, min(2 * shared.patience, _LATEST_AFTER)
            elif now - self._dropped.setdefault(number, now) >= DROPPED_AFTER:
                del self._shared[number], self._dropped[number]
                yield shared.record, shared.source


_LATEST_AFTER = 3.0
_MOST_SOURCES = 100

_TASK_AND_ITERATOR = 2
"""Who refers to a future that a task awaits: the task, and the iterator in its innermost coroutine."""


def _source_of(task: Task[Any]) -> tuple[list[Any], Chain] | None:
    """The event, future or queue for which a suspended task waits, and its coroutines; None where for something else.

    It is in a list alone, as each variable would be one more reference.
    """
    chain = follow(coroutine_of(task))
    if chain.is_opaque or not chain.links:
        return None
    if chain.frames[-1].f_code in _WAITS:
        return [variables_of(chain.frames[-1])["self"]], chain
    held = [awaited_by(task)]
    return (held, chain) if type(held[0]) is asyncio.Future and not is_done(held[0]) else None


def _weak_ones(held: list[Any], chain: Chain) -> int:
    """How many weak references there are to the one object in a list; one to each event and queue is ours."""
    return max(0, weakref.getweakrefcount(held[0]) - (type(held[0]) is not asyncio.Future))


def others(held: list[Any], chain: Chain) -> int:
    """How many others than a task, and the coroutines of its chain, refer to the one object in a list."""
    value = held[0]
    own = sum(_times(value, gc.get_referents(link)) for link in chain.links)
    own += _TASK_AND_ITERATOR if type(value) is asyncio.Future else 0
    del value
    return references(held) - references([object()]) - own


def references(held: list[Any]) -> int:
    """How many references there are to the one object in a list, and some that are made here."""
    return sys.getrefcount(held[0])


def _times(value: object, among: list[Any]) -> int:
    return sum(each is value for each in among)
