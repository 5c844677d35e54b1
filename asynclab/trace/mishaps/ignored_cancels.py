"""Detects that a task continues as if it had not been cancelled.

A task that was asked to end, and has run since, has had its CancelledError raised in it. While it cleans up, that
exception is being handled, or at least kept: some coroutine of the task refers to it. If none does, and the request was
not taken back by uncancel(), the task has dropped it.
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
"""It takes its lock again before it raises; up to Python 3.11 it keeps no exception meanwhile."""

GROUPS_TAKE_BACK = sys.version_info >= (3, 13)
"""Whether a task group always takes its requests to its own task back; before, some stay though nobody asked."""

_LEAVES = (asyncio.TaskGroup.__aexit__.__code__, getattr(cpython.task_group_exit, "__code__", None))
"""Where a task has left the body of a task group."""

_MOST_CAUSES = 20


def goes_on(task: Task[Any]) -> bool:
    """Whether a task, right after a step, waits as if nobody had asked it to end, though somebody has."""
    if not cancel_requests_of(task) or getattr(task, "_must_cancel", True):
        return False
    awaited = awaited_by(task)
    if awaited is None or is_done(awaited):
        return False
    return not _keeps_cancel(coroutine_of(task))


def goes_on_for_ever(task: Task[Any]) -> bool:
    """Whether a task waits in a loop that never ends by itself."""
    frames = follow(coroutine_of(task)).frames
    return any(is_endless(each.f_code, each.f_lasti) for each in frames if not is_asyncio(each.f_code.co_filename))


def is_in_failed_group(task: Task[Any]) -> bool:
    """Whether a task is in the body of a task group that has failed, and has asked it to end."""
    chain = follow(coroutine_of(task))
    leaving = {id(variables_of(frame).get("self")) for frame in chain.frames if frame.f_code in _LEAVES}
    managers = [manager for link in chain.links for manager in entered(link) if id(manager) not in leaving]
    return any(type(each) is asyncio.TaskGroup and cpython.has_cancelled_parent(each) for each in managers)


def _keeps_cancel(awaitable: Any) -> bool:
    """Whether any coroutine of a chain refers to a CancelledError, or may do so."""
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
            return True  # what is in there can't be seen
    return False


def _is_from_cancel(error: BaseException | None) -> bool:
    """Whether an exception is a CancelledError, or came of one."""
    for _ in range(_MOST_CAUSES):
        if error is None:
            return False
        if issubclass(type(error), CancelledError | BaseExceptionGroup):
            return True
        error = vars(BaseException)["__context__"].__get__(error)  # past a property of the program's own
    return True
