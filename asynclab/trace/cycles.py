"""Tasks that wait for each other in a circle, which asyncio itself can't cancel (CPython issue 80637)."""

from __future__ import annotations

from asyncio import Future, Task
from collections.abc import Sequence
from typing import Any


def break_await_cycles(tasks: Sequence[Task[Any]]) -> None:
    """Let one task of each circle fail, since cancel() would recurse without end.

    The exception is set through the base class: a task refuses set_exception(), but its waiter gets it this way.
    """
    settled: set[int] = set()
    for task in tasks:
        path: list[Task[Any]] = []
        current: Future[Any] | None = task
        while isinstance(current, Task) and id(current) not in settled:
            settled.add(id(current))
            path.append(current)
            current = current._fut_waiter  # type: ignore[attr-defined]
        if current in path and isinstance(current, Task):
            error = RuntimeError("tasks wait for each other in a circle")
            Future.set_exception(current, error)
            current._log_traceback = False
