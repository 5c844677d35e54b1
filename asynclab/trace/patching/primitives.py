"""Shows a lab what happens to asyncio's queues and synchronisation primitives.

Nothing is wrapped: a wrapper would be a frame of ours in every traceback, such as that of a QueueEmpty. Instead, the
attributes in which asyncio keeps the state report when they are set. Each event is written before the wake-ups that the
change causes, because asyncio changes the state first.
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
from asynclab.trace.cpython import QUEUE_ITEMS
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.governing.owners import CURRENT, observer
from asynclab.trace.patching.patches import Patches
from asynclab.trace.recording.future_state import is_future
from asynclab.trace.recording.values import type_name
from asynclab.trace.watching.observer import Observer
from asynclab.trace.watching.resource_registry import VALUES, whole

_Report = Callable[[Observer, Any, Any, Any, FrameType], None]
"""Called with the object, the value before (or `_ABSENT`), the new value, and the frame that set it."""

_ABSENT: Any = object()
_PLAIN = (bool, int, float)
"""Types whose values can be compared without running anybody's code."""

_PUT: CodeType = asyncio.Queue.put_nowait.__code__
_GET: CodeType = asyncio.Queue.get_nowait.__code__
_TASK_DONE: CodeType = asyncio.Queue.task_done.__code__
_SHUTDOWN: CodeType | None = asyncio.Queue.shutdown.__code__ if hasattr(asyncio.Queue, "shutdown") else None
_GRANT: CodeType | None = getattr(getattr(asyncio.Semaphore, "_wake_up_next", None), "__code__", None)
"""Where a semaphore gives a permit to a task that waits."""
_ENTER: CodeType = asyncio.Lock.__aenter__.__code__
"""What `async with` calls of a lock or semaphore."""
_NOTIFY: CodeType = asyncio.Condition.notify.__code__
_CONDITION_INIT = asyncio.Condition.__init__.__code__
_OWNERS = (
    *(asyncio.Queue.__init__.__code__, asyncio.Barrier.__init__.__code__, cpython.AS_COMPLETED),
    *(_PUT, _TASK_DONE, _SHUTDOWN),
)
"""What makes or sets queues and primitives that are its own business, such as a queue's "all done" event.

No set: to hash the code that is looked for takes the longer the more of it there is."""


def observe_primitives(patches: Patches) -> None:
    """Report to the current lab what happens to queues and primitives, until the patches are undone."""
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
    """A property that keeps its value where the plain attribute would, and reports when it is set, but not by `quiet`.

    `watcher` is switched off where the report fails.
    """

    def read(self: Any) -> Any:
        """The value, as the attribute itself would give it."""
        try:
            return self.__dict__[attribute]
        except KeyError:
            raise AttributeError(_lacks(self, attribute), name=attribute, obj=self) from None

    def write(self: Any, value: Any) -> None:
        """Keep a value, and report it where it is another one."""
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
    """Stands in for a private method: reports who gets hold of it, and gives out the original.

    So whoever calls the method calls asyncio's own function, and a traceback shows no frame of ours.
    """

    def __init__(self, original: Any) -> None:
        """Give out `original` to whoever asks."""
        self._original = original


class _WakeUp(_Accessed):
    """A queue asks for it when an item is in it, or out of it, and whoever waits for that is about to be woken.

    put() and get() ask too, to pass a wake-up on where they are cancelled: that is no change.
    """

    def __get__(self, queue: Any, owner: type | None = None) -> Any:
        if queue is None:
            return self._original
        caller: FrameType | None = _getframe(1)
        while caller is not None and caller.f_code.co_name == cpython.WAKE_NEXT:  # a descendant's, which calls this one
            caller = caller.f_back
        assert caller is not None
        code = caller.f_code
        tracer = (CURRENT.get() or observer()) if code is _PUT or code is _GET else None
        if tracer is not None and tracer.loop is not None and not (tracer.failures and "queues" in tracer.failures):
            try:
                if code is _PUT:
                    is_last = type(queue) is Queue  # to look there is cheaper than to ask for a frame's variables
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
    """A condition asks for it when its waiters are about to be woken (Python 3.13 and later)."""

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
        """Tell of a primitive that is new, or of its new value."""
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
    """The task that waits for the future which a semaphore is about to set: it gets the permit."""
    future = variables_of(setter).get("fut")
    callbacks = future._callbacks if is_future(future) else None
    for callback, _ in callbacks or ():
        record = tracer.registry.known(getattr(callback, "__self__", None))
        if record is not None:
            return record.id
    return None


def _is_inner(setter: FrameType) -> bool:
    """Whether a queue or primitive is another one's, as a barrier has a condition, which has a lock."""
    caller = setter.f_back
    if caller is not None and caller.f_code is _CONDITION_INIT:
        caller = caller.f_back
    return caller is not None and caller.f_code in _OWNERS


def _condition_waiters() -> property:
    """A condition is born when it gets its list of waiters.

    Up to Python 3.12 notify() goes through the list itself, so there it reports when it is read.
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
    """A condition's waiters are about to be woken. A cancelled wait() comes here too: that is no notification."""
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
