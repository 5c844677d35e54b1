"""Defines the interface between a run and its viewers: `Source` for its events, `Control` for commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

from asynclab.model.events import Event
from asynclab.model.state import LabState

Subscriber: TypeAlias = Callable[[Sequence[Event]], object]
"""A function that gets all events in batches and in order, each batch after it was folded into the state."""


class Control(Protocol):
    """The commands that a run accepts.

    A run may be in another process, and can't answer at once. So the results of commands come as events, and a screen
    reads them from the state. Return values are only for code in the process of the run.
    """

    def pause(self) -> object:
        """Pause the clock and all tasks."""

    def resume(self) -> object:
        """Resume the clock and all tasks."""

    def step(self, task: int | None = None, /) -> object:
        """Run one step of a held task, or of the first held one if `task` is None. `StepReported` has the result."""

    def run_to_event(self, task: int, /) -> object:
        """Run step by step until something happens to a task. The events `RunningTo` report the start and the end."""

    def set_speed(self, speed: float, /) -> object:
        """Set the speed of lab time, in lab seconds per real second."""

    def run_instantly(self) -> object:
        """Skip idle time from now on."""

    def was_stopped(self, seconds: float, /) -> object:
        """Exclude from lab time some real seconds in which this whole process was stopped."""

    def cancel(self) -> object:
        """Cancel the main task, which may then clean up."""

    def cancel_task(self, task: int, /) -> object:
        """Cancel one task."""

    def sample(self, first: Iterable[int] = (), selected: int | None = None, /) -> object:
        """Inspect tasks before they are painted: first the tasks `first`, and all frames of `selected`."""


class Source(Protocol):
    """One run, whose events come from a lab in this process, from another process, or from a recording."""

    @property
    def state(self) -> LabState:
        """The state after the latest `pump`. Reading it takes no time."""

    @property
    def now(self) -> float:
        """The present lab time in seconds, which also runs between events."""

    @property
    def is_running(self) -> bool:
        """Whether the run has started and not ended."""

    @property
    def control(self) -> Control | None:
        """The object that accepts commands; None if there is none, as for a recording."""

    def pump(self) -> None:
        """Fold the events that have come since the last call, and pass them to subscribers. Called for each frame."""

    def subscribe(self, subscriber: Subscriber, /) -> None:
        """Pass all events to a subscriber, from the next `pump` on."""


class NoSource:
    """A `Source` for views that have no run yet: its state is empty, and it accepts no commands."""

    now = 0.0
    is_running = False
    control = None

    def __init__(self) -> None:
        self.state = LabState()

    def pump(self) -> None:
        """Do nothing."""

    def subscribe(self, subscriber: Subscriber, /) -> None:
        """Do nothing: no event will come."""
