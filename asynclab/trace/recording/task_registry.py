"""Keeps the tasks of a lab: their births and ends, however they were made."""

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
"""What a loop raises itself where a task has failed with it: whoever runs the loop sees it."""

_DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType)
"""What gives out an attribute in C, as of the coroutines of compiled modules: no code of the program's runs."""

Birth: TypeAlias = tuple[float, str, int]
"""When a task was made, in lab seconds, and where: file and line."""


class _Newborn:
    """Tasks whose names are not settled yet: before Python 3.14 they may be given after birth."""

    __slots__ = ("alive", "ended", "named_early")

    def __init__(self) -> None:
        self.alive: list[TaskRecord] = []
        self.ended: list[tuple[Task[Any], TaskCreated]] = []
        """Those that have ended already: kept alive, or they would be gone with their names."""
        self.named_early = (0, 0)
        """How many of both lists have got the names that they had at the latest look."""

    def unnamed(self) -> list[TaskCreated]:
        """The births that have no names yet."""
        alive, ended = self.named_early
        births = [record.created for record in self.alive[alive:]]
        births += [created for _, created in self.ended[ended:]]
        return [created for created in births if created is not None and not created.name]


class TaskRegistry:
    """The tasks of one lab."""

    def __init__(self, recorder: Recorder, boundary: CodeType) -> None:
        self._newborn = _Newborn()
        self._settling: _Newborn | None = None
        """Those that are about to get their names."""
        self._gone: dict[int, int] = {}
        """The numbers, by id(), of tasks that were collected and may still complain: the garbage collector clears
        references before it finalizes. Emptied soon, as an id() may be used again."""
        self._failed: set[int] = set()
        """The id() of tasks whose exception somebody may still complain about."""
        self._when_gone = recorder.gone.append  # a function of ours would cost each task as much as a step
        self._recorder = recorder
        self.boundary = boundary
        self.when_named: Callable[[TaskRecord, Task[Any], float | None, int | None], None] | None = None
        """Called with each task whose name has been settled, and the number of the task that made it."""
        self.when_gone: Callable[[TaskRecord], None] | None = None
        """Called with each task that had ended without a failure and was destroyed."""
        self.when_failure_gone: Callable[[TaskRecord], None] | None = None
        """Called with each task that had failed and was destroyed."""
        self.when_failed: Callable[[TaskRecord, BaseException], None] | None = None
        """Called with each task that ends with an exception."""
        self.is_silenced: Callable[[Task[Any]], bool] | None = None
        """Tells of a failed task whether it doesn't complain, though nobody has looked at its exception."""
        self.tasks_of_loop = LoopTasks()
        """All observed tasks of the loop, those of other labs there too."""

    def enter(self, task: Task[Any], coroutine: object, born: Birth) -> TaskRecord:
        """Enter a task that has not been seen before."""
        recorder = self._recorder
        created = self.tell_birth(coroutine, born)
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
        """Remember only that a task is of this lab, where it could not be entered: no event tells of it."""
        record = self.tasks_of_loop[id(task)] = TaskRecord(task, self._when_gone)
        record.tracer = self._recorder
        record.id = next(self._recorder.numbering.tasks)
        record.key = id(task)
        record.created = None
        record.yielded = False

    def end(self, record: TaskRecord, task: Task[Any], at: float) -> None:
        """Write down how a task ended at the lab time `at`, without retrieving its exception."""
        created = record.created
        if created is not None:
            if not created.name:
                self._newborn.ended.append((task, created))
            record.created = None
        # exception() and result() would count as retrieving what is there
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
        """Complete the births of which nobody has read yet."""
        self._gone.clear()
        if self._recorder.gone:
            self.strike_off()
        newborn = self._newborn
        if not (newborn.alive or newborn.ended):
            return
        self._settling, self._newborn = newborn, _Newborn()
        for record in newborn.alive:
            task, created = record(), record.created
            if task is None or created is None:
                continue
            name = _get_name(task) if type(task) is Task else name_of(task)
            if not created.name:
                created.name = name
            elif created.name != name:  # it was settled early, and renamed since
                self.notice_name(record, task)
            if type(task) is Task and not _cancelling(task):
                continue
            if self.when_named is not None:  # only who made it has run since
                self.when_named(record, task, None, created.parent)
        for task, created in newborn.ended:
            created.name = created.name or name_of(task)
        self._settling = None

    def settled_until(self, count: int) -> int:
        """How many of the first `count` events can't change any more: those before the first unsettled birth.

        May be called on any thread: events that come meanwhile are behind those.
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
        """Give the newborn the names that they have now: the step that made them blocks the loop, and may never end.

        May be called on any thread.
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
        """Show a newborn task under a name that it does not bear itself."""
        record = self.tasks_of_loop[id(task)]
        self.settle_names()
        assert record.created is not None
        record.created.name = name
        record.created.file, record.created.line = "", 0  # the lab's own code made it
        # The event is in the list of events; the record keeps a copy with the true name, to notice a new one.
        record.created = msgspec.structs.replace(record.created, name=name_of(task))

    def notice_name(self, record: TaskRecord, task: Task[Any]) -> None:
        """Report a name that was given later."""
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
        """Those of the tasks with these numbers that have not ended, oldest first."""
        records = list(self.tasks_of_loop.values())
        found = [record for record in records if record.id in numbers and record.tracer is self._recorder]
        for record in found:
            task = record()
            if task is not None and not is_done(task):
                yield record.id, task

    def known(self, task: object) -> TaskRecord | None:
        """What is kept of a task; None if it is not known in this lab, or was destroyed."""
        if self._recorder.gone:
            self.strike_off()
        record = self.tasks_of_loop.get(id(task))
        return record if record is not None and record.tracer is self._recorder else None

    def number_of(self, future: Future[Any] | None) -> int | None:
        """The number of a task, or None if it is no task of this lab."""
        record = self.known(future)
        return self._gone.get(id(future)) if record is None else record.id

    def numbers_of(self, futures: Iterable[Future[Any]]) -> tuple[int, ...]:
        """The numbers of those that are tasks of this lab, of a set in their order; there may be many thousands."""
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
        """Whether a task is of this lab."""
        return self.known(task) is not None

    def strike_off(self) -> None:
        """Forget about the tasks that were destroyed, and report those that were pending."""
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
        """Whether any task has failed that may not have been looked at."""
        return bool(self._failed)

    def failed_of(self, futures: Iterable[Any]) -> list[Task[Any]]:
        """Those that are tasks which have failed."""
        return [each for each in futures if id(each) in self._failed] if self._failed else []

    def unseen_failures(self) -> Iterator[tuple[int, Task[Any]]]:
        """The failed tasks that are still there though nobody has looked at their exception."""
        records = (self.tasks_of_loop.get(key) for key in list(self._failed))
        for record in sorted((each for each in records if each is not None), key=attrgetter("id")):
            task = record() if record.tracer is self._recorder else None

            if task is not None and self._is_unseen(task) and not isinstance(exception_of(task), RAISED_ON):
                yield record.id, task

    def _is_unseen(self, task: Task[Any]) -> bool:
        return complains(task) or (self.is_silenced is not None and self.is_silenced(task))

    def tell_unseen_failures(self) -> None:
        """Tell of unseen failures at the program's end."""
        self.strike_off()
        for number, task in self.unseen_failures():
            self._recorder.emit(ExceptionDropped(self._recorder.clock.now(), number))
            self._failed.discard(id(task))

    def let_go(self) -> None:
        """Take the tasks of a lab that is over out of what all labs of the loop look into."""
        self.strike_off()
        records = self.tasks_of_loop
        for key in [key for key, record in records.items() if record.tracer is self._recorder]:
            del records[key]

    def tell_birth(self, coroutine: object, born: Birth) -> TaskCreated:
        """Write that a task was made by the one whose step is under way; its name comes later."""
        recorder = self._recorder
        current, code = recorder.current, recorder.code
        parent = None if current is None else current.id
        at, file, line = born
        internal = False
        if not code.owns(file):
            internal = not code.owns_code_of(coroutine)
            if not file:  # such as where the collector has begun it, wherever the code was
                file, line = _place_of_closed(coroutine)
        name = coroutine.__qualname__ if type(coroutine) is CoroutineType else _name_of_coroutine(coroutine)
        created = TaskCreated(at, next(recorder.numbering.tasks), "", name, parent, file, line, internal)
        recorder.emit(created)
        return created

    def birth_in(self, maker: FrameType) -> Birth:
        """The lab time now, and the place in the code that makes a task, from the frame on in which it is made."""
        clock = self._recorder.clock
        file, line = place_from(maker, self.boundary)
        return clock.real_time() * clock.rate + clock.offset, file, line


def _closed_by(coroutine: object) -> AsyncGeneratorType[Any, Any] | None:
    """The async generator that an `aclose()` ends."""
    if type(coroutine).__name__ != cpython.GENERATOR_CLOSE:
        return None
    return next((each for each in gc.get_referents(coroutine) if type(each) is AsyncGeneratorType), None)


def _place_of_closed(coroutine: object) -> tuple[str, int]:
    """Where the async generator stands that an `aclose()` ends."""
    closed = _closed_by(coroutine)
    frame = None if closed is None else closed.ag_frame
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno or 0)


def _name_of_coroutine(coroutine: Any) -> str:
    """The qualified name of a coroutine's function; of what only behaves as a coroutine, the name of its type."""
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
