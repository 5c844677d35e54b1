"""Detects a timeout or task group around a generator's yield that cancels its task in code outside of the block.

While a generator is suspended at its yield, its caller's code runs. A timeout that expires then cancels that code.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from asyncio import AbstractEventLoop, Task
from types import AsyncGeneratorType, CodeType, FrameType
from typing import Any

from asynclab.model.events import CancelMisplaced
from asynclab.trace.frame_variables import variables_of
from asynclab.trace.reading.await_chain import follow
from asynclab.trace.reading.entered_blocks import entered
from asynclab.trace.reading.standing_generators import at_a_yield, is_manager, place_of_yield
from asynclab.trace.recording.future_state import coroutine_of, is_done
from asynclab.trace.recording.recorder import Recorder, TaskRecord

_GROUP_CANCELS: CodeType | None = getattr(getattr(asyncio.TaskGroup, "_on_task_done", None), "__code__", None)
"""The method in which a failed task group cancels its parent task."""

_FRAMES = 6
"""The most frames between that method and the hook that sees the task become ready."""

ALLOWANCE = 0.2
"""Real seconds in the life of a loop that may be spent on searching its generators, because the loop waits for that."""


class MisplacedCancels:
    """Reports cancels in code outside of the block."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._spent = 0.0
        """Real seconds spent so far."""

    def group_failed(self, record: TaskRecord) -> None:
        """Note that a task is cancelled; report if a task group does that whose block is in a generator at a yield."""
        frame: FrameType | None = sys._getframe(1) if _generators(self._recorder.loop) else None
        for _ in range(_FRAMES):
            if frame is None:
                return
            if frame.f_code is _GROUP_CANCELS:
                self._check(record, variables_of(frame)["self"], "task group")
                return
            frame = frame.f_back

    def timeout_expired(self, record: TaskRecord, timeout: object) -> None:
        """Note that a timeout is about to cancel its task; report if its block is in a generator at a yield."""
        if _generators(self._recorder.loop):
            self._check(record, timeout, "timeout")

    def _check(self, record: TaskRecord, manager: object, block: str) -> None:
        task = record()
        if task is None or self._spent >= ALLOWANCE or _is_within(task, manager):
            return
        has_ended = is_done(task)
        real_time = self._recorder.clock.real_time
        began = real_time()
        generator = _generator_with(manager, self._recorder.loop)
        self._spent += real_time() - began
        if generator is not None and (has_ended or not any(map(is_manager, gc.get_referrers(generator)))):
            now, place = self._recorder.clock.now(), place_of_yield(generator)
            self._recorder.emit(CancelMisplaced(now, record.id, block, generator.__qualname__, *place, has_ended))


def _generators(loop: AbstractEventLoop | None) -> object:
    """The started async generators of a loop; a false value if there are none."""
    return getattr(loop, "_asyncgens", None)


def _is_within(task: Task[Any], manager: object) -> bool:
    """Whether a task is inside the block of a context manager, as is usual."""
    return any(each is manager for link in follow(coroutine_of(task)).links for each in entered(link))


def _generator_with(manager: object, loop: AbstractEventLoop | None) -> AsyncGeneratorType[Any, Any] | None:
    """The generator that is suspended at a yield inside the block of a context manager."""
    return next((each for each in at_a_yield(loop) if any(found is manager for found in entered(each))), None)
