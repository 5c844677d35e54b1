"""Which tasks belong to a lab: their births and deaths, however they were made."""

from __future__ import annotations

import asyncio
import sys
import weakref
from asyncio import Future, Task
from collections.abc import Iterator
from types import CodeType
from typing import TYPE_CHECKING, Any

from asynclab.model.events import TaskCollected, TaskCreated, TaskEnded, TaskRenamed
from asynclab.trace.reprs import short_error, short_repr
from asynclab.trace.usercode import creation_place

if TYPE_CHECKING:
    from asynclab.trace.tracer import Tracer


class TaskRecord:
    """What the tracer keeps of a task; it does not keep the task alive."""

    __slots__ = ("cancels", "created", "ended", "id", "internal", "name", "reference", "tracer", "yielded")

    def __init__(self, number: int, name: str, tracer: Tracer) -> None:
        self.id = number
        self.name = name
        self.tracer = tracer
        self.reference: _TaskReference | None = None
        self.created: TaskCreated | None = None
        """The event of its birth while its name may still change: before Python 3.14 a name is given after birth."""
        self.yielded = False
        """Whether it asked for another turn during its present step."""
        self.cancels = 0
        """How many requests to cancel it were seen."""
        self.ended = False
        self.internal = False
        """Whether a library made it for itself."""

    def task(self) -> Task[Any] | None:
        """The task, unless it is gone."""
        return None if self.reference is None else self.reference()


class _TaskReference(weakref.ref["Task[Any]"]):
    """A weak reference that knows its record when the task is gone."""

    __slots__ = ("key", "record")

    key: int
    record: TaskRecord


class Census:
    """The tasks of one lab."""

    def __init__(self, tracer: Tracer, boundary: CodeType) -> None:
        """Begin with no task.

        Args:
            tracer: Gets the events.
            boundary: The code that runs a handle: frames above it are the loop's.
        """
        self.records: dict[int, TaskRecord] = {}
        """By the task's id(), for as long as the task exists."""
        self.alive: dict[int, TaskRecord] = {}
        """Those that have not ended, by number, oldest first."""
        self.newborn: list[TaskRecord] = []
        """Those whose name is not settled yet."""
        self._tracer = tracer
        self._boundary = boundary
        self._count = 0
        self._expected: list[tuple[object, TaskRecord]] = []
        """Coroutines whose eager first step is under way, before anybody has seen the task."""

    def enter(self, task: Task[Any]) -> TaskRecord:
        """Enter a task that has not been seen before."""
        coroutine = task.get_coro()
        for expected, record in self._expected:
            if expected is coroutine:
                self._link(record, task)
                return record
        record = self._announce(coroutine, task.get_name())
        self._link(record, task)
        return record

    def expect(self, coroutine: object) -> TaskRecord:
        """Enter a task that is about to run its first step while it is being made."""
        record = self._announce(coroutine, getattr(coroutine, "__name__", ""))
        self._expected.append((coroutine, record))
        return record

    def arrived(self, record: TaskRecord, task: object) -> None:
        """Say which task an expected record belongs to; anything but a task is forgotten."""
        self._expected = [pair for pair in self._expected if pair[1] is not record]
        if isinstance(task, Task) and record.reference is None:
            self._link(record, task)

    def end(self, record: TaskRecord, task: Task[Any], at: float) -> None:
        """Write down how a task ended, without retrieving its exception."""
        record.ended = True
        self.alive.pop(record.id, None)
        if task.cancelled():
            self._tracer.emit(TaskEnded(at, record.id, "cancelled"))
            return
        error = task._exception  # type: ignore[attr-defined] # exception() would count as retrieving it
        if error is not None:
            self._tracer.emit(TaskEnded(at, record.id, "failed", short_error(error)))
        else:
            value = task._result  # type: ignore[attr-defined]
            self._tracer.emit(TaskEnded(at, record.id, "done", short_repr(value)))

    def settle_names(self) -> None:
        """Complete the births of which nobody has read yet."""
        newborn, self.newborn = self.newborn, []
        for record in newborn:
            task = record.task()
            if task is not None and record.created is not None:
                record.created.name = record.name = task.get_name()
            record.created = None

    def introduce(self, task: Task[Any], name: str) -> None:
        """Show a newborn task under a name that it does not bear itself."""
        created = self.records[id(task)].created
        self.settle_names()
        if created is not None:
            created.name = name

    def notice_name(self, record: TaskRecord, task: Task[Any]) -> None:
        """Report a name that was given later."""
        name = task.get_name()
        if record.created is None and name != record.name:
            record.name = name
            self._tracer.emit(TaskRenamed(self._tracer.clock.now(), record.id, name))

    def tasks(self) -> Iterator[tuple[TaskRecord, Task[Any]]]:
        """The tasks that have not ended, oldest first."""
        for record in list(self.alive.values()):
            task = record.task()
            if task is not None and not task.done():
                yield record, task

    def number_of(self, future: Future[Any] | None) -> int | None:
        """The number of a task, or None where it is no task of this lab."""
        record = self.records.get(id(future))
        return None if record is None else record.id

    def _announce(self, coroutine: object, name: str) -> TaskRecord:
        tracer = self._tracer
        self._count += 1
        record = TaskRecord(self._count, name, tracer)
        file, line = creation_place(sys._getframe(2), self._boundary)
        code = _code_of(coroutine)
        created = TaskCreated(
            tracer.clock.now(),
            record.id,
            name,
            getattr(coroutine, "__qualname__", type(coroutine).__name__),
            tracer.current_number(),
            file,
            line,
            not tracer.code.owns(file or "<frozen") and not (code and tracer.code.owns(code.co_filename)),
        )
        record.internal = created.internal
        tracer.emit(created)
        record.created = created
        self.newborn.append(record)
        tracer.attention = True
        self.alive[record.id] = record
        return record

    def _link(self, record: TaskRecord, task: Task[Any]) -> None:
        reference = _TaskReference(task, self._forget)
        reference.key = id(task)
        reference.record = record
        record.reference = reference
        self.records[reference.key] = record

    def _forget(self, reference: weakref.ref[Task[Any]]) -> None:
        assert isinstance(reference, _TaskReference)
        record = reference.record
        if self.records.get(reference.key) is record:
            del self.records[reference.key]
        if self.alive.pop(record.id, None) is not None and not record.ended:
            record.ended = True
            self._tracer.emit(TaskCollected(self._tracer.clock.now(), record.id))


def _code_of(coroutine: object) -> CodeType | None:
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    return code if isinstance(code, CodeType) else None


def is_eager_factory(factory: object) -> bool:
    """Whether a task factory is asyncio's own that starts tasks at once (Python 3.12 and later)."""
    if factory is None:
        return False
    if factory is getattr(asyncio, "eager_task_factory", None):
        return True
    name = getattr(factory, "__qualname__", "")
    return getattr(factory, "__module__", "") == "asyncio.tasks" and name.startswith("create_eager_task_factory.")
