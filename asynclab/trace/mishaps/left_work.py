"""Detects tasks that still run after their gather() has failed, and will change or print something."""

from __future__ import annotations

import ast
import dis
from asyncio import Task
from collections.abc import Collection, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

from asynclab.model.events import WorkLeft
from asynclab.trace import cpython
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.code_flow import line_of, reached_from
from asynclab.trace.reading.function_source import UNREADABLE, parsed
from asynclab.trace.reading.shared_places import CHANGES
from asynclab.trace.recording.code_ownership import Place
from asynclab.trace.recording.future_state import coroutine_of, exception_of, is_done, is_task
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry

_EFFECTS = CHANGES | {"write", "send"}
"""The methods whose effect remains, by name."""

_MOST = 100
"""How many tasks of a failed gather() are examined."""


def left_work(
    recorder: Recorder, record: TaskRecord, gathered: Any, tasks: TaskRegistry, at: float
) -> Iterator[WorkLeft]:
    """The events for the tasks of a failed gather() that still run, if the user's code has something left to do there.

    `record` is the task that awaits `gathered`.
    """
    children = cpython.children_of(gathered)[:_MOST] if exception_of(gathered) is not None else []
    for child in children:
        place = _next_act(recorder, child) if is_task(child) and not is_done(child) else None
        if place is not None:
            for number in tasks.numbers_of([child]):
                yield WorkLeft(at, number, record.id, place[0], place[1])


def _next_act(recorder: Recorder, task: Task[Any]) -> Place | None:
    """The first line of the user's code where a suspended task will change or print something; None if nowhere."""
    for frame in follow(coroutine_of(task)).frames:
        code = frame.f_code
        if recorder.code.owns(code.co_filename) and (line := _acting_line(code, frame.f_lasti)):
            return code.co_filename, line
    return None


@lru_cache(1_000)
def _acting_line(code: CodeType, at: int) -> int:
    """The first line where a function changes or prints something after its wait at an instruction; 0 if none."""
    rest = reached_from(code, at, by_errors=False)
    lines = {line_of(each) for each in dis.get_instructions(code) if each.offset in rest}
    try:
        nodes = [each for each in _work_in(parsed(code)) if getattr(each, "lineno", None) in lines]
    except (*UNREADABLE, SystemError):
        return 0
    local = frozenset(code.co_varnames[code.co_argcount + code.co_kwonlyargcount :])
    return min((each.lineno for each in nodes if isinstance(each, ast.expr) and _acts(each, local)), default=0)


def _work_in(node: ast.AST) -> Iterator[ast.AST]:
    """A function's nodes, without those in a `finally`: cleaning up isn't work."""
    yield node
    for name, value in ast.iter_fields(node):
        for each in value if isinstance(value, list) and name != "finalbody" else [value]:
            if isinstance(each, ast.AST):
                yield from _work_in(each)


def _acts(node: ast.expr, local: Collection[str]) -> bool:
    """Whether an expression is changed, or calls a function with an effect. Objects in local variables don't count."""
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return _root(node) not in local
        case ast.Call(func=ast.Attribute() as method):
            return method.attr in _EFFECTS and _root(method) not in local
        case ast.Call(func=ast.Name(id=name)):
            return name == "print"
    return False


def _root(node: ast.expr) -> str:
    """The variable that an expression begins with; empty if it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
