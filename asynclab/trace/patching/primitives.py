"""Observes asyncio's queues and synchronization primitives.

No method is wrapped: a wrapper would add a frame of ours to tracebacks, such as that of a QueueEmpty. Instead, the
attributes in which asyncio keeps the state become properties that report changes. Each event comes before the wake-ups
that the change causes, because asyncio changes the state first.
"""

from __future__ import annotations

import asyncio
from asyncio import Queue
from collections.abc import Callable
from sys import _getframe
from types import CodeType, FrameType, MethodType
from typing import Any

from asynclab.model.events import PrimitiveKind
from asynclab.trace import cpython
from asynclab.trace.cpython import QUEUE_ITEMS, callbacks_of, owner_of
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.governing.owners import CURRENT, observer
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.future_state import is_future
from asynclab.trace.recording.values import type_name
from asynclab.trace.watching.observer import Observer
from asynclab.trace.watching.resource_registry import VALUES, whole

_Report = Callable[[Observer, Any, Any, Any, FrameType], None]
"""Called with the observer, the object, the old value (or `_ABSENT`), the new value, and the frame that set it."""

_ABSENT: Any = object()
_PLAIN = (bool, int, float)
"""Types whose values can be compared without running code of the program."""

_PUT: CodeType = asyncio.Queue.put_nowait.__code__
_GET: CodeType = asyncio.Queue.get_nowait.__code__
_TASK_DONE: CodeType = asyncio.Queue.task_done.__code__
_SHUTDOWN: CodeType | None = asyncio.Queue.shutdown.__code__ if hasattr(asyncio.Queue, "shutdown") else None
_GRANT: CodeType | None = getattr(getattr(asyncio.Semaphore, "_wake_up_next", None), "__code__", None)
"""The method in which a semaphore gives a permit to a waiting task."""
_ENTER: CodeType = asyncio.Lock.__aenter__.__code__
"""The method that `async with` calls to enter a lock or semaphore."""
_NOTIFY: CodeType = asyncio.Condition.notify.__code__
_CONDITION_INIT = asyncio.Condition.__init__.__code__
_OWNERS = (
    *(asyncio.Queue.__init__.__code__, asyncio.Barrier.__init__.__code__, cpython.AS_COMPLETED),
    *(_PUT, _TASK_DONE, _SHUTDOWN),
)
"""Code that makes or sets internal queues and primitives, such as a queue's "all done" event.

A tuple, not a set: hashing a code object takes the longer the more code it has."""


def observe_primitives(patches: Patches) -> None:
    """Report changes of queues and primitives to the observer of the running code, until the patches are undone."""
    for owner, attribute, kind in VALUES:
        patches.set(owner, attribute, _reporting(attribute, "primitives", _value_report(kind)))
    patches.set(asyncio.Condition, cpython.CONDITION_WAITERS, _condition_waiters())
    if hasattr(asyncio.Condition, cpython.NOTIFY):
        patches.wrap(asyncio.Condition, cpython.NOTIFY, _Notify)
    patches.wrap(asyncio.Queue, cpython.WAKE_NEXT, _WakeUp)
    unfinished = _reporting(cpython.UNFINISHED, "queues", _unfinished_report, _PUT)
    patches.set(asyncio.Queue, cpython.UNFINISHED, unfinished)
    if _SHUTDOWN is not None:
        patches.set(asyncio.Queue, cpython.IS_SHUT_DOWN, _reporting(cpython.IS_SHUT_DOWN, "queues", _shutdown_report))


def _reporting(attribute: str, watcher: str, report: _Report, quiet: CodeType | None = None) -> property:
    """A property that stores its value like the plain attribute, and calls `report` when the value changes.

    Args:
        attribute: The name of the attribute.
        watcher: The name of this watcher, which is switched off if a report fails.
        report: Called with each change.
        quiet: Changes by this code aren't reported.
    """

    def read(self: Any) -> Any:
        """The value, or the error that the plain attribute would raise."""
        try:
            return self.__dict__[attribute]
        except KeyError:
            raise AttributeError(_lacks(self, attribute), name=attribute, obj=self) from None

    def write(self: Any, value: Any) -> None:
        """Store a value, and report it if it is a different one."""
        kept = self.__dict__
        before = kept.get(attribute, _ABSENT)
        kept[attribute] = value
        if value is before:
            return
        tracer = CURRENT.get() or observer()
        if tracer is None or tracer.loop is None or (tracer.failures and watcher in tracer.failures):
            return
        setter = _getframe(1)
        if setter.f_code is quiet:
            return
        try:
            report(tracer, self, before, value, setter)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            tracer.failed(watcher, error)

    def delete(self: Any) -> None:
        try:
            del self.__dict__[attribute]
        except KeyError:
            raise AttributeError(_lacks(self, attribute)) from None

    return property(read, write, delete)


def _lacks(owner: object, attribute: str) -> str:
    return f"{type_name(owner)!r} object has no attribute {attribute!r}"


class _Accessed:
    """A descriptor in place of a private method: it reports each access, and returns the original method.

    So asyncio still calls its own function, and a traceback shows no frame of ours.
    """

    def __init__(self, original: Any) -> None:
        """Replace the method `original`."""
        self._original = original


