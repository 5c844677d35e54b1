"""Recognises tasks that asyncio.run() cancels at its end although they would soon have finished their work.

Nobody waits for such a task. It doesn't count if other code keeps a reference to it, and so may cancel it on purpose,
or if it loops until it is cancelled.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from asyncio import Task
from collections.abc import Iterable, Iterator
from time import perf_counter
from types import BuiltinMethodType, CodeType, FrameType, FunctionType
from typing import Any

from asynclab.model.events import TaskCutOff
from asynclab.model.tasks import Place
from asynclab.trace import cpython
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.code_flow import is_in_loop, is_in_try_or_with
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.future_state import cancel_requests_of, coroutine_of, is_task
from asynclab.trace.recording.recorder import TaskRecord
from asynclab.trace.recording.values import is_a

_SLEEP = asyncio.sleep.__code__
_CANCELS_ALL = asyncio.runners._cancel_all_tasks.__code__  # type: ignore[attr-defined]

_WITH_IO = ("streams.py", "selector_events.py", "subprocess.py", "threads.py")
"""The modules of asyncio in which a task waits for I/O or a thread. Such a wait ends by itself."""

LONG_SLEEP = 1.0
"""Seconds: a task in a longer sleep works as a timer, which may be cancelled without harm."""


SEARCH_SECONDS = 0.05
"""How many seconds a process may be searched for the owners of such tasks. Each search looks at all objects."""


class Keepers:
    """Finds out whether the tasks made at a line have an owner: code that keeps a reference. Searches once per line."""

    def __init__(self) -> None:
        self._are_kept: dict[Place, bool] = {}
        self._left = SEARCH_SECONDS

    def keep(self, task: Task[Any], made_at: Place, cancels: FrameType) -> bool:
        """Whether a task made at this line has an owner, or there is no time left to find out."""
        if made_at not in self._are_kept:
            if self._left <= 0:
                return True
            begin = perf_counter()
            self._are_kept[made_at] = has_owner(task, cancels)
            self._left -= perf_counter() - begin
        return self._are_kept[made_at]


keepers = Keepers()


def is_cut_off(task: Task[Any], made_at: Place) -> bool:
    """Whether asyncio.run() cancels a task without an owner whose work would have come to an end."""
    if cancel_requests_of(task) > 1:  # it was cancelled before, and cleans up
        return False
    cancels = _frame_of(_CANCELS_ALL)
    chain = follow(coroutine_of(task))
    if cancels is None or chain.is_opaque or not chain.has_begun or not _works(chain.frames):
        return False
    is_awaited = any(map(_waits, cpython.callbacks_of(task)))
    return not is_awaited and not keepers.keep(task, made_at, cancels)


def cut_off_by_close(tasks: Iterable[tuple[TaskRecord, Task[Any]]], at: float) -> Iterator[TaskCutOff]:
    """The events for the pending tasks of a closed loop. asyncio complains about each when it is destroyed."""
    for record, task in tasks:
        if record.created is not None and not record.created.internal and cpython.complains_if_destroyed(task):
            frames = _own(follow(coroutine_of(task)).frames)
            is_in_try = any(is_in_try_or_with(frame.f_code, frame.f_lasti) for frame in frames)
            cleans_up = is_in_try or cancel_requests_of(task) > 0
            yield TaskCutOff(at, record.id, by_close=True, cleans_up=cleans_up)


def _works(frames: list[FrameType]) -> bool:
    """Whether a task waits for I/O, a thread or a short sleep, and isn't in a loop."""
    innermost = frames[-1]
    if innermost.f_code is _SLEEP:
        is_slow = float(variables_of(innermost)["delay"]) < LONG_SLEEP
    else:
        file = innermost.f_code.co_filename
        is_slow = is_asyncio(file) and file.endswith(_WITH_IO)
    own = _own(frames)
    return bool(own) and is_slow and not any(is_in_loop(frame.f_code, frame.f_lasti) for frame in own)


def _own(frames: list[FrameType]) -> list[FrameType]:
    return [frame for frame in frames if not is_asyncio(frame.f_code.co_filename)]


def _frame_of(code: CodeType) -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame


def _waits(callback: object) -> bool:
    """Whether a task's done callback belongs to another task or an asyncio function that waits for its end.

    The callback `_log_on_exception` of shield() (since Python 3.14) doesn't wait: it only logs a failure.
    """
    if is_a(callback, FunctionType):
        return is_asyncio(callback.__code__.co_filename) and callback.__name__ != "_log_on_exception"
    return is_task(cpython.owner_of(callback))


def has_owner(task: Task[Any], cancels: FrameType) -> bool:
    """Whether code other than the function that cancels all tasks refers to a task."""
    return is_kept(task, map(id, variables_of(cancels).values()))


def is_kept(task: Task[Any] | None, passing: Iterable[int] = ()) -> bool:
    """Whether an object refers to a task that may use it later.

    These don't count: objects that wake the task, frames, sets from which its done callback removes it, and objects
    with an id() in `passing`. This function has no generator expression: since Python 3.14 that would be found too.
    """
    callbacks = [] if task is None else cpython.callbacks_of(task)
    methods: list[Any] = [each for each in callbacks if issubclass(type(each), cpython.METHODS)]
    seen = {id(method.__self__) for method in methods if getattr(method, "__name__", "") == "discard"}
    seen.update(passing)
    others = [each for each in gc.get_referrers(task) if id(each) not in seen]
    return not all(type(each).__module__ == "_asyncio" or is_a(each, FrameType | BuiltinMethodType) for each in others)
