"""Finds the objects that a task waits for, and the function of the program that would wake it."""

from __future__ import annotations

import asyncio
import dis
from asyncio import Future, Task
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any

from asynclab.model.events import Waker
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import Chain, follow
from asynclab.trace.reading.function_source import codes_in
from asynclab.trace.reading.reachable_objects import code_of, modules_used
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import awaited_by, coroutine_of
from asynclab.trace.recording.values import is_a

_WAITS: dict[CodeType, frozenset[str]] = {
    asyncio.Event.wait.__code__: frozenset({"set"}),
    asyncio.Condition.wait.__code__: frozenset({"notify", "notify_all"}),
    asyncio.Barrier.wait.__code__: frozenset({"wait"}),
    asyncio.Semaphore.acquire.__code__: frozenset({"release"}),
    asyncio.Lock.acquire.__code__: frozenset({"release"}),
    asyncio.Queue.get.__code__: frozenset({"put", "put_nowait"}),
    asyncio.Queue.put.__code__: frozenset({"get", "get_nowait"}),
    asyncio.Queue.join.__code__: frozenset({"task_done"}),
}
"""The functions in which a task waits for a queue or primitive, and the methods that end such a wait."""

_SETS_FUTURE = frozenset({"set_result", "set_exception"})

_NAMES = ("LOAD_ATTR", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME")
"""The instructions that load an object by a name that other functions may use too."""

_METHODS = ("LOAD_ATTR", "LOAD_METHOD")

_MOST_TASKS = 20
_MOST_CODES = 5_000


def sources_of(chain: Chain, future: Future[Any] | None) -> list[tuple[object, frozenset[str]]]:
    """The queues, primitives or future that a task waits for, and the methods that would end its wait."""
    waits = [frame for frame in chain.frames if frame.f_code in _WAITS]  # two in a barrier
    if not waits and type(future) is Future and not _sleeps(chain):
        return [(future, _SETS_FUTURE)]
    return [(variables_of(frame)["self"], _WAITS[frame.f_code]) for frame in waits]


def _sleeps(chain: Chain) -> bool:
    return bool(chain.frames) and chain.frames[-1].f_code is asyncio.sleep.__code__


def lone_wakers(tasks: Iterable[tuple[int, Task[Any]]]) -> Iterator[Waker]:
    """For each task, the function that looks as if it would wake the task, if there is exactly one."""
    for number, task in islice(tasks, _MOST_TASKS):
        chain = follow(coroutine_of(task))
        own = [index for index, frame in enumerate(chain.frames) if not is_asyncio(frame.f_code.co_filename)]
        sources = sources_of(chain, awaited_by(task)) if own else []
        if sources:
            frame, inner = chain.frames[own[-1]], chain.frames[own[-1] + 1 :]
            name = _name_of_source(frame, inner[0].f_code.co_name if inner else "")
            found = list(islice(_that_wake(frame, name, sources[0][1]), 2)) if name else []
            if len(found) == 1:
                code, line = found[0]
                yield Waker(number, code.co_qualname, code.co_filename, line)


def _name_of_source(frame: FrameType, method: str) -> str:
    """The name in the code for the awaited object, or for the object of the awaited method; empty if it has none."""
    steps = [each for each in dis.get_instructions(frame.f_code) if each.offset <= frame.f_lasti]
    ends = [index for index, each in enumerate(steps) if each.opname == "GET_AWAITABLE"]
    steps = steps[: ends[-1]] if ends else []
    if method:
        calls = [index for index, each in enumerate(steps) if each.opname in _METHODS and each.argval == method]
        steps = steps[: calls[-1]] if calls else []
    return str(steps[-1].argval) if steps and steps[-1].opname in _NAMES else ""


def _that_wake(frame: FrameType, name: str, methods: frozenset[str]) -> Iterator[tuple[CodeType, int]]:
    """The functions that look up one of `methods` on an object with this name, and the line of that."""
    for code in islice(_functions(frame), _MOST_CODES):
        if methods.isdisjoint(code.co_names):
            continue
        for before, each in pairwise(dis.get_instructions(code)):
            is_such = each.opname in _METHODS and each.argval in methods
            if is_such and before.opname in _NAMES and before.argval == name:
                yield code, (each.positions.lineno if each.positions else None) or code.co_firstlineno
                break


def _functions(frame: FrameType) -> Iterator[CodeType]:
    """The functions in a frame's module, and in the program's modules that this imports."""
    found = set[CodeType]()
    for module in modules_used([frame.f_globals]):
        owners = [module, *(vars(each) for each in list(module.values()) if is_a(each, type))]
        for owner in owners:
            for value in list(owner.values()):
                is_code = is_a(value, FunctionType | MethodType | classmethod | staticmethod | property)
                for code in code_of(value) if is_code else ():
                    new = [each for each in codes_in(code) if each not in found]
                    found.update(new)
                    yield from new
