"""Recognises tasks whose code can't wake any other task, such as one that only counts in a loop with a sleep.

The search for deadlocks needs that: such a task may refer to a lock or queue, but can't end a wait for it.
"""

from __future__ import annotations

import asyncio
import dis
from asyncio import Task
from functools import lru_cache
from types import BuiltinMethodType, CodeType, FunctionType, MethodType
from typing import Any

from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.reachable_objects import Reach
from asynclab.trace.recording.future_state import coroutine_of
from asynclab.trace.recording.values import is_a

_SLEEP = asyncio.sleep.__code__

_MOST_OBJECTS = 500

_WAKING = frozenset(
    {
        *("acquire", "cancel", "close", "get", "get_nowait", "notify", "notify_all", "put", "put_nowait", "release"),
        *("send", "set", "set_exception", "set_result", "shutdown", "stop", "task_done", "throw", "wait"),
        *("__dict__", "eval", "exec", "getattr", "globals", "locals", "setattr", "vars"),
    }
)
"""The names of functions that may wake tasks, and of functions that may call others by a name unknown to us."""

_LEADS_ELSEWHERE = ("BEFORE_ASYNC_WITH", "BEFORE_WITH", "LOAD_SPECIAL", "IMPORT_NAME")
"""The instructions of a `with`, which may release a lock at its end, and of an import, which runs other code."""


def can_wake_nobody(task: Task[Any]) -> bool:
    """Whether a task is in a sleep(), and no code that it may run later can end the wait of another task."""
    chain = follow(coroutine_of(task))
    if chain.is_opaque or not chain.has_begun or chain.frames[-1].f_code is not _SLEEP:
        return False
    reach = Reach(chain.own_links, chain.frames, _MOST_OBJECTS)
    return not any(map(_is_waking, reach.objects())) and not reach.may_run(_may_wake)


def _is_waking(value: object) -> bool:
    """Whether a value is a function that may wake tasks, such as `queue.put_nowait`, or one from `operator`."""
    if is_a(value, BuiltinMethodType | MethodType | FunctionType):
        return value.__name__ in _WAKING
    return type(value).__module__ == "operator"


@lru_cache(1_000)
def _may_wake(code: CodeType) -> bool:
    names = {*code.co_names, *code.co_varnames[: code.co_argcount]}
    if not _WAKING.isdisjoint(names):
        return True
    before = ""
    for each in dis.get_instructions(code):
        returns = each.opname == "RETURN_VALUE" and before != "LOAD_CONST"  # the caller may use the value
        if each.opname in _LEADS_ELSEWHERE or (returns and code.co_flags & 0x80):
            return True
        before = each.opname
    return False
