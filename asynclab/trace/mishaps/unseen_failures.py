"""Detects that a task has failed, nobody has read its exception, and other tasks wait for work that it would have done.

Its traceback still has the frames of its functions. Suppose that these refer to the event, queue or future that another
task waits for, and call a method that would wake it, and that no other task can do so. Then the failure is probably the
reason for the wait.
"""

from __future__ import annotations

from asyncio import Task
from collections.abc import Callable, Iterator
from itertools import islice
from types import FrameType
from typing import Any

import msgspec

from asynclab.model.events import FailureUnseen
from asynclab.trace.reading.await_chain import Chain, follow, waits_for_end
from asynclab.trace.reading.reachable_objects import Reach
from asynclab.trace.reading.wakers import sources_of
from asynclab.trace.recording.exception_tree import raised_at
from asynclab.trace.recording.future_state import awaited_by, coroutine_of, exception_of, is_done
from asynclab.trace.recording.recorder import Recorder, TaskRecord
from asynclab.trace.recording.task_registry import TaskRegistry

UNSEEN_AFTER = 1.0
"""Real seconds for which nobody must have read the exception, on a loop that is busy with other tasks."""

UNSEEN_IDLE = 0.2
"""The same time for an idle loop."""

AGAIN_AFTER = 1.0
"""Real seconds between two checks of the same failures."""

_MOST_TASKS = 50
"""Programs with more tasks aren't checked: to find out which tasks each can wake would take too long."""

_MOST_OBJECTS = 2_000
_MOST_OBJECTS_OF_OTHERS = 300


class _Waiting(msgspec.Struct, frozen=True):
    """A pending task."""

    record: TaskRecord
    task: Task[Any]
    chain: Chain
    sources: list[tuple[object, frozenset[str]]]
    """The queues, primitives or future that it waits for, each with the methods that would end the wait."""

    def may_wake(self, waiter: _Waiting, source: object, wakes: frozenset[str]) -> bool:
        """Whether its code may end the wait of another task, by calling one of the methods `wakes` on `source`."""
        if any(source is each for each, _ in self.sources) or waits_for_end(self.task, waiter.task):
            return False
        reach = Reach(self.chain.links, self.chain.frames, _MOST_OBJECTS_OF_OTHERS)
        return self.chain.is_opaque or (reach.has(source) and not wakes.isdisjoint(reach.methods()))


class UnseenFailures:
    """Watches failed tasks whose exceptions nobody has read."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._since: dict[int, float] = {}
        """The real time at which such a task was first seen, by its number."""
        self._told: set[int] = set()
        self._next_look = 0.0

    def look(self, is_idle: Callable[[], bool]) -> None:
        """Check the failed tasks. Call this several times a second, on any thread but the loop's.

        Args:
            is_idle: Returns whether the loop waits.
        """
        if not self._registry.has_failures:
            return
        now = self._recorder.clock.real_time()
        unseen = dict(self._registry.unseen_failures())
        self._since = {number: self._since.get(number, now) for number in list(unseen)[:_MOST_TASKS]}
        patience = UNSEEN_IDLE if is_idle() else UNSEEN_AFTER
        late = [number for number, since in self._since.items() if now - since >= patience and number not in self._told]
        if not late or now < self._next_look:
            return
        self._next_look = now + AGAIN_AFTER
        tasks = list(self._tasks())
        for number in late if len(tasks) <= _MOST_TASKS else ():
            self._report(number, unseen[number], tasks)

    def _report(self, number: int, task: Task[Any], tasks: list[_Waiting]) -> None:
        error = exception_of(task)
        assert error is not None
        frames = list(_frames_of(error))
        reach = Reach(frames, frames, _MOST_OBJECTS)
        methods = reach.methods()
        waiting = [
            waiter.record.id
            for waiter in tasks
            for source, wakes in waiter.sources
            if reach.has(source) and wakes & methods and not any(each.may_wake(waiter, source, wakes) for each in tasks)
        ]
        if waiting:
            self._told.add(number)
            place = raised_at(error, self._recorder.code.owns)
            self._recorder.write(FailureUnseen(self._recorder.clock.now(), number, tuple(waiting), *place))

    def _tasks(self) -> Iterator[_Waiting]:
        """The pending tasks, at most `_MOST_TASKS` and one more, which shows that there are too many."""
        for record, task in islice(self._registry.tasks(), _MOST_TASKS + 1):
            chain, future = follow(coroutine_of(task)), awaited_by(task)
            is_suspended = bool(chain.frames) and future is not None and not is_done(future)
            yield _Waiting(
                record, task, chain, sources_of(chain, future) if is_suspended and not chain.is_opaque else []
            )


def _frames_of(error: BaseException) -> Iterator[FrameType]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next
