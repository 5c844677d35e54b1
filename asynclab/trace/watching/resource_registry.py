"""Numbers a lab's queues and synchronization primitives, such as locks, and writes the events of their use."""

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
from asynclab.trace.recording.values import has_type, short_repr, type_name
from asynclab.trace.watching.private_locks import PrivateLocks

VALUES: tuple[tuple[type, str, PrimitiveKind], ...] = (
    (asyncio.Lock, LOCK_VALUE, "lock"),
    (asyncio.Semaphore, SEMAPHORE_VALUE, "semaphore"),
    (asyncio.Event, EVENT_VALUE, "event"),
    (asyncio.Barrier, BARRIER_VALUE, "barrier"),
)
"""For each kind of primitive: its class, the attribute that holds its value, and the name of the kind."""

_CONTAINERS = frozenset({deque, list, set, dict, OrderedDict})
"""The types for a queue's items whose `len()` runs no code of the program."""


class _ResourceRecord(weakref.ref[Any]):
    """The record of a queue or primitive. It is itself a weak reference to it."""

    __slots__ = ("holder", "key", "made_in", "most", "number", "of_its_kind", "order")

    key: int
    number: int
    """0 for an internal part of another object, such as a queue's "all done" event, or the queue of as_completed()."""
    of_its_kind: int
    """Its number among resources of its kind; for a queue, equal to its id."""
    order: list[int] | None
    """For a queue that is neither a Queue nor a LifoQueue: the id() of its items, in the order of putting."""
    holder: TaskRecord | None
    made_in: tuple[int, float]
    """For a lock or semaphore: the id() of the frame that made it, and the start of that step in real time."""
    most: int
    """For a semaphore: the largest value that it has had."""


