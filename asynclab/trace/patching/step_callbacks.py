"""Tells the callbacks that run a step of a task from any others."""

from __future__ import annotations

from asyncio import Task

from asynclab.trace import cpython
from asynclab.trace.recording.future_state import is_task


def _find_step_type() -> type:
    """The C type of the callback that runs a task's step, which has no public name."""
    found: list[type] = []

    class _Loop:
        def call_soon(self, callback: object, *, context: object = None) -> None:
            found.append(type(callback))

        def get_debug(self) -> bool:
            return False

    async def nothing() -> None: ...

    coroutine = nothing()
    # The name keeps this task from using up "Task-1", which the program's own first task has in plain Python.
    task = Task(coroutine, loop=_Loop(), name="asynclab")  # type: ignore[arg-type]
    cpython.expect_destruction(task)
    coroutine.close()
    return found[0]


STEP_TYPE = _find_step_type()
WAKE_UP = "task_wakeup"
"""The name of the callback that wakes a task written in C."""

TASK_CALLBACKS = frozenset({WAKE_UP, "TaskWakeupMethWrapper", "__step", "__wakeup"})
"""The names of the other callbacks that run a step: a wake-up, and both in tasks written in Python."""


def is_task_callback(callback: object) -> bool:
    """Whether a callback runs a step of a task."""
    if type(callback) is STEP_TYPE:
        return True
    return getattr(callback, "__name__", "") in TASK_CALLBACKS and is_task(getattr(callback, "__self__", None))


def makes_step_of_itself(callback: object) -> bool:
    """Whether a task's callback is one that it schedules itself, at its birth or to yield; not a wake-up."""
    return type(callback) is STEP_TYPE or getattr(callback, "__name__", "") == "__step"
