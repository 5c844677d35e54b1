"""The tracer of a lab: an observer that also controls the lab's time, pausing and stepping."""

from __future__ import annotations

import weakref
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from types import CodeType
from typing import Any

from asynclab.trace.governing.hold import Hold
from asynclab.trace.governing.timer_handles import LabTimerHandle
from asynclab.trace.governing.timers import Timers
from asynclab.trace.recording.clock import VirtualClock
from asynclab.trace.recording.give_way import AT_ONCE
from asynclab.trace.recording.recorder import StepHandle
from asynclab.trace.watching.observer import Observer


class Tracer(Observer):
    """The observer of a lab, which also controls its time, holds its steps while paused, and keeps its loop settings.

    Code in a lab can set a task factory and an exception handler. The tracer keeps these, because the loop is shared.
    """

    __slots__ = (
        "_paused",
        "asyncgens",
        "end_run",
        "exception_handler",
        "factory",
        "hold",
        "timers",
    )

    governs = True

    def __init__(self, clock: VirtualClock, boundary: CodeType, *, echo: bool = False, exact: bool = False) -> None:
        super().__init__(clock, boundary, echo=echo, exact=exact)
        self.timers = Timers(self, self.external)
        self.hold = Hold(self, self.external, self.timers)
        self.factory: Any = None
        """The task factory that code in the lab has set."""
        self.exception_handler: Any = None
        """The exception handler that code in the lab has set."""
        self.end_run: Callable[[BaseException], None] = lambda _: None
        """Ends the run because of an exception that code in the lab has raised."""
        self.asyncgens: weakref.WeakSet[Any] = weakref.WeakSet()
        """The async generators that were started in the lab."""
        self._paused = False

    @property
    def paused(self) -> bool:
        """Whether lab time and all tasks are held."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused = self.detour = paused

    def begin(self, loop: AbstractEventLoop) -> None:
        super().begin(loop)
        self.detour = self._paused

    def is_stuck(self) -> bool:
        """Whether nothing can happen any more: no step is ready, no timer pending, no I/O and no thread awaited."""
        is_busy = self.hold.handles or self.external.has_ready() or self.timers.next_when() is not None
        return not is_busy and not self.external.is_awaited()

    def deadline_of(self, timer: TimerHandle) -> float | None:
        """The lab time at which a timer fires; None for a timer that doesn't go by lab time."""
        return super().deadline_of(timer) if isinstance(timer, LabTimerHandle) else None

    def admits(self, handle: StepHandle) -> bool:
        """Whether a step may run now. While the lab is paused, a step must be released first, and is held until then.

        Once the lab is over, the step runs at once without being recorded.
        """
        if not super().admits(handle):
            return False
        with self.guard("held tasks"):
            if self._paused and not self.hold.lets_through(handle):
                self.hold.handles.append(handle)
                return False
        return True

    def takes_exit(self, error: BaseException) -> bool:
        """End the run because of an exception that would end the loop, which other code shares.

        Returns:
            Whether the exception ends only the run. A KeyboardInterrupt ends the loop too, as the user wants.
        """
        self.end_run(error)
        return isinstance(error, SystemExit)

    def main_ended(self) -> None:
        """Stop skipping time, because the main task has ended."""
        self.timers.jumps = False

    def attend(self) -> None:
        super().attend()
        if self.clock.instant:
            self.attend_at = AT_ONCE
        self.timers.attend()
