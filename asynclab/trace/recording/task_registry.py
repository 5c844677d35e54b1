"""Keeps the records of a lab's or loop's tasks, and writes the events of their creation and end."""

from __future__ import annotations

import gc
from asyncio import Future, Task
from collections.abc import Callable, Container, Iterable, Iterator
from operator import attrgetter
from types import (
    AsyncGeneratorType,
    CodeType,
    CoroutineType,
    FrameType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
)
from typing import Any, TypeAlias

import msgspec

from asynclab.model.events import ExceptionDropped, TaskCollected, TaskCreated, TaskEnded, TaskRenamed
from asynclab.trace import cpython
from asynclab.trace.recording.code_ownership import place_from
from asynclab.trace.recording.exception_tree import tree_of
from asynclab.trace.recording.future_state import complains, exception_of, is_cancelled, is_done, name_of, result_of
from asynclab.trace.recording.give_way import AT_ONCE
from asynclab.trace.recording.loop_tasks import LoopTasks
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.values import short_error, short_repr, type_name

_cancelled, _cancelling, _get_name = Future.cancelled, Task.cancelling, Task.get_name

RAISED_ON = (KeyboardInterrupt, SystemExit)
"""The exceptions of a task that the loop itself raises too, so the caller of the loop sees them."""

_DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType)
"""The types of descriptors written in C, as coroutines of compiled modules have: reading them runs no program code."""

Birth: TypeAlias = tuple[float, str, int]
"""When a task was created, in lab seconds, and where: file and line."""


class _NewTasks:
    """New tasks whose names aren't final yet: before Python 3.14 a task gets its name after its creation."""

    __slots__ = ("alive", "ended", "named_early")

    def __init__(self) -> None:
        self.alive: list[TaskRecord] = []
        self.ended: list[tuple[Task[Any], TaskCreated]] = []
        """The new tasks that have ended already. They are kept alive until their names are read."""
        self.named_early = (0, 0)
        """How many tasks of each list `settle_early` has given names."""

    def unnamed(self) -> list[TaskCreated]:
        """The creation events that have no name yet."""
        alive, ended = self.named_early
        births = [record.created for record in self.alive[alive:]]
        births += [created for _, created in self.ended[ended:]]
        return [created for created in births if created is not None and not created.name]


