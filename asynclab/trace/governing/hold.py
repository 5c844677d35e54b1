"""Holds the ready steps of a paused lab, and runs them one by one on command."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from asynclab.model.events import StepTaken, TaskChosen, TaskHeld, TaskReleased
from asynclab.trace import cpython
from asynclab.trace.governing.timers import Timers
from asynclab.trace.recording.recorder import Recorder, StepHandle
from asynclab.trace.watching.external_waits import ExternalWaits

if TYPE_CHECKING:
    from asyncio import Handle


class Hold:
    """The steps of a paused lab that are ready: they wait here instead of in the loop's ready queue."""

    def __init__(self, recorder: Recorder, external: ExternalWaits, timers: Timers) -> None:
        self._external = external
        self._timers = timers
        self.handles: deque[StepHandle] = deque()
        """The steps that are ready to run, next first."""
        self._recorder = recorder
        self._released: set[StepHandle] = set()

    def lets_through(self, handle: StepHandle) -> bool:
        """Whether a step may run although the lab is paused: only once, after `step` has released it."""
        if handle in self._released:
            self._released.discard(handle)
            return True
        if handle._record is not None:
            self._recorder.emit(TaskHeld(self._recorder.clock.now(), handle._record.id))
        return False

    def tasks(self) -> list[int]:
        """The numbers of the tasks that are held, the next first."""
        records = (handle._record for handle in self.handles if not handle._cancelled)
        return [record.id for record in records if record is not None]

    def release_all(self) -> None:
        """Put all held steps back into the loop's ready queue, in their order."""
        self._released.clear()
        held, self.handles = self.handles, deque()
        for handle in held:
            self._make_ready(handle)

    def step(self, task: int | None = None) -> StepTaken:
        """Run one step: of this task if it is held, else of the first; if none is ready, go to the next timer."""
        if self._released or self._external.has_ready():
            return "step"  # a step is under way already
        self._drop_called_off()
        if self.handles:
            first = self.handles[0]
            handle = next((held for held in self.handles if _is_of(held, task)), first)
            self.handles.remove(handle)
            self._report_choice(handle, first)
            self._released.add(handle)
            self._make_ready(handle)
            return "step"
        if self._external.is_awaited():
            return "outside"
        return "jump" if self._timers.jump() else "nothing"

    def _drop_called_off(self) -> None:
        """Drop the steps whose handles were cancelled: the loop would skip them too."""
        called_off = [handle for handle in self.handles if handle._cancelled]
        for handle in called_off:
            self.handles.remove(handle)
            if handle._record is not None:
                self._recorder.emit(TaskReleased(self._recorder.clock.now(), handle._record.id))

    def _report_choice(self, handle: StepHandle, first: StepHandle) -> None:
        chosen, passed_over = handle._record, first._record
        if chosen is not None and passed_over is not None and chosen is not passed_over:
            recorder = self._recorder
            recorder.emit(TaskChosen(recorder.clock.now(), chosen.id, passed_over.id))

    def _make_ready(self, handle: StepHandle) -> None:
        loop = self._recorder.loop
        assert loop is not None
        cpython.ready_queue(loop).append(cast("Handle", handle))


def _is_of(handle: StepHandle, task: int | None) -> bool:
    return handle._record is not None and handle._record.id == task


OUTSIDE_SECONDS = 0.02
"""Real seconds between two tries of `run_to_event` while the next step waits for I/O or a thread."""


async def run_to_event(step: Callable[[], StepTaken], changed: Callable[[], bool]) -> bool:
    """Run steps until `changed` returns True, one per turn of the loop, so that all other callbacks still run.

    Returns:
        False if no step is left.
    """
    while not changed():
        match step():
            case "nothing":
                return False
            case "outside":
                await asyncio.sleep(OUTSIDE_SECONDS)
            case "step" | "jump":
                await asyncio.sleep(0)
    return True
