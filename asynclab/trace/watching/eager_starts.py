"""Notices eager tasks: they run their first step while they are created, inside another task's step (since 3.12).

No handle and no task factory shows them: `asyncio.Task(..., eager_start=True)` runs in C until the coroutine suspends.
But just before, it calls the loop's `is_running()`, which other tasks don't do. So we know that a task starts, and
where. We find out which task it is at one of three moments:

- Something happens in its step: then `current_task()` returns it.
- It suspends: up to Python 3.13 asyncio then adds it to a set, whose `add` we replace until then.
- Its creator continues: `create_task` returns the task, and the calling function often has it in a variable.

A task that has ended by then has no coroutine any more. If nobody refers to the task, it is reported without a name, as
done.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Task, current_task
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

import msgspec

from asynclab.model.events import StepEnded, StepStarted, TaskEnded
from asynclab.trace import cpython
from asynclab.trace.recording.future_state import TASK_TYPES, coroutine_of, is_done
from asynclab.trace.recording.give_way import AT_ONCE
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import Birth, TaskRegistry

_MOST_ASKERS = 1_000
"""How many functions are cached that call `is_running()`."""


class _Start(msgspec.Struct):
    """An eager first step that may still run."""

    caller: FrameType
    """The frame that creates the task."""
    born: Birth
    """When and where the task is created."""
    began: float
    """When it is created, in real time."""
    outer_task: Task[Any] | None
    """The task whose step this step interrupts: asyncio's current task."""
    outer: tuple[TaskRecord | None, TaskRecord | None]
    """The recorder's `current` and `cause` before this step."""
    task: Task[Any] | None = None
    """The task, once it is known. It is kept alive until its step is over."""
    record: TaskRecord | None = None


class EagerStarts:
    """Tracks eager first steps, and writes their events."""

    def __init__(self, recorder: Recorder, tasks: TaskRegistry, follow: Callable[..., None]) -> None:
        self._recorder = recorder
        self._tasks = tasks
        self._follow = follow
        self.under_way: list[_Start] = []
        self._askers: dict[int, tuple[CodeType, bool]] = {}
        """By its id(): code whose frames have called `is_running()`, and whether the code itself contains this call."""

    def begin(self, caller: FrameType) -> None:
        """Note that a task starts eagerly now, if one does. `caller` is the frame in which `is_running()` is called."""
        recorder = self._recorder
        code = caller.f_code
        task: Any = None
        if self._asks_itself(code):  # the call is in Python code: a program's, or that of a task written in Python
            task = caller.f_locals.get("self") if code is cpython.PYTHON_TASK_INIT else None
            if task is None:
                return
        loop = recorder.loop
        assert loop is not None
        if self.under_way:
            self.settle()
        recorder.open_step()
        outer = recorder.current, recorder.cause
        start = _Start(caller, self._tasks.birth_in(caller), recorder.clock.real_time(), current_task(loop), outer)
        self.under_way.append(start)
        recorder.attend_at = AT_ONCE
        if task is not None:
            self._meet(start, task)
        else:
            self._await_registration(loop)

    def _asks_itself(self, code: CodeType) -> bool:
        """Whether the code itself calls `is_running()`, so that the call doesn't come from a task in C."""
        known = self._askers.get(id(code))
        if known is None:
            if len(self._askers) >= _MOST_ASKERS:
                self._askers.clear()
            known = self._askers[id(code)] = code, "is_running" in code.co_names
        return known[1]

    def settle(self, made: Task[Any] | None = None) -> None:
        """Find out which eager steps are over; `made` is the task just created. Never raises, except KeyboardInterrupt.

        The callers couldn't handle an error.
        """
        try:
            self._settle(made)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            recorder, starts = self._recorder, self.under_way[:]
            self.under_way.clear()
            if starts:
                recorder.current, recorder.cause = starts[0].outer
            recorder.failed("eager tasks", error)

    def _settle(self, made: Task[Any] | None) -> None:
        recorder = self._recorder
        while self.under_way and recorder.loop is not None:
            start = self.under_way[-1]
            running = current_task(recorder.loop)
            if start.task is None and running is not None and running is not start.outer_task:
                self._meet(start, running)
                return
            if start.task is not None and cpython.is_running(start.task, recorder.loop):
                return
            if start.task is None:
                found = self._unknown(made) or next(self._unknown_in(start.caller), None)
                if found is not None:
                    self._meet(start, found)
            self.under_way.pop()
            self._end(start)

    def _meet(self, start: _Start, task: Task[Any]) -> None:
        """Register the task that starts, which is known now, and write that its step began."""
        recorder = self._recorder
        start.task = task
        coroutine = None if is_done(task) else coroutine_of(task)  # Python 3.12.1 crashes for an ended task
        record = start.record = self._tasks.enter(task, coroutine, start.born)
        record.yielded = False
        recorder.current, recorder.cause = record, None
        recorder.write(StepStarted(start.born[0], record.id))

    def _end(self, start: _Start) -> None:
        recorder = self._recorder
        recorder.current, recorder.cause = start.outer
        clock = recorder.clock
        real = clock.real_time()
        at = real * clock.rate + clock.offset
        seconds = real - start.began
        task, record = start.task, start.record
        if task is None or record is None:
            if cpython.SCHEDULED_TASKS is not None:  # otherwise it may have suspended, not ended
                self._report_unseen(start, at, seconds)
            return
        ends = is_done(task)
        recorder.write(StepEnded(at, record.id, seconds, record.yielded, ends))
        self._follow(record, task, at, real, ends)

    def _report_unseen(self, start: _Start, at: float, seconds: float) -> None:
        """Report a task that has ended before it could be found."""
        recorder = self._recorder
        number = self._tasks.report_creation(None, start.born).task
        recorder.write(StepStarted(start.born[0], number))
        recorder.write(StepEnded(at, number, seconds, ends=True))
        recorder.write(TaskEnded(at, number, "done"))

    def _await_registration(self, loop: AbstractEventLoop) -> None:
        """Wait for the next task that asyncio registers as suspended: the starting one, unless that ends at once."""
        scheduled = cpython.SCHEDULED_TASKS
        if scheduled is None:
            return

        def add(task: Task[Any]) -> None:
            """Register a task in asyncio's set: it is the one that starts."""
            with suppress(AttributeError):  # another thread was first
                del scheduled.add
            scheduled.add(task)
            if task.get_loop() is loop and self._unknown(task) is not None:
                with self._recorder.guard("eager tasks"):
                    self.settle(task)

        scheduled.add = add

    def _unknown(self, task: Task[Any] | None) -> Task[Any] | None:
        return None if task is None or self._tasks.knows(task) else task

    def _unknown_in(self, caller: FrameType) -> Iterator[Task[Any]]:
        """The unknown tasks in a frame's variables; only ended ones if asyncio's set shows those that suspend."""
        for value in caller.f_locals.values():
            if type(value) is Task or issubclass(type(value), TASK_TYPES):
                may_be_it = cpython.SCHEDULED_TASKS is None or is_done(value)
                if may_be_it and self._unknown(value) is not None:
                    yield value
