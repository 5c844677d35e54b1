"""Steps a paused lab until something happens to one task."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from contextvars import Context
from typing import TYPE_CHECKING

from asynclab.model.tasks import TaskState

if TYPE_CHECKING:
    from asyncio import Handle

    from asynclab.trace.lab import Lab

OUTSIDE_SECONDS = 0.02
"""How often it looks, in real seconds, while the next step waits for I/O or a thread."""


class Pursuit:
    """One step after the other, each in a turn of the loop of its own, so that whatever else runs there goes on."""

    def __init__(self, lab: Lab, task: int, loop: AbstractEventLoop) -> None:
        """Begin at once.

        Args:
            lab: A paused lab.
            task: The number of the task to which something is to happen.
            loop: The lab's loop.
        """
        self.task = task
        self._lab = lab
        self._loop = loop
        self._before = self._condition()
        self._next: Handle | None = None
        self._go_on()

    @property
    def is_over(self) -> bool:
        """Whether it has stopped."""
        return self._next is None

    def stop(self) -> None:
        """Let the lab stay as it is now."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _go_on(self) -> None:
        self._next = None
        if self._condition() != self._before:
            return
        match self._lab.step_once():
            case "nothing":
                return
            case "outside":
                self._next = self._loop.call_later(OUTSIDE_SECONDS, self._go_on, context=Context())
            case "step" | "jump":
                self._next = self._loop.call_soon(self._go_on, context=Context())

    def _condition(self) -> object:
        """What has to change: the task's state, or the number of its steps."""
        task: TaskState | None = self._lab.state.tasks.get(self.task)
        return None if task is None else (task.state, task.steps, task.cancel_requested)
