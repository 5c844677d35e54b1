"""The queues and primitives of a lab: their numbers, and what happens to them."""

from __future__ import annotations

import asyncio
import math
import weakref
from collections import OrderedDict, deque
from itertools import islice
from types import CodeType, FrameType
from typing import Any

from asynclab.model.events import (
    BACKLOG,
    ITEMS_SHOWN,
    ClientConnected,
    ConditionNotified,
    Event,
    PrimitiveChanged,
    PrimitiveCreated,
    PrimitiveKind,
    QueueCreated,
    QueueGot,
    QueuePut,
    QueueShutDown,
    QueueTaskDone,
)
from asynclab.trace.cpython import BARRIER_VALUE, EVENT_VALUE, LOCK_VALUE, QUEUE_ITEMS, SEMAPHORE_VALUE, UNFINISHED
from asynclab.trace.recording.code_ownership import Place, is_asyncio, place_from
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import short_repr, type_name
from asynclab.trace.watching.private_locks import PrivateLocks

VALUES: tuple[tuple[type, str, PrimitiveKind], ...] = (
    (asyncio.Lock, LOCK_VALUE, "lock"),
    (asyncio.Semaphore, SEMAPHORE_VALUE, "semaphore"),
    (asyncio.Event, EVENT_VALUE, "event"),
    (asyncio.Barrier, BARRIER_VALUE, "barrier"),
)
"""The class of a primitive, the attribute that holds its value, and the attribute's meaning."""

_CONTAINERS = frozenset({deque, list, set, dict, OrderedDict})
"""What a queue may keep its items in: the types whose length can be asked for without running anybody's code."""


class _Known(weakref.ref[Any]):
    """A weak reference to a queue or primitive that carries what is known of it."""

    __slots__ = ("holder", "key", "made_in", "most", "number", "of_its_kind", "order")

    key: int
    number: int
    """0 for what is another one's own business, such as a queue's "all done" event, or the queue of as_completed()."""
    of_its_kind: int
    """Its number among resources of its kind; for a queue, equal to its id."""
    order: list[int] | None
    """For a queue that is neither a Queue nor a LifoQueue: the id() of its items, in the order of putting."""
    holder: TaskRecord | None
    made_in: tuple[int, float]
    """For a lock or semaphore: the id() of the frame that made it, and when that one's step had begun."""
    most: int
    """For a semaphore: the most permits that it ever had free."""


