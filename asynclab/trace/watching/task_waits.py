"""Finds out what a suspended task waits for, by reading its chain of coroutines.

The chain is followed from the task's coroutine inwards. If the user's code awaits a function of asyncio, the outermost
such function shows what the task waits for. If it doesn't, the future at the end of the chain does.
"""

from __future__ import annotations

import asyncio
import inspect
from asyncio import Future, Task, TimerHandle
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import msgspec

from asynclab.model.events import Wait, WaitKind
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import Chain
from asynclab.trace.recording.clock import finite
from asynclab.trace.recording.code_ownership import is_asyncio, library_of
from asynclab.trace.recording.future_state import is_future
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.recording.values import is_a
from asynclab.trace.watching.external_waits import ExternalWaits
from asynclab.trace.watching.resource_registry import Resources


class WaitContext(msgspec.Struct, frozen=True):
    """The watchers that help to describe a wait."""

    recorder: Recorder
    tasks: TaskRegistry
    resources: Resources
    external: ExternalWaits


Describe = Callable[[FrameType, WaitContext], Wait]


def describe_wait(future: Future[Any], chain: Chain, known: WaitContext) -> Wait:
    """Describe what a suspended task waits for; `future` will wake it, `chain` is its chain of coroutines."""
    wait = _from_frames(chain, known) or _from_future(future, known)
    place = _place(chain, known)
    if place is None:
        return wait
    return msgspec.structs.replace(wait, file=place.f_code.co_filename, line=place.f_lineno or 0)


def _from_frames(chain: Chain, known: WaitContext) -> Wait | None:
    """The wait according to the outermost function of asyncio below the user's code; None if there is none."""
    innermost_foreign: FrameType | None = None
    found: Wait | None = None
    for index, frame in enumerate(chain.frames):
        if not is_asyncio(frame.f_code.co_filename):
            innermost_foreign, found = frame, None
        elif frame.f_code is cpython.COMPLETED:
            found = _as_completed(frame, chain.links[index - 1] if index else None, known)
        elif found is None or found.kind in ("wait_for", "unknown"):
            describe = _KNOWN.get(id(frame.f_code))
            found = describe(frame, known) if describe else found
    if type(chain.end).__name__ in _OPAQUE:
        return Wait("async_generator")
    if found is not None and found.kind != "unknown":
        return found
    if innermost_foreign is not None and not known.recorder.code.owns(innermost_foreign.f_code.co_filename):
        return Wait("library", library=library_of(innermost_foreign.f_code.co_filename))
    return None


_OPAQUE = ("async_generator_asend", "async_generator_athrow", "anext_awaitable")


def _from_future(future: Future[Any], known: WaitContext) -> Wait:
    if is_a(future, cpython.GatheringFuture):
        count, innermost = len(cpython.children_of(future)), cpython.innermost_children_of(future)
        return Wait("gather", tasks=known.tasks.numbers_of(innermost), count=count)
    if is_a(future, Task):
        return Wait("task", tasks=known.tasks.numbers_of([future]), count=1)
    shielded = cpython.shielded_by(future)
    if shielded is not None:
        inside = _from_future(shielded, known)
        return Wait("shield", tasks=inside.tasks, count=inside.count) if inside.tasks else inside
    if known.external.is_executor_call(future):
        return Wait("thread")
    return Wait("future")


def _place(chain: Chain, known: WaitContext) -> FrameType | None:
    """The innermost frame of the user's code; None if there is none, or if inner frames can't be read."""
    if chain.is_opaque:
        return None
    for frame in reversed(chain.frames):
        if known.recorder.code.owns(frame.f_code.co_filename):
            return frame
    return None


def _sleep(frame: FrameType, known: WaitContext) -> Wait:
    names = variables_of(frame)
    timer = names.get("h")
    due = known.recorder.deadline_of(timer) if is_a(timer, TimerHandle) else None
    delay = names["delay"]  # asyncio accepts any type that can be added to a float
    return Wait(
        "sleep",
        seconds=finite(float(delay)) if type(delay) in (int, float) else None,
        deadline=None if due is None else finite(due),
    )


