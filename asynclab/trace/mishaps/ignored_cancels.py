"""Detects that a task continues as if it had not been cancelled.

If a task was cancelled, and has run since, CancelledError was raised in it. While the task cleans up, it still handles
this exception, so one of its coroutines refers to the exception. If none does, and uncancel() wasn't called, the task
has ignored the cancel.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from asyncio import CancelledError, Task
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.code_flow import is_endless
from asynclab.trace.reading.entered_blocks import entered
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import awaited_by, cancel_requests_of, coroutine_of, is_done

_CONDITION_WAIT = asyncio.Condition.wait.__code__
"""Condition.wait acquires its lock again before it raises; up to Python 3.11 it refers to no exception meanwhile."""

GROUPS_TAKE_BACK = sys.version_info >= (3, 13)
"""Whether a task group always calls uncancel() for the requests to its own task; before 3.13 some stay by mistake."""

_LEAVES = (asyncio.TaskGroup.__aexit__.__code__, getattr(cpython.task_group_exit, "__code__", None))
"""The functions in which a task waits after it has left the body of a task group."""

_MOST_CAUSES = 20


def has_swallowed_cancel(task: Task[Any]) -> bool:
    """Whether a task waits again right after a step although it was cancelled, without handling its CancelledError."""
    if not cancel_requests_of(task) or getattr(task, "_must_cancel", True):
        return False
    awaited = awaited_by(task)
    if awaited is None or is_done(awaited):
        return False
    return not _keeps_cancel(coroutine_of(task))


def is_in_endless_loop(task: Task[Any]) -> bool:
    """Whether a task waits in a loop that doesn't end by itself."""
    frames = follow(coroutine_of(task)).frames
    return any(is_endless(each.f_code, each.f_lasti) for each in frames if not is_asyncio(each.f_code.co_filename))


def is_in_failed_group(task: Task[Any]) -> bool:
    """Whether a task is in the body of a task group that has failed, and so has cancelled the task."""
    chain = follow(coroutine_of(task))
    leaving = {id(variables_of(frame).get("self")) for frame in chain.frames if frame.f_code in _LEAVES}
    managers = [manager for link in chain.links for manager in entered(link) if id(manager) not in leaving]
    return any(type(each) is asyncio.TaskGroup and cpython.has_cancelled_parent(each) for each in managers)


def _keeps_cancel(awaitable: Any) -> bool:
    """Whether any coroutine of a chain refers, or may refer, to a CancelledError."""
    while awaitable is not None and type(awaitable).__name__ != cpython.FUTURE_ITERATOR:
        referents = gc.get_referents(awaitable)
        kind = type(awaitable)
        if any(issubclass(type(each), BaseException) and _is_from_cancel(each) for each in referents):
            return not (kind is CoroutineType and is_endless(awaitable.cr_code, awaitable.cr_frame.f_lasti))
        if kind is CoroutineType:
            if awaitable.cr_code is _CONDITION_WAIT:
                return True
            awaitable = awaitable.cr_await
        elif kind is GeneratorType:
            awaitable = awaitable.gi_yieldfrom
        elif kind is AsyncGeneratorType:
            awaitable = awaitable.ag_await
        elif kind.__name__ == cpython.COROUTINE_WRAPPER:
            (awaitable,) = referents
        else:
            return True  # this object can't be read
    return False


def _is_from_cancel(error: BaseException | None) -> bool:
    """Whether an exception is a CancelledError, or was raised while one was handled."""
    for _ in range(_MOST_CAUSES):
        if error is None:
            return False
        if issubclass(type(error), CancelledError | BaseExceptionGroup):
            return True
        error = vars(BaseException)["__context__"].__get__(error)  # bypasses a property of a subclass
    return True