class TaskRegistry:
    """The tasks that one recorder observes: those of a lab, or those of a loop."""

    def __init__(self, recorder: Recorder, boundary: CodeType) -> None:
        self._newborn = _NewTasks()
        self._settling: _NewTasks | None = None
        """The new tasks that `settle_names` gives their names now."""
        self._gone: dict[int, int] = {}
        """The numbers, by id(), of destroyed tasks that may still complain: the garbage collector clears weak
        references before it calls finalizers. Cleared soon, because Python reuses an id()."""
        self._failed: set[int] = set()
        """The id() of failed tasks whose exception may not have been retrieved."""
        self._when_gone = recorder.gone.append  # a Python function here would cost each task as much as a step
        self._recorder = recorder
        self.boundary = boundary
        self.when_named: Callable[[TaskRecord, Task[Any], float | None, int | None], None] | None = None
        """Called with each task whose name is now final, and the number of the task that created it."""
        self.when_gone: Callable[[TaskRecord], None] | None = None
        """Called with each destroyed task that had ended without an exception."""
        self.when_failure_gone: Callable[[TaskRecord], None] | None = None
        """Called with each destroyed task that had failed."""
        self.when_failed: Callable[[TaskRecord, BaseException], None] | None = None
        """Called with each task that ends with an exception."""
        self.is_silenced: Callable[[Task[Any]], bool] | None = None
        """Returns whether a failed task doesn't complain although nobody has retrieved its exception."""
        self.tasks_of_loop = LoopTasks()
        """All observed tasks of the loop, including those of other labs."""

    def enter(self, task: Task[Any], coroutine: object, born: Birth) -> TaskRecord:
        """Register a new task, and write the event of its creation."""
        recorder = self._recorder
        created = self.report_creation(coroutine, born)
        key = id(task)
        record = self.tasks_of_loop[key] = TaskRecord(task, self._when_gone)
        record.tracer = recorder
        record.id = created.task
        record.key = key
        record.created = created
        self._newborn.alive.append(record)
        recorder.attend_at = AT_ONCE
        return record

    def enter_unseen(self, task: Task[Any]) -> None:
        """Register a task without an event, because `enter` has failed."""
        record = self.tasks_of_loop[id(task)] = TaskRecord(task, self._when_gone)
        record.tracer = self._recorder
        record.id = next(self._recorder.numbering.tasks)
        record.key = id(task)
        record.created = None
        record.yielded = False

    def end(self, record: TaskRecord, task: Task[Any], at: float) -> None:
        """Write how a task ended at the lab time `at`, without retrieving its exception."""
        created = record.created
        if created is not None:
            if not created.name:
                self._newborn.ended.append((task, created))
            record.created = None
        # Not by exception() and result(): they would mark the exception as retrieved.
        is_plain = type(task) is Task
        error = task._exception if is_plain else exception_of(task)
        if error is not None:
            self._failed.add(record.key)
            event = TaskEnded(at, record.id, "failed", short_error(error), tree_of(error))
            if self.when_failed is not None:
                self.when_failed(record, error)
        elif _cancelled(task) if is_plain else is_cancelled(task):
            event = TaskEnded(at, record.id, "cancelled")
        else:
            result = task._result if is_plain else result_of(task)  # type: ignore[attr-defined]
            event = TaskEnded(at, record.id, "done", "None" if result is None else short_repr(result))
        self._recorder.write(event)

    def settle_names(self) -> None:
        """Put the final names into the creation events, which nobody has read yet."""
        self._gone.clear()
        if self._recorder.gone:
            self.strike_off()
        newborn = self._newborn
        if not (newborn.alive or newborn.ended):
            return
        self._settling, self._newborn = newborn, _NewTasks()
        for record in newborn.alive:
            task, created = record(), record.created
            if task is None or created is None:
                continue
            name = _get_name(task) if type(task) is Task else name_of(task)
            if not created.name:
                created.name = name
            elif created.name != name:  # it was named early, and renamed since
                self.notice_name(record, task)
            if type(task) is Task and not _cancelling(task):
                continue
            if self.when_named is not None:  # only its creator has run since
                self.when_named(record, task, None, created.parent)
        for task, created in newborn.ended:
            created.name = created.name or name_of(task)
        self._settling = None

    def settled_until(self, count: int) -> int:
        """How many of the first `count` events are final: those before the first creation event without a name.

        May be called on any thread: new events are only appended.
        """
        newborn, settling = self._newborn, self._settling  # in this order: meanwhile the first may become the second
        births = newborn.unnamed() if newborn.alive or newborn.ended else []
        if settling is not None:
            births += settling.unnamed()
        if not births:
            return count
        unsettled = set(map(id, births))
        events = self._recorder.events
        return next((index for index in range(count) if id(events[index]) in unsettled), count)

    def settle_early(self) -> None:
        """Put the present names of new tasks into their events, because the step that created them blocks the loop.

        That step may never end. May be called on any thread.
        """
        newborn = self._newborn
        alive, ended = newborn.named_early
        more_alive, more_ended = newborn.alive[alive:], newborn.ended[ended:]
        for record in more_alive:
            task, created = record(), record.created
            if task is not None and created is not None:
                created.name = created.name or (_get_name(task) if type(task) is Task else name_of(task))
        for ended_task, created in more_ended:
            created.name = created.name or name_of(ended_task)
        newborn.named_early = alive + len(more_alive), ended + len(more_ended)

    def introduce(self, task: Task[Any], name: str) -> None:
        """Show a new task under another name than its own."""
        record = self.tasks_of_loop[id(task)]
        self.settle_names()
        assert record.created is not None
        record.created.name = name
        record.created.file, record.created.line = "", 0  # the lab's own code has created it
        # The event with the shown name is in the list of events. The record gets a copy with the task's real name, so
        # that a later renaming is noticed.
        record.created = msgspec.structs.replace(record.created, name=name_of(task))

    def notice_name(self, record: TaskRecord, task: Task[Any]) -> None:
        """Report the new name of a task if it was renamed."""
        name = name_of(task)
        created = record.created
        if created is not None and created.name != name and record not in self._newborn.alive:
            record.created = msgspec.structs.replace(created, name=name)
            self._recorder.emit(TaskRenamed(self._recorder.clock.now(), record.id, name))

    def tasks(self) -> Iterator[tuple[TaskRecord, Task[Any]]]:
        """The tasks that have not ended, oldest first."""
        for record in list(self.tasks_of_loop.values()):
            task = record() if record.tracer is self._recorder else None
            if task is not None and not is_done(task):
                yield record, task

    def some(self, numbers: Container[int]) -> Iterator[tuple[int, Task[Any]]]:
        """The tasks with these numbers that have not ended, oldest first."""
        records = list(self.tasks_of_loop.values())
        found = [record for record in records if record.id in numbers and record.tracer is self._recorder]
        for record in found:
            task = record()
            if task is not None and not is_done(task):
                yield record.id, task

    def known(self, task: object) -> TaskRecord | None:
        """The record of a task; None if it isn't a task of this lab."""
        if self._recorder.gone:
            self.strike_off()
        record = self.tasks_of_loop.get(id(task))
        return record if record is not None and record.tracer is self._recorder else None

    def number_of(self, future: Future[Any] | None) -> int | None:
        """The number of a task, or None if it is no task of this lab."""
        record = self.known(future)
        return self._gone.get(id(future)) if record is None else record.id

    def numbers_of(self, futures: Iterable[Future[Any]]) -> tuple[int, ...]:
        """The numbers of those futures that are tasks of this lab; sorted if `futures` is a set.

        There may be many thousands.
        """
        if self._recorder.gone:
            self.strike_off()
        owner, gone, records = self._recorder, self._gone, self.tasks_of_loop
        found = []
        for future in futures:
            key = id(future)
            record = records.get(key)
            if record is not None and record.tracer is owner:
                found.append(record.id)
            elif key in gone:
                found.append(gone[key])
        return tuple(sorted(found) if isinstance(futures, set | frozenset) else found)

    def knows(self, task: Task[Any]) -> bool:
        """Whether a task belongs to this lab."""
        return self.known(task) is not None

    def strike_off(self) -> None:
        """Remove the records of destroyed tasks, and report those that were still pending."""
        gone = self._recorder.gone[:]
        del self._recorder.gone[: len(gone)]
        for record in gone:
            if self.tasks_of_loop.get(record.key) is record:
                del self.tasks_of_loop[record.key]
            if record.created is not None:
                self._gone[record.key] = record.id
                self._recorder.emit(TaskCollected(self._recorder.clock.now(), record.id))
            elif record.key in self._failed:
                self._failed.remove(record.key)
                self._gone[record.key] = record.id
                if self.when_failure_gone is not None:
                    self.when_failure_gone(record)
            elif self.when_gone is not None:
                self.when_gone(record)

    @property
    def has_failures(self) -> bool:
        """Whether a task has failed whose exception may not have been retrieved."""
        return bool(self._failed)

    def failed_of(self, futures: Iterable[Any]) -> list[Task[Any]]:
        """The failed tasks among some futures, if their exceptions may not have been retrieved."""
        return [each for each in futures if id(each) in self._failed] if self._failed else []

    def unseen_failures(self) -> Iterator[tuple[int, Task[Any]]]:
        """The failed tasks that still exist and whose exceptions nobody has retrieved."""
        records = (self.tasks_of_loop.get(key) for key in list(self._failed))
        for record in sorted((each for each in records if each is not None), key=attrgetter("id")):
            task = record() if record.tracer is self._recorder else None

            if task is not None and self._is_unseen(task) and not isinstance(exception_of(task), RAISED_ON):
                yield record.id, task

    def _is_unseen(self, task: Task[Any]) -> bool:
        return complains(task) or (self.is_silenced is not None and self.is_silenced(task))

    def report_unseen_failures(self) -> None:
        """Report unseen failures at the program's end."""
        self.strike_off()
        for number, task in self.unseen_failures():
            self._recorder.emit(ExceptionDropped(self._recorder.clock.now(), number))
            self._failed.discard(id(task))

    def let_go(self) -> None:
        """Remove the tasks of a lab that is over from the loop's table."""
        self.strike_off()
        records = self.tasks_of_loop
        for key in [key for key, record in records.items() if record.tracer is self._recorder]:
            del records[key]

    def report_creation(self, coroutine: object, born: Birth) -> TaskCreated:
        """Write that a task was created by the task whose step runs now. Its name follows later."""
        recorder = self._recorder
        current, code = recorder.current, recorder.code
        parent = None if current is None else current.id
        at, file, line = born
        internal = False
        if not code.owns(file):
            internal = not code.owns_code_of(coroutine)
            if not file:  # for example, the garbage collector has started it
                file, line = _place_of_closed(coroutine)
        name = coroutine.__qualname__ if type(coroutine) is CoroutineType else _name_of_coroutine(coroutine)
        created = TaskCreated(at, next(recorder.numbering.tasks), "", name, parent, file, line, internal)
        recorder.emit(created)
        return created

    def birth_in(self, maker: FrameType) -> Birth:
        """The lab time now, and the file and line that create a task; `maker` is the frame to begin with."""
        clock = self._recorder.clock
        file, line = place_from(maker, self.boundary)
        return clock.real_time() * clock.rate + clock.offset, file, line


def _closed_by(coroutine: object) -> AsyncGeneratorType[Any, Any] | None:
    """The async generator that an `aclose()` coroutine closes; None for any other coroutine."""
    if type(coroutine).__name__ != cpython.GENERATOR_CLOSE:
        return None
    return next((each for each in gc.get_referents(coroutine) if type(each) is AsyncGeneratorType), None)


def _place_of_closed(coroutine: object) -> tuple[str, int]:
    """The file and line at which an async generator is suspended that an `aclose()` coroutine closes."""
    closed = _closed_by(coroutine)
    frame = None if closed is None else closed.ag_frame
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno or 0)


def _name_of_coroutine(coroutine: Any) -> str:
    """The qualified name of a coroutine's function; for an object that only behaves like one, the name of its type."""
    if coroutine is None:
        return ""
    kind = type(coroutine)
    if kind is CoroutineType or kind is GeneratorType:
        return str(coroutine.__qualname__)
    described: Any = kind.__dict__.get("__qualname__")
    name = described.__get__(coroutine) if type(described) in _DESCRIPTORS else ""
    closed = _closed_by(coroutine)
    name = name if closed is None else f"{closed.__qualname__}.aclose"
    return name if type(name) is str and name else type_name(coroutine)
