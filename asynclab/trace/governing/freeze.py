"""Freezes all loops of a process while the program is paused: each blocks its thread before a task's next step."""

from __future__ import annotations

from threading import Condition

from asynclab.model.events import StepTaken, TaskHeld
from asynclab.trace.recording.recorder import Recorder, StepHandle


class Freeze:
    """The lock at which loops wait while their program is paused.

    A waiting loop does nothing else, so the order of callbacks stays the same. If only the steps of tasks were held,
    servers would break: a connection could be lost before the first step of its handler.
    """

    def __init__(self) -> None:
        self.is_on = False
        """Whether loops wait before their next step."""
        self._changed = Condition()
        self._waiting: list[Recorder] = []
        """The waiting loops, in the order in which they began to wait."""
        self._goal: tuple[Recorder, int] | None = None
        """The task that `run_on` runs up to, with its loop. None of the loops waits until that task's next step."""

    @property
    def is_running_on(self) -> bool:
        """Whether the loops run up to the step that `run_on` asked for."""
        return self._goal is not None

    def wait(self, recorder: Recorder, handle: StepHandle) -> None:
        """Block until a step may run. Meanwhile the main thread still gets signals."""
        with self._changed:
            if not self.is_on or self._may_pass(recorder, handle):
                return
            if handle._record is not None:
                recorder.write(TaskHeld(recorder.clock.now(), handle._record.id))
            self._waiting.append(recorder)
            try:
                while recorder in self._waiting:
                    self._changed.wait()
            finally:
                if recorder in self._waiting:  # a signal handler has raised
                    self._waiting.remove(recorder)

    def _may_pass(self, recorder: Recorder, handle: StepHandle) -> bool:
        """Whether a step may run because `run_on` still waits for another step. If this is that step, `run_on` ends."""
        if self._goal is None:
            return False
        goal, task = self._goal
        if recorder is goal and handle._record is not None and handle._record.id == task:
            self._goal = None
        return self._goal is not None

    def begin(self) -> None:
        """Make all loops wait before their next step."""
        with self._changed:
            self.is_on, self._goal = True, None

    def run_on(self, recorder: Recorder, task: int) -> None:
        """Run all loops up to the next step of a task. That step and all later ones wait again."""
        with self._changed:
            self._goal = recorder, task
            self._waiting.clear()
            self._changed.notify_all()

    def end(self) -> None:
        """Resume all loops."""
        with self._changed:
            self.is_on, self._goal = False, None
            self._waiting.clear()
            self._changed.notify_all()

    def step(self, recorder: Recorder) -> StepTaken:
        """Run one step of a loop. Returns "outside" if the loop has no step now, because it waits to be woken."""
        with self._changed:
            self._goal = None
            if recorder not in self._waiting:
                return "outside"
            self._waiting.remove(recorder)
            self._changed.notify_all()
            return "step"