class Resources:
    """Numbers a lab's queues and primitives, and writes their events."""

    def __init__(self, recorder: Recorder, boundary: CodeType) -> None:
        self._recorder = recorder
        self._boundary = boundary
        self.known: dict[int, _Known] = {}
        """What has been seen, by its id()."""
        self.private = PrivateLocks(recorder)

    def holder_of(self, lock: object) -> int | None:
        """The number of the task that holds a lock."""
        known = self.known.get(id(lock))
        return None if known is None or known.holder is None else known.holder.id

    def meet(self, resource: object) -> int:
        """The number of a queue, or of a primitive among its kind; 0 for one that is hidden.

        One that was made before anybody looked is entered, as it is now.
        """
        known = self.known.get(id(resource))
        return (self.found(resource) if known is None else known).of_its_kind

    def found(self, resource: Any, holder: TaskRecord | None = None) -> _Known:
        """Enter a queue or primitive that was made before anybody looked; a lock with its holder, if known."""
        kept = vars(resource)
        if issubclass(type(resource), asyncio.Queue):
            return self._found_queue(resource, kept)
        kinds = ((kind, attribute) for owner, attribute, kind in VALUES if issubclass(type(resource), owner))
        kind, attribute = next(kinds, ("condition", ""))
        if kind == "barrier":
            self.hide(kept["_cond"])
            self.hide(vars(kept["_cond"])["_lock"])
        known = self._enter(resource, kind)
        known.holder = holder
        value, held_by = whole(kept.get(attribute, 0)), None if holder is None else holder.id
        known.most = value
        self._emit(PrimitiveCreated(self._now(), known.number, kind, known.of_its_kind, value, held_by))
        return known

    def _found_queue(self, queue: asyncio.Queue[Any], kept: dict[str, Any]) -> _Known:
        self.hide(kept["_finished"])
        known = self._enter(queue, "queue")
        items: Any = kept.get(QUEUE_ITEMS)
        first = list(islice(items, ITEMS_SHOWN)) if type(items) in (deque, list) else []
        if type(queue) not in (asyncio.Queue, asyncio.LifoQueue):
            known.order = [id(item) for item in first]
        texts = tuple(map(short_repr, first))
        size, unfinished = _size(queue), whole(kept.get(UNFINISHED))
        created = QueueCreated(self._now(), known.number, type_name(queue), whole(kept.get("_maxsize")))
        created.items, created.size, created.unfinished = texts, size, unfinished
        self._emit(created)
        return known

    def hide(self, resource: object) -> None:
        """Never show a queue or primitive, unless it was shown before."""
        if id(resource) not in self.known:
            self._remember(resource, number=0, of_its_kind=0)

    def queue(self, queue: asyncio.Queue[Any]) -> _Known:
        """Enter a queue, unless it is known."""
        known = self.known.get(id(queue))
        if known is None:
            kept = vars(queue)
            if "_finished" in kept:  # a queue that was made before the lab; its event is seen otherwise as it is made
                self.hide(kept["_finished"])
            known = self._enter(queue, "queue")
            if type(queue) not in (asyncio.Queue, asyncio.LifoQueue):
                known.order = []
            self._emit(QueueCreated(self._now(), known.number, type_name(queue), whole(kept.get("_maxsize"))))
        return known

    # What follows runs for each item: it is written flat, because each call costs as much as a small event.

    def put(self, queue: asyncio.Queue[Any], item: object, frame: FrameType) -> None:
        """An item was put, by the code of a frame; nobody has been woken for it yet."""
        recorder = self._recorder
        known = self.known.get(id(queue)) or self.queue(queue)
        if not known.number:
            return
        if known.order is not None:
            known.order.append(id(item))
        at, task, text, size = recorder.clock.now(), recorder.current_number(), short_repr(item), _size(queue)
        event = QueuePut(at, known.number, text, size, queue.__dict__[UNFINISHED], task)
        if not size % BACKLOG:
            event.file, event.line = place_from(frame, self._boundary)
        recorder.emit(event)

    def got(self, queue: asyncio.Queue[Any], item: object) -> None:
        """An item was taken; nobody has been woken for it yet."""
        recorder = self._recorder
        known = self.known.get(id(queue)) or self.queue(queue)
        if not known.number:
            return
        if recorder.current is not None:
            recorder.taken[recorder.current.id] = id(item)
        size = _size(queue)
        index = size if issubclass(type(queue), asyncio.LifoQueue) else 0
        if known.order is not None and id(item) in known.order:
            index = known.order.index(id(item))
            del known.order[index]
        at, task, text = recorder.clock.now(), recorder.current_number(), short_repr(item)
        recorder.emit(QueueGot(at, known.number, text, size, queue.__dict__[UNFINISHED], index, task))

    def task_done(self, queue: asyncio.Queue[Any], unfinished: int) -> None:
        """An item was reported as done."""
        recorder = self._recorder
        known = self.known.get(id(queue)) or self.queue(queue)
        recorder.emit(QueueTaskDone(recorder.clock.now(), known.number, unfinished, recorder.current_number()))

    def shut_down(self, queue: asyncio.Queue[Any], *, immediate: bool) -> None:
        """A queue is being shut down (Python 3.13 and later)."""
        known = self.queue(queue)
        self._emit(QueueShutDown(self._now(), known.number, immediate, self._task()))

    def created(self, primitive: object, kind: PrimitiveKind, value: int, maker: int = 0) -> None:
        """Enter a primitive, unless it is known or hidden. `maker` is the id() of the frame that makes it."""
        if id(primitive) not in self.known:
            known = self._enter(primitive, kind)
            known.most, known.made_in = value, (maker, self._recorder.step_started)
            self._emit(PrimitiveCreated(self._now(), known.number, kind, known.of_its_kind, value))

    def changed(
        self,
        known: _Known,
        kind: PrimitiveKind,
        value: int,
        frame: FrameType,
        taker: int | None = None,
        *,
        block: FrameType | None = None,
    ) -> None:
        """The value of a primitive that has been seen before was changed by a frame: see `PrimitiveChanged`.

        `block` is the frame of the `async with` that takes it, if any does.
        """
        recorder, in_block = self._recorder, block is not None
        if block is not None and value and kind == "lock":
            self.private.entered(known, block, self._boundary)
        if block is not None and known.made_in == (id(block), recorder.step_started):
            self.private.took(known, place_from(block, self._boundary))
        task = recorder.current_number()  # first: it notices which task's eager first step this is
        event = PrimitiveChanged(recorder.clock.now(), known.number, value, task, taker, in_block)
        if kind == "lock":
            if not value and known.holder is not recorder.current:
                caller = frame.f_back  # of release(); asyncio's own ends a block, waits in one, or calls a callback
                is_asyncios = caller is not None and is_asyncio(caller.f_code.co_filename)
                event.in_block = is_asyncios and recorder.current is not None
                if event.in_block or not is_asyncios:
                    event.file, event.line = place_from(frame, self._boundary)
            known.holder = recorder.current if value else None
        elif kind == "semaphore" and value > known.most:
            known.most = value
            if recorder.waker is not None:  # a timer's may be meant to raise the limit
                event.file, event.line = place_from(frame, self._boundary)
        recorder.emit(event)

    def client_connected(self, client: object, library: str, host: str, place: Place) -> None:
        """A client of a library has opened a connection, for the code at a place."""
        known = self.known.get(id(client)) or self._remember(client, 0, self._recorder.numbering.next("client"))
        event = ClientConnected(self._now(), library, known.of_its_kind, host, self._task())
        event.file, event.line = place
        self._emit(event)

    def notified(self, condition: asyncio.Condition, count: int) -> None:
        """A condition's waiters are about to be notified."""
        known = self.known.get(id(condition))
        if known is None:
            self.created(condition, "condition", 0)
            known = self.known[id(condition)]
        if known.number:
            recorder = self._recorder
            recorder.emit(ConditionNotified(recorder.clock.now(), known.number, count, recorder.current_number()))

    def _enter(self, resource: object, kind: str) -> _Known:
        numbering = self._recorder.numbering
        of_its_kind = numbering.next(kind)
        number = of_its_kind if kind == "queue" else numbering.next("primitive")
        return self._remember(resource, number, of_its_kind)

    def _remember(self, resource: object, number: int, of_its_kind: int) -> _Known:
        known = _Known(resource, self._forget)
        known.key, known.number, known.of_its_kind = id(resource), number, of_its_kind
        known.order = known.holder = None
        known.most, known.made_in = 0, (0, 0.0)
        self.known[known.key] = known
        return known

    def _forget(self, reference: weakref.ref[Any]) -> None:
        assert isinstance(reference, _Known)
        self.known.pop(reference.key, None)

    def _emit(self, event: Event) -> None:
        self._recorder.emit(event)

    def _now(self) -> float:
        return self._recorder.clock.now()

    def _task(self) -> int | None:
        return self._recorder.current_number()


def whole(value: Any) -> int:
    """A count of a primitive's as a whole number; 0 for infinity, which asyncio allows, and for foreign types."""
    kind = type(value)
    if kind is int or kind is bool:
        return int(value)
    if kind is float:
        return int(value) if math.isfinite(value) else 0
    return int.__add__(value, 0) if issubclass(kind, int) else 0


def _size(queue: asyncio.Queue[Any]) -> int:
    """How many items are in a queue, without running anybody's code where that can be."""
    items: Any = queue.__dict__.get("_queue")
    return len(items) if type(items) in _CONTAINERS else whole(queue.qsize())
