"""Sees tasks that run their first step while they are being made, inside a step of another (Python 3.12 and later).

Neither a handle nor a factory tells of them: `asyncio.Task(..., eager_start=True)` runs in C until the coroutine
suspends. But it asks the loop `is_running()` just before, and of all that is left out only when it starts eagerly. The
task is then the youngest object of its kind. That its step is over is seen by asyncio's own word for who runs, the next
time that anything happens.
"""

from __future__ import annotations

import gc
from asyncio import AbstractEventLoop, Task, current_task
from asyncio.tasks import _PyTask  # type: ignore[attr-defined]
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

from asynclab.model.events import StepEnded, StepStarted
from asynclab.trace.recording.futures import coroutine_of, is_done, is_task
from asynclab.trace.recording.task_registry import TaskRecord

if TYPE_CHECKING:
    from asynclab.trace.recording.recorder import Tracer

MOST_YOUNG_OBJECTS = 10_000
"""Among more young objects no task is searched for: a program that has switched the collector off has millions."""

_MAKES_PYTHON_TASK = _PyTask.__init__.__code__
"""Of the tasks that are written in Python, this asks whether the loop runs, and only to start eagerly."""


@dataclass(slots=True)
class _Start:
    """An eager first step that may be under way."""

    task: Task[Any]
    """Kept alive until its step is known to be over."""
    record: TaskRecord
    began: float
    """Real seconds."""
    outer: tuple[TaskRecord | None, TaskRecord | None]
    """The task whose step it interrupts, and the task that caused that."""


class EagerStarts:
    """The eager first steps that are under way, innermost last."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self.under_way: list[_Start] = []

    def begin(self, caller: FrameType) -> None:
        """See whether a task starts eagerly now.

        Args:
            caller: The frame that asks whether the loop runs.
        """
        tracer = self._tracer
        assert tracer.loop is not None
        task = _starting_task(caller, tracer.loop)
        if task is None or tracer.census.knows(task):
            return
        self.settle()
        tracer.open_step()
        outer = tracer.current, tracer.cause
        record = tracer.census.enter(task, coroutine_of(task))
        record.yielded = False
        tracer.current, tracer.cause = record, None
        clock = tracer.clock
        began = clock.real_time()
        tracer.write(StepStarted(began * clock.rate + clock.offset, record.id))
        self.under_way.append(_Start(task, record, began, outer))

    def settle(self) -> None:
        """Notice which eager steps are over."""
        tracer = self._tracer
        while self.under_way and tracer.loop is not None:
            start = self.under_way[-1]
            if current_task(tracer.loop) is start.task:
                return
            self.under_way.pop()
            tracer.current, tracer.cause = start.outer
            record, task = start.record, start.task
            clock = tracer.clock
            real = clock.real_time()
            at = real * clock.rate + clock.offset
            ends = is_done(task)
            tracer.write(StepEnded(at, record.id, real - start.began, record.yielded, ends))
            tracer.follow(record, task, at, real, ends=ends)


def _starting_task(caller: FrameType, loop: AbstractEventLoop) -> Task[Any] | None:
    """The task that begins its first step now; None where somebody else asks whether the loop runs."""
    code = caller.f_code
    if "is_running" in code.co_names:  # Python code asks: a program, or a task written in Python
        task = caller.f_locals.get("self") if code is _MAKES_PYTHON_TASK else None
        return task if is_task(task) else None
    if gc.get_count()[0] > MOST_YOUNG_OBJECTS:
        return None
    for candidate in reversed(gc.get_objects(0)):
        if issubclass(type(candidate), Task):
            return candidate if candidate._loop is loop and _has_not_begun(candidate) else None
    return None


def _has_not_begun(task: Task[Any]) -> bool:
    coroutine = None if is_done(task) else coroutine_of(task)
    return not (getattr(coroutine, "cr_suspended", False) or getattr(coroutine, "cr_running", False))
