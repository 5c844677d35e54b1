"""Detects failures that nobody reads: gather() has collected them as results, and its caller drops the results."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

from asynclab.model.events import ExceptionDropped
from asynclab.trace import cpython
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.recording.future_state import cancel_requests_of, coroutine_of, exception_of
from asynclab.trace.recording.recorder import TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry

_OF_AN_AWAIT = frozenset(
    {"YIELD_VALUE", "RESUME", "JUMP_BACKWARD_NO_INTERRUPT", "SEND", "END_SEND", "CLEANUP_THROW", "CACHE", "NOP"}
)
"""The instructions of an `await`, before those that use its result."""


def ignored_failures(record: TaskRecord, gathered: Any, tasks: TaskRegistry, at: float) -> Iterator[ExceptionDropped]:
    """The events for the failed tasks of a gather() if its caller drops the results. Cancelled tasks don't count.

    `record` is the task that awaits `gathered`.
    """
    failed = [each for each in tasks.failed_of(cpython.children_of(gathered)) if not cancel_requests_of(each)]
    task = record()
    frames = follow(coroutine_of(task)).frames if failed and task is not None and exception_of(gathered) is None else []
    if frames and _drops_result(frames[-1].f_code, frames[-1].f_lasti):
        frame = frames[-1]
        for number in tasks.numbers_of(failed):
            file, line = frame.f_code.co_filename, frame.f_lineno or 0
            yield ExceptionDropped(at, number, "", file, line, record.id)


@lru_cache(1_000)
def _drops_result(code: CodeType, at: int) -> bool:
    """Whether a function drops the result of the `await` at an instruction, or stores it in an unused variable."""
    all_of_it = list(dis.get_instructions(code))
    rest = (each for each in all_of_it if each.offset >= at and each.opname not in _OF_AN_AWAIT)
    then = next(rest, None)
    if then is None or then.opname != "STORE_FAST":
        return then is not None and then.opname == "POP_TOP"
    return (
        sum(then.argval in (each.argval if isinstance(each.argval, tuple) else (each.argval,)) for each in all_of_it)
        == 1
    )
