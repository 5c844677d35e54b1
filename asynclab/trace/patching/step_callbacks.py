"""Recognises callbacks that run a step of a task."""

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
    # With a name, so that this task doesn't take the name "Task-1" from the program's first task.
    task = Task(coroutine, loop=_Loop(), name="asynclab")  # type: ignore[arg-type]
    cpython.expect_destruction(task)
    coroutine.close()
    return found[0]


STEP_TYPE = _find_step_type()
WAKE_UP = "task_wakeup"
"""The name of the callback that wakes a task written in C."""

TASK_CALLBACKS = frozenset({WAKE_UP, "TaskWakeupMethWrapper", "__step", "__wakeup"})
"""The names of other callbacks that run a step: the wake-up of a task in C, the step and wake-up of one in Python."""


def is_task_callback(callback: object) -> bool:
    """Whether a callback runs a step of a task."""
    if type(callback) is STEP_TYPE:
        return True
    return is_task(cpython.owner_of(callback)) and getattr(callback, "__name__", "") in TASK_CALLBACKS


def makes_step_of_itself(callback: object) -> bool:
    """Whether a task schedules this callback itself, when it is created or yields. A wake-up comes from a future."""
    return type(callback) is STEP_TYPE or getattr(callback, "__name__", "") == "__step"
