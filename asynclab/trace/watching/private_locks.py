"""Detects locks and semaphores that exclude nobody, because each task has its own.

There are two cases. Each task creates a lock just before it acquires it. Or a lock is dropped or replaced while a task
holds it, for example by a cache: then the next task acquires another lock.
"""

from __future__ import annotations

import gc
from collections import Counter
from types import CodeType, FrameType, MethodType
from typing import Any
from weakref import getweakrefcount, ref

from asynclab.model.events import LocksPrivate
from asynclab.trace.cpython import callbacks_of, owner_of
from asynclab.trace.reading.await_chain import Chain, follow
from asynclab.trace.reading.entered_blocks import entered
from asynclab.trace.reading.private_waits import others, references
from asynclab.trace.recording.code_ownership import Place, place_from
from asynclab.trace.recording.future_state import coroutine_of, is_done
from asynclab.trace.recording.give_way import AT_ONCE
from asynclab.trace.recording.recorder import Recorder, TaskRecord

MANY = 3
"""How many tasks must be inside at once. A single task may still be about to share its lock."""

_LOOKS = 50
"""How many locks that are acquired at one line are checked: if these are fine, the others mostly are."""

_COMPARED = 8
"""How many of the latest locks at its place a lock is compared with, and how many tasks a checked lock may have."""

_PLACES = 100
"""How many lines of code are remembered."""


class PrivateLocks:
    """Checks acquired locks and semaphores for being private to one task."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._taken: list[tuple[TaskRecord, ref[Any], Place]] = []
        """The locks that the present step has made and acquired, each with its task and line."""
        self._inside: dict[Place, dict[int, ref[Any]]] = {}
        """By line and task number, the held locks that nothing but the function of the task referred to."""
        self._looks = Counter[Place]()
        """How many locks were checked at each line."""
        self._held: dict[tuple[CodeType, int], list[tuple[TaskRecord, ref[Any]]]] = {}
        """By the place of an `async with`, the latest locks that were acquired there, each with its task."""
        self._compared = Counter[tuple[CodeType, int]]()
        """How often locks were compared at each such place."""

    def took(self, lock: ref[Any], place: Place) -> None:
        """Note that the present task acquires a lock that it has made in the same step."""
        record = self._recorder.current
        if record is not None and self._looks[place] < _LOOKS and len(self._inside) < _PLACES:
            self._looks[place] += 1
            self._taken.append((record, lock, place))
            self._recorder.attend_at = AT_ONCE

    def entered(self, lock: ref[Any], block: FrameType, boundary: CodeType) -> None:
        """Note that the present task acquires a lock in an `async with`; report a dropped lock that another task holds.

        `block` is the frame of the `async with`. The dropped lock must have been acquired at the same place.
        """
        record, where = self._recorder.current, (block.f_code, block.f_lasti)
        if (
            record is None
            or self._compared[where] >= _LOOKS
            or (where not in self._held and len(self._held) >= _PLACES)
        ):
            return
        held = self._held.get(where, [])
        for each in held:
            holder, other = each
            if other is lock or holder is record or getattr(other, "holder", None) is not holder:
                continue
            self._compared[where] += 1
            if _is_forgotten(holder, other):
                self._compared[where] = _LOOKS
                found = LocksPrivate(self._recorder.clock.now(), (holder.id, record.id), *place_from(block, boundary))
                found.lock = getattr(other, "of_its_kind", 0)
                self._recorder.emit(found)
                self._held.pop(where, None)
                return
        self._held[where] = [*held[1 - _COMPARED :], (record, lock)]

    def step_ended(self) -> None:
        """Check the locks of a step that has ended; report if `MANY` tasks are inside with a lock of their own."""
        taken, self._taken = self._taken, []
        for record, reference, place in taken:
            task = record()
            if task is None or is_done(task) or not _is_in_alone(follow(coroutine_of(task)), reference):
                continue
            inside = {number: each for number, each in self._inside.get(place, {}).items() if each() is not None}
            self._inside[place] = inside = {**inside, record.id: reference}
            if len(inside) >= MANY:
                self._looks[place] = _LOOKS
                del self._inside[place]
                self._recorder.emit(LocksPrivate(self._recorder.clock.now(), tuple(inside), *place))


def _is_forgotten(holder: TaskRecord, reference: ref[Any]) -> bool:
    """Whether only the holder of a lock and its waiters refer to the lock, so that no other task can acquire it."""
    tasks = [holder(), *_waiting(reference)]
    if (
        len(tasks) > _COMPARED
        or getweakrefcount(reference()) > 1
        or any(each is None or is_done(each) for each in tasks)
    ):
        return False
    links = [link for each in tasks for link in follow(coroutine_of(each)).links]
    inside = [each for link in links for each in gc.get_referents(link)]
    methods = {id(each): each for each in inside if type(each) is MethodType and each.__self__ is reference()}
    own = sum(each is reference() for each in inside) + len(methods)
    del inside
    return references([reference()]) - references([object()]) <= own


def _waiting(reference: ref[Any]) -> list[Any]:
    """The tasks that wait for a lock."""
    waiters = getattr(reference(), "_waiters", None) or ()
    return [owner_of(callback) for future in waiters for callback in callbacks_of(future)]


def _is_in_alone(chain: Chain, reference: ref[Any]) -> bool:
    """Whether a suspended task is in the `async with` block of a lock to which nothing else refers."""
    if getweakrefcount(reference()) > 1 or not any(
        each is reference() for link in chain.own_links for each in entered(link)
    ):
        return False
    return others([reference()], chain) <= 0
