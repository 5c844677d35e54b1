"""Sees that a task has failed unseen, while others wait for what its code was to bring.

Its traceback still has the frames of its functions. If these refer to the event, queue or future that another task waits
for, and call what wakes such a waiter, then the failure may be why it waits.
"""

from __future__ import annotations

import asyncio
import gc
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Iterable, Iterator
from types import CellType, CodeType, FrameType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from asynclab.model.events import FailureUnseen
from asynclab.trace.recording.future_state import awaited_by, complains, coroutine_of, exception_of, is_done
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.task_registry import TaskRegistry
from asynclab.trace.watching.await_chain import follow

UNSEEN_AFTER = 1.0
"""Real seconds in which nobody has looked at a failure, though the loop has other things to do."""

UNSEEN_IDLE = 0.2
"""The same for a loop that is idle."""

_MOST_TASKS = 200
_MOST_OBJECTS = 2_000
_DEEPEST = 5
"""How far what a frame refers to is followed: from an object to its attributes, and from there into two containers."""

_WAITS: dict[CodeType, frozenset[str]] = {
    asyncio.Event.wait.__code__: frozenset({"set"}),
    asyncio.Condition.wait.__code__: frozenset({"notify", "notify_all"}),
    asyncio.Barrier.wait.__code__: frozenset({"wait"}),
    asyncio.Semaphore.acquire.__code__: frozenset({"release"}),
    asyncio.Lock.acquire.__code__: frozenset({"release"}),
    asyncio.Queue.get.__code__: frozenset({"put", "put_nowait"}),
    asyncio.Queue.put.__code__: frozenset({"get", "get_nowait"}),
    asyncio.Queue.join.__code__: frozenset({"task_done"}),
}
"""Where a task waits for a queue or primitive, and the methods that end such a wait."""

_SETS_FUTURE = frozenset({"set_result", "set_exception"})
_CLOSED = (type, ModuleType, CodeType, FunctionType, FrameType, AbstractEventLoop, Future, str, bytes, int, float)
"""What is not followed: it leads to the whole program, or nowhere."""


class UnseenFailures:
    """The failures that nobody has looked at so far."""

    def __init__(self, recorder: Recorder, registry: TaskRegistry) -> None:
        self._recorder = recorder
        self._registry = registry
        self._since: dict[int, float] = {}
        """By the number of a task: the real time at which it was first found to have failed unseen."""
        self._told: set[int] = set()

    def look(self, *, is_idle: bool) -> None:
        """Look once; to be called some times a second, on any thread but the loop's."""
        now = self._recorder.clock.real_time()
        unseen = dict(self._registry.unseen_failures())
        self._since = {number: self._since.get(number, now) for number in list(unseen)[:_MOST_TASKS]}
        patience = UNSEEN_IDLE if is_idle else UNSEEN_AFTER
        late = [number for number, since in self._since.items() if now - since >= patience and number not in self._told]
        if not late:
            return
        sources = list(self._sources())
        for number in late:
            self._tell(number, unseen[number], sources)

    def _tell(self, number: int, task: Task[Any], sources: list[tuple[int, object, frozenset[str]]]) -> None:
        traceback = list(_traceback_of(exception_of(task)))
        frames = [each.tb_frame for each in traceback]
        reached = _reached(frames)
        names = set[str]().union(*(code.co_names for code in _codes(frames, reached)))
        waiting = tuple(waiter for waiter, source, wakes in sources if id(source) in reached and wakes & names)
        if waiting:
            self._told.add(number)
            lines = [(each.tb_frame.f_code.co_filename, each.tb_lineno) for each in traceback]
            place = next((line for line in reversed(lines) if self._recorder.code.owns(line[0])), ("", 0))
            self._recorder.write(FailureUnseen(self._recorder.clock.now(), number, waiting, *place))

    def _sources(self) -> Iterator[tuple[int, object, frozenset[str]]]:
        """The tasks that wait for a queue, primitive or future, what that is, and what ends such a wait."""
        for count, (record, task) in enumerate(self._registry.tasks()):
            if count == _MOST_TASKS:
                return
            chain, future = follow(coroutine_of(task)), awaited_by(task)
            if not chain.frames or chain.is_opaque or future is None or is_done(future):
                continue
            waits = [frame for frame in chain.frames if frame.f_code in _WAITS]  # a barrier waits for a condition
            for frame in waits:
                yield record.id, frame.f_locals["self"], _WAITS[frame.f_code]
            if not waits and type(future) is Future and chain.frames[-1].f_code is not asyncio.sleep.__code__:
                yield record.id, future, _SETS_FUTURE


def _traceback_of(error: BaseException | None) -> Iterator[TracebackType]:
    traceback = None if error is None else error.__traceback__
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _reached(frames: Iterable[FrameType]) -> dict[int, object]:
    """What some frames refer to, and what those objects refer to in turn, by id(); bounded."""
    found: dict[int, object] = {}
    level: list[object] = []
    for frame in frames:
        level += gc.get_referents(frame)  # to ask for f_locals would keep a copy in the frame
        level += [frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals]
    for _ in range(_DEEPEST):
        new = {id(each): each for each in level if id(each) not in found and each is not None}
        found.update(new)
        if len(found) > _MOST_OBJECTS:
            return found
        level = [inner for each in new.values() if not isinstance(each, _CLOSED) for inner in gc.get_referents(each)]
    return found


def _codes(frames: Iterable[FrameType], reached: dict[int, object]) -> Iterator[CodeType]:
    """The code of some frames, and that of the functions and methods that it calls by name."""
    kinds = {type(each) for each in reached.values() if not isinstance(each, (*_CLOSED, CellType, MethodType))}
    for frame in frames:
        yield frame.f_code
        for name in frame.f_code.co_names:
            for called in (frame.f_globals.get(name), *(vars(kind).get(name) for kind in kinds)):
                if isinstance(called, FunctionType):
                    yield called.__code__
