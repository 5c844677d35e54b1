"""Recognises tasks that wait for an object to which nothing else refers, so that nobody can ever wake them.

With `await asyncio.Event().wait()` or `await asyncio.Future()` a program waits for Ctrl-C on purpose. But if others
referred to the event, future, queue or condition when the wait began, and now only the waiting tasks do, then the
program has dropped it by mistake.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from asyncio import Task
from collections.abc import Iterator
from types import MethodType
from typing import Any

import msgspec

from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import Chain, follow
from asynclab.trace.recording.future_state import awaited_by, coroutine_of, is_done
from asynclab.trace.recording.recorder import TaskRecord
from asynclab.trace.recording.values import is_a

_EVENT_WAIT = asyncio.Event.wait.__code__
_WAITS = (_EVENT_WAIT, asyncio.Queue.get.__code__, asyncio.Condition.wait.__code__)

DROPPED_AFTER = 0.3
"""Real seconds until a dropped object is reported: code that drops a queue may be about to cancel its reader."""


def waits_for_its_own(task: Task[Any]) -> bool:
    """Whether nothing but a suspended task's own coroutines refers to the event or future that it waits for."""
    found = _source_of(task)
    is_shared = found is None or is_a(found[0][0], asyncio.Queue | asyncio.Condition)
    return found is not None and not is_shared and others(*found) == 0


def waits_for_event(task: Task[Any]) -> bool:
    """Whether a suspended task waits for an event."""
    frames = follow(coroutine_of(task)).frames
    return bool(frames) and frames[-1].f_code is _EVENT_WAIT


class _Shared(msgspec.Struct):
    """An awaited object that others referred to when the task began to wait."""

    record: TaskRecord
    source: int
    """The id() of the object."""
    next_look: float = 0.0
    """The real time of the next look."""
    patience: float = 0.05
    """Real seconds between the next look and the one after that, as long as others refer to the object."""


class DroppedSources:
    """Finds tasks that wait for a dropped event, future, queue or condition."""

    def __init__(self) -> None:
        self._shared: dict[int, _Shared] = {}
        """The awaited objects to which others referred at first, by the number of the task."""
        self._dropped: dict[int, float] = {}
        """The real time since when only the waiting tasks refer to an object, by the object's id()."""

    def begins(self, record: TaskRecord, task: Task[Any]) -> None:
        """Note that a task begins to wait for an event, future, item or condition. Call this on its loop's thread."""
        self._shared.pop(record.id, None)
        found = _source_of(task)
        if found is None or len(self._shared) >= _MOST_SOURCES:
            return
        source = id(found[0][0])
        self._dropped.pop(source, None)
        together = self._waiting_for(source)
        if self._others(*found, together):
            self._shared[record.id] = _Shared(record, source)
        else:  # all of them wait on purpose until the program ends
            for number in together:
                self._shared.pop(number, None)

    @property
    def are_any(self) -> bool:
        """Whether `look` could find anything."""
        return bool(self._shared)

    def look(self, now: float) -> Iterator[tuple[TaskRecord, int]]:
        """The tasks that wait for an object that was dropped a while ago, each with the object's id().

        Call this while the loop is idle.

        Args:
            now: Real time.
        """
        for number, shared in list(self._shared.items()):
            if now < shared.next_look or number not in self._shared:
                continue
            task = shared.record()
            found = None if task is None or is_done(task) else _source_of(task)
            if found is None or id(found[0][0]) != shared.source:
                self._shared.pop(number, None)
                continue
            together = self._waiting_for(shared.source)
            if self._others(*found, [each for each in together if each != number]):
                self._dropped.pop(shared.source, None)
                for each in filter(None, map(self._shared.get, together)):  # one look is enough for all of them
                    each.next_look = now + shared.patience
                shared.patience = min(2 * shared.patience, _LATEST_AFTER)
            elif now - self._dropped.setdefault(shared.source, now) >= DROPPED_AFTER:
                self._dropped.pop(shared.source, None)
                for each in filter(None, [self._shared.pop(other, None) for other in together]):
                    yield each.record, shared.source

    def _waiting_for(self, source: int) -> list[int]:
        """The numbers of the tasks that wait for the object with this id()."""
        return [number for number, shared in list(self._shared.items()) if shared.source == source]

    def _others(self, held: list[Any], chain: Chain, own: int, together: list[int]) -> int:
        """The number of references to the one object in `held`, without those of a task and of its other waiters."""
        for shared in filter(None, map(self._shared.get, together[:_MOST_WAITERS])):
            task = shared.record()
            found = None if task is None else _source_of(task)
            if found is not None and found[0][0] is held[0]:
                own += found[2] + _had_by(held, found[1])
            found = None
        return others(held, chain, own) + _weak_ones(held)


_LATEST_AFTER = 3.0
_MOST_SOURCES = 100
_MOST_WAITERS = 10
"""An object with more waiters never counts as dropped: to check all of them would take too long."""

_TASK_AND_ITERATOR = 2
"""The number of own references to a future that a task awaits: the task's, and that of the coroutine's iterator."""

_SHIELD = 1
"""The number of own references to the future in a shield(): that of the outer future's callback."""


def _source_of(task: Task[Any]) -> tuple[list[Any], Chain, int] | None:
    """The event, future, queue or condition that a task waits for; None if the task waits for something else.

    Returns:
        The object, alone in a list, because a variable would be one more reference; the task's chain of coroutines;
        and the number of the task's own references to the object besides those of the chain.
    """
    chain = follow(coroutine_of(task))
    if chain.is_opaque or not chain.links:
        return None
    if chain.frames[-1].f_code in _WAITS:
        return [variables_of(chain.frames[-1])["self"]], chain, 0
    held, own = [awaited_by(task)], _TASK_AND_ITERATOR
    inside = None if type(held[0]) is not asyncio.Future else cpython.shielded_by(held[0])
    if inside is not None:
        held, own = [inside], _SHIELD
        inside = None
    return (held, chain, own) if type(held[0]) is asyncio.Future and not is_done(held[0]) else None


def _weak_ones(held: list[Any]) -> int:
    """The number of weak references to the one object in a list, without ours, which each event and queue has."""
    return max(0, weakref.getweakrefcount(held[0]) - (type(held[0]) is not asyncio.Future))


def others(held: list[Any], chain: Chain, own: int = 0) -> int:
    """The number of references to the one object in a list, without those of the chain and `own` others."""
    return references(held) - references([object()]) - own - _had_by(held, chain)


def _had_by(held: list[Any], chain: Chain) -> int:
    """The number of references from the coroutines of a chain to the one object in a list."""
    value = held[0]
    return sum(_times(value, gc.get_referents(link)) for link in chain.links)


def references(held: list[Any]) -> int:
    """The number of references to the one object in a list, including a few temporary ones."""
    return sys.getrefcount(held[0])


def _times(value: object, among: list[Any]) -> int:
    """How often an object is among others, including its bound `__aexit__`, which Python keeps up to 3.13."""
    leaves = (each for each in among if type(each) is MethodType and each.__func__.__name__ == "__aexit__")
    return sum(each is value for each in among) + sum(each.__self__ is value for each in leaves)