class Resources:
    """The queues and primitives of a lab, and the writer of their events."""

    def __init__(self, recorder: Recorder, boundary: CodeType) -> None:
        self._recorder = recorder
        self._boundary = boundary
        self.known: dict[int, _ResourceRecord] = {}
        """The records of all queues and primitives, by their id()."""
        self.private = PrivateLocks(recorder)

    def holder_of(self, lock: object) -> int | None:
        """The number of the task that holds a lock."""
        known = self.known.get(id(lock))
        return None if known is None or known.holder is None else known.holder.id

    def meet(self, resource: object) -> int:
        """The number of a queue, or of a primitive among those of its kind; 0 if it is hidden.

        One that was made before the observation is registered with its present value.
        """
        known = self.known.get(id(resource))
        return (self.found(resource) if known is None else known).of_its_kind

    def found(self, resource: Any, holder: TaskRecord | None = None) -> _ResourceRecord:
        """Register a queue or primitive that was made before the observation; a lock with its holder, if known."""
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

    def _found_queue(self, queue: asyncio.Queue[Any], kept: dict[str, Any]) -> _ResourceRecord:
        self.hide(kept["_finished"])
        known = self._enter(queue, "queue")
        items: Any = kept.get(QUEUE_ITEMS)
        first = list(islice(items, ITEMS_SHOWN)) if type(items) in (deque, list) else []
        if not has_type(queue, (asyncio.Queue, asyncio.LifoQueue)):
            known.order = [id(item) for item in first]
        texts = tuple(map(short_repr, first))
        size, unfinished = _size(queue), whole(kept.get(UNFINISHED))
        created = QueueCreated(self._now(), known.number, type_name(queue), whole(kept.get("_maxsize")))
        created.items, created.size, created.unfinished = texts, size, unfinished
        self._emit(created)
        return known

    def hide(self, resource: object) -> None:
        """Write no events of a queue or primitive, unless it is already registered."""
        if id(resource) not in self.known:
            self._remember(resource, number=0, of_its_kind=0)

    def queue(self, queue: asyncio.Queue[Any]) -> _ResourceRecord:
        """The record of a queue, which is registered now if it is unknown."""
        known = self.known.get(id(queue))
        if known is None:
            kept = vars(queue)
            if "_finished" in kept:  # the queue was made before the lab; otherwise its event is hidden as it is made
                self.hide(kept["_finished"])
            known = self._enter(queue, "queue")
            if not has_type(queue, (asyncio.Queue, asyncio.LifoQueue)):
                known.order = []
            self._emit(QueueCreated(self._now(), known.number, type_name(queue), whole(kept.get("_maxsize"))))
        return known

    # The following methods run for each item. They call few functions, because a call costs as much as a small event.

    def put(self, queue: asyncio.Queue[Any], item: object, frame: FrameType) -> None:
        """Note that `frame` has put an item. No waiting task was woken yet."""
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
        """Note that an item was taken. No waiting task was woken yet."""
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
        """Note that an item was reported as done; `unfinished` items are left."""
        recorder = self._recorder
        known = self.known.get(id(queue)) or self.queue(queue)
        recorder.emit(QueueTaskDone(recorder.clock.now(), known.number, unfinished, recorder.current_number()))

    def shut_down(self, queue: asyncio.Queue[Any], *, immediate: bool) -> None:
        """Note that a queue is being shut down (Python 3.13 and later)."""
        known = self.queue(queue)
        self._emit(QueueShutDown(self._now(), known.number, immediate, self._task()))

    def created(self, primitive: object, kind: PrimitiveKind, value: int, maker: int = 0) -> None:
        """Register a new primitive, unless it is known or hidden. `maker` is the id() of the frame that makes it."""
        if id(primitive) not in self.known:
            known = self._enter(primitive, kind)
            known.most, known.made_in = value, (maker, self._recorder.step_started)
            self._emit(PrimitiveCreated(self._now(), known.number, kind, known.of_its_kind, value))

    def changed(
        self,
        known: _ResourceRecord,
        kind: PrimitiveKind,
        value: int,
        frame: FrameType,
        taker: int | None = None,
        *,
        block: FrameType | None = None,
    ) -> None:
        """Note that `frame` has changed the value of a known primitive: see `PrimitiveChanged`.

        `block` is the frame of the `async with` that acquires it, if there is one.
        """
        recorder, in_block = self._recorder, block is not None
        if block is not None and value and kind == "lock":
            self.private.entered(known, block, self._boundary)
        if block is not None and known.made_in == (id(block), recorder.step_started):
            self.private.took(known, place_from(block, self._boundary))
        task = recorder.current_number()  # first: it may find that an eager task's step runs
        event = PrimitiveChanged(recorder.clock.now(), known.number, value, task, taker, in_block)
        if kind == "lock":
            if not value and known.holder is not recorder.current:
                caller = frame.f_back  # calls release(); asyncio does so at the end of a block, in wait(), in callbacks
                is_asyncios = caller is not None and is_asyncio(caller.f_code.co_filename)
                event.in_block = is_asyncios and recorder.current is not None
                if event.in_block or not is_asyncios:
                    event.file, event.line = place_from(frame, self._boundary)
            known.holder = recorder.current if value else None
        elif kind == "semaphore" and value > known.most:
            known.most = value
            if recorder.waker is not None:  # a timer may raise the limit on purpose
                event.file, event.line = place_from(frame, self._boundary)
        recorder.emit(event)

    def client_connected(self, client: object, library: str, host: str, place: Place) -> None:
        """Note that a library's client, such as an HTTP session, has opened a connection for the code at `place`."""
        known = self.known.get(id(client)) or self._remember(client, 0, self._recorder.numbering.next("client"))
        event = ClientConnected(self._now(), library, known.of_its_kind, host, self._task())
        event.file, event.line = place
        self._emit(event)

    def notified(self, condition: asyncio.Condition, count: int) -> None:
        """Note that a condition is about to notify its waiters."""
        known = self.known.get(id(condition))
        if known is None:
            self.created(condition, "condition", 0)
            known = self.known[id(condition)]
        if known.number:
            recorder = self._recorder
            recorder.emit(ConditionNotified(recorder.clock.now(), known.number, count, recorder.current_number()))

    def _enter(self, resource: object, kind: str) -> _ResourceRecord:
        numbering = self._recorder.numbering
        of_its_kind = numbering.next(kind)
        number = of_its_kind if kind == "queue" else numbering.next("primitive")
        return self._remember(resource, number, of_its_kind)

    def _remember(self, resource: object, number: int, of_its_kind: int) -> _ResourceRecord:
        known = _ResourceRecord(resource, self._forget)
        known.key, known.number, known.of_its_kind = id(resource), number, of_its_kind
        known.order = known.holder = None
        known.most, known.made_in = 0, (0, 0.0)
        self.known[known.key] = known
        return known

    def _forget(self, reference: weakref.ref[Any]) -> None:
        assert isinstance(reference, _ResourceRecord)
        self.known.pop(reference.key, None)

    def _emit(self, event: Event) -> None:
        self._recorder.emit(event)

    def _now(self) -> float:
        return self._recorder.clock.now()

    def _task(self) -> int | None:
        return self._recorder.current_number()


def whole(value: Any) -> int:
    """A primitive's value as an int; 0 for infinity, which asyncio allows, and for types that aren't Python's."""
    kind = type(value)
    if kind is int or kind is bool:
        return int(value)
    if kind is float:
        return int(value) if math.isfinite(value) else 0
    return int.__add__(value, 0) if issubclass(kind, int) else 0


def _size(queue: asyncio.Queue[Any]) -> int:
    """The number of items in a queue. Runs no code of the program, unless the queue has an own type of container."""
    items: Any = queue.__dict__.get("_queue")
    return len(items) if type(items) in _CONTAINERS else whole(queue.qsize())
