"""Freezes the loops of a process: each waits, on its own thread, before the next step of a task."""

from __future__ import annotations

from threading import Condition

from asynclab.model.events import StepTaken, TaskHeld
from asynclab.trace.recording.recorder import Recorder, StepHandle


class Freeze:
    """Where loops wait while their program is paused.

    A loop that waits does nothing else, so that everything after the step keeps its place. To hold steps alone would
    break servers: a connection would be lost before the first step of its handler.
    """

    def __init__(self) -> None:
        self.is_on = False
        """Whether loops wait before their next step."""
        self._changed = Condition()
        self._waiting: list[Recorder] = []
        """The loops that wait, in the order of their arrival."""
        self._goal: tuple[Recorder, int] | None = None
        """The task before whose next step all are to wait again; until then none waits."""

    @property
    def is_running_on(self) -> bool:
        """Whether loops run on until a step comes that was asked for."""
        return self._goal is not None

    def wait(self, recorder: Recorder, handle: StepHandle) -> None:
        """Wait before a step until it may run; signals reach the main thread meanwhile."""
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
                if recorder in self._waiting:  # a signal's handler has raised
                    self._waiting.remove(recorder)

    def _may_pass(self, recorder: Recorder, handle: StepHandle) -> bool:
        """Whether a step may run as another one is waited for; where it is the one, that is over."""
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
        """Run all loops up to the next step of a task: that step and all behind it wait again."""
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
        """Run one step of a loop; "outside" where it has none, and waits for something to wake it."""
        with self._changed:
            self._goal = None
            if recorder not in self._waiting:
                return "outside"
            self._waiting.remove(recorder)
            self._changed.notify_all()
            return "step"
