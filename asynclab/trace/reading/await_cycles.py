"""Cancels tasks that wait for each other in a circle, which asyncio itself can't do (CPython issue 80637)."""

from __future__ import annotations

from asyncio import Future, Task
from collections.abc import Iterable, Iterator
from typing import Any

from asynclab.trace import cpython
from asynclab.trace.recording.future_state import awaited_by


def break_await_cycles(tasks: Iterable[Task[Any]]) -> None:
    """Make one task fail in each circle that `tasks` are in or wait for: cancel() would recurse endlessly there.

    The exception is set by `Future.set_exception`, because `Task.set_exception` raises. The waiting task then gets it.
    """
    settled: set[Future[Any]] = set()
    for task in tasks:
        path: dict[Future[Any], Iterator[Future[Any]]] = {task: iter(cancelled_with(task))}
        while path:
            last = next(reversed(path))
            following = next(path[last], None)
            if following is None:
                del path[last]
                settled.add(last)
            elif following in path:
                _fail(last if isinstance(last, Task) else following)
            elif following not in settled:
                path[following] = iter(cancelled_with(following))


def cancelled_with(future: Future[Any]) -> list[Future[Any]]:
    """The futures that `future.cancel()` cancels first."""
    if isinstance(future, Task):
        awaited = awaited_by(future)
        return [] if awaited is None else [awaited]
    if not isinstance(future, cpython.GatheringFuture):
        return []
    children: list[Future[Any]] = getattr(future, "_children", [])
    return [child for child in children if not child.done()]


def cancel_innermost(future: Future[Any]) -> bool:
    """Cancel the innermost futures that `future` waits for. Returns whether any of them accepted it."""
    taken, todo = False, [future]
    while todo:
        last = todo.pop()
        inner = cancelled_with(last)
        todo.extend(inner)
        if not inner:
            taken = last.cancel() or taken
    return taken


def _fail(future: Future[Any]) -> None:
    if not future.done():
        Future.set_exception(future, RuntimeError("tasks wait for each other in a circle"))
        future._log_traceback = False