class _WakeUp(_Accessed):
    """Replaces a queue's `_wakeup_next`, which the queue accesses just after it has added or removed an item.

    A cancelled put() or get() accesses it too, to pass its wake-up on to another waiter. That isn't a change.
    """

    def __get__(self, queue: Any, owner: type | None = None) -> Any:
        if queue is None:
            return self._original
        caller: FrameType | None = _getframe(1)
        while caller is not None and caller.f_code.co_name == cpython.WAKE_NEXT:  # an override calls this one
            caller = caller.f_back
        assert caller is not None
        code = caller.f_code
        tracer = (CURRENT.get() or observer()) if code is _PUT or code is _GET else None
        if tracer is not None and tracer.loop is not None and not (tracer.failures and "queues" in tracer.failures):
            try:
                if code is _PUT:
                    is_last = type(queue) is Queue  # cheaper than reading a frame's variables
                    item = queue.__dict__[QUEUE_ITEMS][-1] if is_last else variables_of(caller)["item"]
                    tracer.resources.put(queue, item, caller)
                else:
                    tracer.resources.got(queue, variables_of(caller)["item"])
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                tracer.failed("queues", error)
        return MethodType(self._original, queue)


class _Notify(_Accessed):
    """Replaces a condition's `_notify`, which it accesses just before it wakes its waiters (Python 3.13 and later)."""

    def __get__(self, condition: Any, owner: type | None = None) -> Any:
        if condition is None:
            return self._original
        _notifying(condition, _getframe(1))
        return MethodType(self._original, condition)


def _unfinished_report(tracer: Observer, queue: Any, before: Any, value: Any, setter: FrameType) -> None:
    if before is _ABSENT:
        enter = tracer.resources.hide if _is_inner(setter) else tracer.resources.queue
        enter(queue)
    elif setter.f_code is _TASK_DONE:
        tracer.resources.task_done(queue, whole(value))


def _shutdown_report(tracer: Observer, queue: Any, before: Any, value: Any, setter: FrameType) -> None:
    if setter.f_code is _SHUTDOWN:
        tracer.resources.shut_down(queue, immediate=bool(variables_of(setter)["immediate"]))


def _value_report(kind: PrimitiveKind) -> _Report:
    def report(tracer: Observer, primitive: Any, before: Any, value: Any, setter: FrameType) -> None:
        """Report a new primitive, or the new value of a known one."""
        resources = tracer.resources
        known = resources.known.get(id(primitive))
        if known is None:
            if _is_inner(setter):
                resources.hide(primitive)
                return
            maker = id(setter.f_back) if before is _ABSENT else 0
            resources.created(primitive, kind, whole(value if before is _ABSENT else before), maker)
            known = resources.known[id(primitive)]
        if not known.number or before is _ABSENT:
            return
        if type(value) is not type(before) or type(value) not in _PLAIN or value != before:
            taker = _taker(tracer, setter) if setter.f_code is _GRANT and kind == "semaphore" else None
            caller = setter.f_back
            block = caller.f_back if caller is not None and caller.f_code is _ENTER else None
            resources.changed(known, kind, whole(value), setter, taker, block=block)

    return report


def _taker(tracer: Observer, setter: FrameType) -> int | None:
    """The number of the task that gets a semaphore's permit: it waits for the future that is about to be set."""
    future = variables_of(setter).get("fut")
    for callback in callbacks_of(future) if is_future(future) else ():
        record = tracer.registry.known(owner_of(callback))
        if record is not None:
            return record.id
    return None


def _is_inner(setter: FrameType) -> bool:
    """Whether a queue or primitive is an internal part of another one, such as a barrier's condition with its lock."""
    caller = setter.f_back
    if caller is not None and caller.f_code is _CONDITION_INIT:
        caller = caller.f_back
    return caller is not None and caller.f_code in _OWNERS


def _condition_waiters() -> property:
    """The property for a condition's waiters: setting it reports a new condition.

    Up to Python 3.12 notify() reads the waiters itself, so there reading it from notify() reports a notification.
    """
    plain = _reporting(cpython.CONDITION_WAITERS, "primitives", _condition_report)
    read = plain.fget
    if hasattr(asyncio.Condition, cpython.NOTIFY) or read is None:
        return plain

    def read_and_report(self: Any) -> Any:
        caller = _getframe(1)
        if caller.f_code is _NOTIFY:
            _notifying(self, caller)
        return read(self)

    return property(read_and_report, plain.fset, plain.fdel)


def _condition_report(tracer: Observer, condition: Any, before: Any, value: Any, setter: FrameType) -> None:
    if before is not _ABSENT:
        return
    if _is_inner(setter):
        tracer.resources.hide(condition)
        return
    tracer.resources.created(condition, "condition", 0)


def _notifying(condition: asyncio.Condition, caller: FrameType) -> None:
    """Report that a condition is about to wake its waiters, unless a cancelled wait() does so: that isn't notify()."""
    if caller.f_code is not _NOTIFY:
        return
    tracer = CURRENT.get() or observer()
    if tracer is None or tracer.loop is None or "primitives" in tracer.failures:
        return
    try:
        tracer.resources.notified(condition, whole(variables_of(caller)["n"]))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        tracer.failed("primitives", error)