def _resource(kind: WaitKind) -> Describe:
    def describe(frame: FrameType, known: WaitContext) -> Wait:
        return Wait(kind, known.resources.meet(variables_of(frame)["self"]))

    return describe


def _lock(frame: FrameType, known: WaitContext) -> Wait:
    lock = variables_of(frame)["self"]
    number = known.resources.meet(lock)
    holder = known.resources.holder_of(lock)
    return Wait("lock", number, () if holder is None else (holder,))


def _plain(kind: WaitKind) -> Describe:
    def describe(frame: FrameType, known: WaitContext) -> Wait:
        return Wait(kind)

    return describe


def _wait(frame: FrameType, known: WaitContext) -> Wait:
    futures = variables_of(frame)["fs"]
    return Wait("wait", tasks=known.tasks.numbers_of(futures), count=len(futures))


def _as_completed(frame: FrameType, waiting: object, known: WaitContext) -> Wait:
    futures = cpython.left_to_complete(frame, waiting)
    return Wait("as_completed", tasks=known.tasks.numbers_of(futures), count=len(futures))


def _wait_for(frame: FrameType, known: WaitContext) -> Wait:
    inner = variables_of(frame)["fut"]
    if is_future(inner):
        inner = cpython.shielded_by(inner) or inner
        return Wait("wait_for", tasks=known.tasks.numbers_of([inner]), count=1)
    return Wait("unknown")


def _task_group(frame: FrameType, known: WaitContext) -> Wait:
    tasks = cpython.tasks_in(variables_of(frame)["self"])
    return Wait("task_group", tasks=known.tasks.numbers_of(tasks), count=len(tasks))


def _codes() -> Iterator[tuple[Any, Describe]]:
    """The functions of asyncio in which a task can be suspended, each with the function that describes the wait."""
    yield asyncio.sleep, _sleep
    yield asyncio.Queue.get, _resource("queue.get")
    yield asyncio.Queue.put, _resource("queue.put")
    yield asyncio.Queue.join, _resource("queue.join")
    yield asyncio.Lock.acquire, _lock
    yield asyncio.Semaphore.acquire, _resource("semaphore")
    yield asyncio.Event.wait, _resource("event")
    yield asyncio.Condition.wait, _resource("condition")
    yield asyncio.Barrier.wait, _resource("barrier")
    yield asyncio.wait_for, _wait_for
    yield cpython.wait_for_futures, _wait
    yield asyncio.TaskGroup.__aexit__, _task_group
    yield cpython.task_group_exit, _task_group
    yield asyncio.to_thread, _plain("thread")
    for method in ("read", "readline", "readexactly", "readuntil"):
        yield getattr(asyncio.StreamReader, method), _plain("stream")
    yield cpython.wait_for_data, _plain("stream")
    yield asyncio.StreamWriter.drain, _plain("stream")
    yield asyncio.StreamWriter.wait_closed, _plain("stream")
    yield asyncio.open_connection, _plain("socket")
    for method in ("wait", "communicate"):
        yield getattr(asyncio.subprocess.Process, method), _plain("process")
    yield asyncio.create_subprocess_exec, _plain("process")
    yield asyncio.create_subprocess_shell, _plain("process")
    loop = asyncio.selector_events.BaseSelectorEventLoop
    for method in ("sock_recv", "sock_sendall", "sock_accept", "sock_connect", "sock_recv_into", "create_connection"):
        yield getattr(loop, method), _plain("socket")
    for method in ("getaddrinfo", "getnameinfo"):
        yield getattr(loop, method), _plain("thread")


_KNOWN: dict[int, Describe] = {
    id(inspect.unwrap(function).__code__): describe for function, describe in _codes() if function is not cpython.Absent
}
"""The same, by the id() of their code, which is never destroyed: to hash a code object is slow."""
