"""Detects a wait() for tasks that the calling function never uses again: those still pending afterwards are left alone.

For example `done, _ = await asyncio.wait({first, second}, return_when=FIRST_COMPLETED)`, if the function has made both
tasks, keeps them only in variables, and reads these nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain as chain_of
from itertools import islice
from types import CodeType
from typing import Any

import msgspec

from asynclab.model.events import TasksDropped
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_if_unseen, variables_of
from asynclab.trace.reading.await_chain import Chain
from asynclab.trace.reading.function_source import UNREADABLE, parsed, span_at, span_of
from asynclab.trace.recording.future_state import is_done
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.recording.values import has_type

_MAKES = frozenset({"create_task", "ensure_future"})
_COLLECTIONS = frozenset({"list", "set", "tuple"})
_COLLECTS = frozenset({"append", "add", "extend", "update"})
"""The methods that put tasks into a collection."""

_LITERALS = (ast.List, ast.Set, ast.Tuple, ast.ListComp, ast.SetComp)

_MOST = 200
"""How many tasks of one wait() are examined."""


def dropped_tasks(recorder: Recorder, record: TaskRecord, chain: Chain, tasks: TaskRegistry) -> Iterator[TasksDropped]:
    """The event for the wait() in which a task is suspended, if its function never uses some of the tasks again."""
    if len(chain.frames) < 3 or chain.frames[-1].f_code is not getattr(cpython.wait_for_futures, "__code__", None):
        return
    frame, inner = chain.frames[-3], chain.frames[-1]  # between them is that of wait() itself
    use = _use_of_tasks(frame.f_code, frame.f_lasti) if recorder.code.owns(frame.f_code.co_filename) else None
    variables = variables_if_unseen(frame) if use is not None else None
    if use is None or variables is None:
        return
    used = set(chain_of.from_iterable(_held(value) for name, value in variables.items() if name in use.variables))
    unused = set(chain_of.from_iterable(_held(value) for name, value in variables.items() if name not in use.variables))
    left = (each for each in islice(variables_of(inner)["fs"], _MOST) if not is_done(each) and id(each) not in used)
    numbers = []
    for each in left:
        known = tasks.known(each)
        born = None if known is None else known.created
        if born is not None and (born.parent, born.file) == (record.id, frame.f_code.co_filename):
            numbers += [born.task] if born.line in (use.made if id(each) in unused else use.given) else []
    if numbers:
        file, line = frame.f_code.co_filename, frame.f_lineno or 0
        yield TasksDropped(recorder.clock.now(), record.id, tuple(sorted(numbers)), file, line)


def _held(value: object) -> Iterator[int]:
    """The id() of a variable's value, and of the items of a collection."""
    yield id(value)
    if has_type(value, (list, set, tuple, frozenset)):
        yield from map(id, islice(value, _MOST))  # type: ignore[call-overload]


class _Use(msgspec.Struct, frozen=True):
    """How a function uses the tasks of a wait()."""

    variables: frozenset[str]
    """The variables that it reads elsewhere, or that other code has, too."""
    made: frozenset[int]
    """The lines in which it makes tasks that nothing but variables and collections get."""
    given: frozenset[int]
    """Those of them that are in the call of wait() itself."""


@lru_cache(200)
def _use_of_tasks(code: CodeType, at: int) -> _Use | None:
    """How a function uses the tasks of the wait() at an instruction; None if it uses what that returns as pending."""
    span = span_at(code, at)
    try:
        function: Any = parsed(code)
    except (*UNREADABLE, SystemError):
        return None
    nodes = list(ast.walk(function))
    for node in nodes:
        match node:
            case ast.Expr(value=ast.Await() as wait) if span_of(wait) == span:
                pending = ""
            case ast.Assign(
                targets=[ast.Tuple(elts=[ast.Name(), ast.Name(id=pending)])], value=ast.Await() as wait
            ) if span_of(wait) == span:
                pass
            case _:
                continue
        made = _made_in(nodes)
        variables = _variables_used(nodes, wait) | {each.arg for each in nodes if isinstance(each, ast.arg)}
        given = made.intersection(range(wait.lineno, (wait.end_lineno or 0) + 1))
        return None if pending in variables else _Use(frozenset(variables), made, given)
    return None


def _made_in(nodes: Collection[ast.AST]) -> frozenset[int]:
    """The lines of calls that make a task, unless the task is passed on to another function or object."""
    own = {each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    calls = [each for each in nodes if isinstance(each, ast.Call)]
    made = [each for each in calls if _is_asyncios(each.func, _MAKES)]
    others: list[ast.AST] = [each for each in calls if each not in made and not _only_collects(each.func, own)]
    others += [each for each in nodes if isinstance(each, ast.Yield) or _stores(each)]
    passed = {id(inner) for each in others for inner in ast.walk(each)}
    lines = (range(each.lineno, (each.end_lineno or 0) + 1) for each in made if id(each) not in passed)
    return frozenset(chain_of.from_iterable(lines))


def _stores(node: ast.AST) -> bool:
    """Whether a statement stores something as an attribute or item, where other code may find it."""
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Attribute | ast.Subscript) for target in targets for each in ast.walk(target))


def _only_collects(function: ast.expr, own: Collection[str]) -> bool:
    """Whether a function puts what it gets into a collection of the caller's own, or is asyncio's wait()."""
    match function:
        case ast.Name(id=name) if name in _COLLECTIONS:
            return True
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in _COLLECTS:
            return owner in own
    return _is_asyncios(function, ("wait",))


def _is_asyncios(function: ast.expr, names: Collection[str]) -> bool:
    """Whether an expression is one of these functions of asyncio, and not for example a task group's method."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return _name(function) in names and (owner is None or _name(owner) == "asyncio")


def _name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _variables_used(nodes: Collection[ast.AST], wait: ast.Await) -> set[str]:
    """The variables that are read outside a wait(), and those whose value is stored elsewhere when they are set."""
    collected = {
        id(each.func.value)
        for each in nodes
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in _COLLECTS
    }
    ignored = collected.union(map(id, ast.walk(wait)))
    names = [each for each in nodes if isinstance(each, ast.Name) and id(each) not in ignored]
    used = {each.id for each in names if isinstance(each.ctx, ast.Load)}
    for each in nodes:
        match each:
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value):
                stored = [] if value is wait or _is_new(value) else [target]
            case ast.Assign(targets=stored):
                pass
            case ast.NamedExpr(target=target) | ast.For(target=target) | ast.AsyncFor(target=target):
                stored = [target]
            case ast.withitem(optional_vars=ast.expr() as target):
                stored = [target]
            case ast.Global(names=shared) | ast.Nonlocal(names=shared):
                used.update(shared)
                continue
            case _:
                continue
        parts = chain_of.from_iterable(map(ast.walk, stored))
        used.update(part.id for part in parts if isinstance(part, ast.Name))
    return used


def _is_new(value: ast.expr | None) -> bool:
    """Whether an expression makes a new object, so that no other code has it: a task or a collection."""
    function = value.func if isinstance(value, ast.Call) else None
    if isinstance(function, ast.Subscript):  # such as set[asyncio.Task[None]]()
        function = function.value
    is_made = function is not None and (_is_asyncios(function, _MAKES) or _name(function) in _COLLECTIONS)
    return value is None or is_made or isinstance(value, _LITERALS)
