"""The queues and primitives of a lab: their numbers, and what happens to them."""

from __future__ import annotations

import asyncio
import functools
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from asynclab.model.events import (
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
from asynclab.trace.recording.task_registry import TaskRecord
from asynclab.trace.recording.values import short_repr

if TYPE_CHECKING:
    from asynclab.trace.recording.recorder import Tracer


class _Known(weakref.ref[Any]):
    """A weak reference to a queue or primitive that carries what is known of it."""

    __slots__ = ("holder", "key", "label", "number", "order")

    key: int
    number: int
    label: str
    order: list[int] | None
    """For a queue that is neither a Queue nor a LifoQueue: the id() of its items, in the order of putting."""
    holder: TaskRecord | None
    """For a lock: the task that holds it."""


class Resources:
    """Numbers a lab's queues and primitives, and writes their events."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._known: dict[int, _Known] = {}
        self._hidden: dict[int, weakref.ref[Any]] = {}
        """Primitives that are another one's own business, such as a queue's "all done" event."""
        self._counts: Counter[str] = Counter()
        self._unseen = 0
        """How many constructors are under way whose inner primitives are not to be seen."""

    def label_of(self, resource: object) -> str:
        """Such as "queue#1"; empty for what is not known."""
        known = self._known.get(id(resource))
        return "" if known is None else known.label

    def holder_of(self, lock: object) -> int | None:
        """The number of the task that holds a lock."""
        known = self._known.get(id(lock))
        return None if known is None or known.holder is None else known.holder.id

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Let no primitive be seen that is made in this block."""
        self._unseen += 1
        try:
            yield
        finally:
            self._unseen -= 1

    def hide(self, *resources: object) -> None:
        """Never show these primitives."""
        for resource in resources:
            key = id(resource)
            self._hidden[key] = weakref.ref(resource, functools.partial(self._unhide, key))

    def queue(self, queue: asyncio.Queue[Any]) -> _Known:
        """Enter a queue, unless it is known."""
        known = self._known.get(id(queue))
        if known is None:
            self.hide(queue._finished)  # type: ignore[attr-defined]
            known = self._enter(queue, "queue")
            if type(queue) not in (asyncio.Queue, asyncio.LifoQueue):
                known.order = []
            self._emit(QueueCreated(self._now(), known.number, type(queue).__name__, whole(queue.maxsize)))
        return known

    def put(self, queue: asyncio.Queue[Any], item: object, position: int) -> None:
        """An item was put.

        Args:
            queue: The queue.
            item: What was put.
            position: Where in the list of events: before the wake-ups that the put caused.
        """
        known = self.queue(queue)
        if known.order is not None:
            known.order.append(id(item))
        at = self._at(position)
        event = QueuePut(at, known.number, short_repr(item), queue.qsize(), _unfinished(queue), self._task())
        self._tracer.events.insert(position, event)

    def got(self, queue: asyncio.Queue[Any], item: object, position: int) -> None:
        """An item was taken; arguments as for `put`."""
        known = self.queue(queue)
        index = queue.qsize() if isinstance(queue, asyncio.LifoQueue) else 0
        if known.order is not None and id(item) in known.order:
            index = known.order.index(id(item))
            del known.order[index]
        at = self._at(position)
        event = QueueGot(at, known.number, short_repr(item), queue.qsize(), _unfinished(queue), index, self._task())
        self._tracer.events.insert(position, event)

    def task_done(self, queue: asyncio.Queue[Any], position: int) -> None:
        """An item was reported as done; arguments as for `put`."""
        known = self.queue(queue)
        event = QueueTaskDone(self._at(position), known.number, _unfinished(queue), self._task())
        self._tracer.events.insert(position, event)

    def shut_down(self, queue: asyncio.Queue[Any], position: int, *, immediate: bool) -> None:
        """A queue was shut down (Python 3.13 and later); arguments as for `put`."""
        known = self.queue(queue)
        event = QueueShutDown(self._at(position), known.number, immediate, self._task())
        self._tracer.events.insert(position, event)

    def created(self, primitive: object, kind: PrimitiveKind, value: int) -> None:
        """Enter a primitive, unless it is known or hidden."""
        if not self._unseen and id(primitive) not in self._hidden and id(primitive) not in self._known:
            known = self._enter(primitive, kind)
            self._emit(PrimitiveCreated(self._now(), known.number, kind, known.label, value))

    def changed(self, primitive: object, kind: PrimitiveKind, value: int) -> None:
        """A primitive's value changed: see `PrimitiveChanged.value`."""
        self.created(primitive, kind, 0)
        known = self._known.get(id(primitive))
        if known is not None:
            if kind == "lock":
                known.holder = self._tracer.current if value else None
            self._emit(PrimitiveChanged(self._now(), known.number, value, self._task()))

    def notified(self, condition: asyncio.Condition, count: int) -> None:
        """A condition's waiters are about to be notified."""
        self.created(condition, "condition", 0)
        known = self._known.get(id(condition))
        if known is not None:
            self._emit(ConditionNotified(self._now(), known.number, count, self._task()))

    def _unhide(self, key: int, _: weakref.ref[Any]) -> None:
        self._hidden.pop(key, None)

    def _enter(self, resource: object, kind: str) -> _Known:
        self._counts[kind] += 1
        known = _Known(resource, self._forget)
        known.key = id(resource)
        known.label = f"{kind}#{self._counts[kind]}"
        known.number = self._counts["queue"] if kind == "queue" else self._counts.total() - self._counts["queue"]
        known.order = known.holder = None
        self._known[known.key] = known
        return known

    def _forget(self, reference: weakref.ref[Any]) -> None:
        assert isinstance(reference, _Known)
        self._known.pop(reference.key, None)

    def _emit(self, event: Event) -> None:
        self._tracer.emit(event)

    def _now(self) -> float:
        return self._tracer.clock.now()

    def _at(self, position: int) -> float:
        """When what is written at a position in the list of events happened: not after what it caused."""
        events = self._tracer.events
        return events[position].at if position < len(events) else self._now()

    def _task(self) -> int | None:
        return self._tracer.current_number()


def whole(value: Any) -> int:
    """A count of a primitive's as a whole number: asyncio itself is content with infinity, which is shown as 0."""
    try:
        return int(value)
    except (OverflowError, TypeError, ValueError):
        return 0


def _unfinished(queue: asyncio.Queue[Any]) -> int:
    return int(getattr(queue, "_unfinished_tasks", 0))
