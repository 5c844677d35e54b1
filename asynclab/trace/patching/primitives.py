"""Lets a lab see what happens to asyncio's queues and synchronisation primitives.

Queues are seen where they change without waiting: `put_nowait`, `get_nowait`, `task_done`, `shutdown`; put() and get()
go through these. A lock, semaphore or event is seen where it keeps its value: a property in the place of the attribute
reports each change, so that no coroutine is wrapped and no frame is added to anybody's traceback.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from asynclab.model.events import PrimitiveKind
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.scope import observer
from asynclab.trace.watching.resource_registry import whole

_VALUES: tuple[tuple[type, str, PrimitiveKind], ...] = (
    (asyncio.Lock, "_locked", "lock"),
    (asyncio.Semaphore, "_value", "semaphore"),
    (asyncio.Event, "_value", "event"),
    (asyncio.Barrier, "_count", "barrier"),
)
"""The class, the attribute that holds its value, and what it is."""


def observe_primitives(patches: Patches) -> None:
    """Report to the current lab what happens to queues and primitives, until the patches are undone."""
    for owner, attribute, kind in _VALUES:
        patches.set(owner, attribute, _reporting_property(attribute, kind))
    patches.wrap(asyncio.Queue, "__init__", _around_queue_init)
    patches.wrap(asyncio.Queue, "put_nowait", _around_put)
    patches.wrap(asyncio.Queue, "get_nowait", _around_get)
    patches.wrap(asyncio.Queue, "task_done", _around_task_done)
    if hasattr(asyncio.Queue, "shutdown"):
        patches.wrap(asyncio.Queue, "shutdown", _around_shutdown)
    patches.wrap(asyncio.Barrier, "__init__", _around_barrier_init)
    patches.wrap(asyncio.Condition, "__init__", _around_condition_init)
    patches.wrap(asyncio.Condition, "notify", _around_notify)


def _reporting_property(attribute: str, kind: PrimitiveKind) -> property:
    """A property that keeps its value where the plain attribute would, and reports when it is set."""

    def read(self: Any) -> Any:
        try:
            return self.__dict__[attribute]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {attribute!r}") from None

    def write(self: Any, value: Any) -> None:
        is_new = attribute not in self.__dict__
        changes = is_new or self.__dict__[attribute] != value
        self.__dict__[attribute] = value
        tracer = observer()
        if tracer is None or not changes:
            return
        if is_new:
            tracer.resources.created(self, kind, whole(value))
        else:
            tracer.resources.changed(self, kind, whole(value))

    return property(read, write)


def _around_queue_init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: asyncio.Queue[Any], *args: Any, **kwargs: Any) -> None:
        tracer = observer()
        if tracer is None:
            original(self, *args, **kwargs)
            return
        with tracer.resources.unseen():
            original(self, *args, **kwargs)
        tracer.resources.queue(self)

    return init


def _around_put(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def put_nowait(self: asyncio.Queue[Any], item: Any) -> None:
        tracer = observer()
        if tracer is None:
            return original(self, item)
        tracer.resources.queue(self)
        position = len(tracer.events)
        original(self, item)
        return tracer.resources.put(self, item, position)

    return put_nowait


def _around_get(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def get_nowait(self: asyncio.Queue[Any]) -> Any:
        tracer = observer()
        if tracer is None:
            return original(self)
        tracer.resources.queue(self)
        position = len(tracer.events)
        item = original(self)
        tracer.resources.got(self, item, position)
        return item

    return get_nowait


def _around_task_done(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def task_done(self: asyncio.Queue[Any]) -> None:
        tracer = observer()
        if tracer is None:
            return original(self)
        tracer.resources.queue(self)
        position = len(tracer.events)
        original(self)
        return tracer.resources.task_done(self, position)

    return task_done


def _around_shutdown(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def shutdown(self: asyncio.Queue[Any], immediate: bool = False) -> None:
        tracer = observer()
        if tracer is None:
            return original(self, immediate)
        tracer.resources.queue(self)
        position = len(tracer.events)
        original(self, immediate)
        return tracer.resources.shut_down(self, position, immediate=immediate)

    return shutdown


def _around_barrier_init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: asyncio.Barrier, *args: Any, **kwargs: Any) -> None:
        tracer = observer()
        if tracer is None:
            original(self, *args, **kwargs)
            return
        with tracer.resources.unseen():
            original(self, *args, **kwargs)
        condition = self._cond  # type: ignore[attr-defined]
        tracer.resources.hide(condition, condition._lock)
        tracer.resources.created(self, "barrier", 0)

    return init


def _around_condition_init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: asyncio.Condition, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        tracer = observer()
        if tracer is not None:
            tracer.resources.created(self, "condition", 0)

    return init


def _around_notify(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def notify(self: asyncio.Condition, n: int = 1) -> None:
        tracer = observer()
        if tracer is not None:
            tracer.resources.notified(self, n)
        original(self, n)

    return notify
