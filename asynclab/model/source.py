"""Defines the interface of a run to screens, printers and the fetch engine: its events, and its control."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

from asynclab.model.events import Event
from asynclab.model.state import LabState

Subscriber: TypeAlias = Callable[[Sequence[Event]], object]
"""Gets every event, in order, in batches, after the state has taken them in."""


class Control(Protocol):
    """Commands to a run.

    They answer with events alone, for a run in another process can't answer at once. So whatever a method returns is
    for code that has the run in its own process; a screen reads the state instead.
    """

    def pause(self) -> object:
        """Hold the clock and every task."""

    def resume(self) -> object:
        """Resume both."""

    def step(self, task: int | None = None, /) -> object:
        """Run one step of a held task, or of the first one; `StepReported` tells what was done."""

    def run_to_event(self, task: int, /) -> object:
        """Run step after step until something happens to a task; `RunningTo` tells when that begins and ends."""

    def set_speed(self, speed: float, /) -> object:
        """Run lab time at `speed` lab seconds per real second."""

    def run_instantly(self) -> object:
        """Skip the time in which nothing happens."""

    def was_stopped(self, seconds: float, /) -> object:
        """Don't count the real seconds in which this whole process was stopped."""

    def cancel(self) -> object:
        """Cancel the main task and let it clean up."""

    def cancel_task(self, task: int, /) -> object:
        """Cancel one task."""

    def sample(self, first: Iterable[int] = (), selected: int | None = None, /) -> object:
        """Look at where tasks stand and what they wait for, before painting: `first` first, `selected` in full."""


class Source(Protocol):
    """One run, wherever its events come from: a lab in this process, another process, a recording."""

    @property
    def state(self) -> LabState:
        """Everything up to the latest `pump`; reading it does no work."""

    @property
    def now(self) -> float:
        """Lab time in seconds, also between two events."""

    @property
    def is_running(self) -> bool:
        """Whether it has started and not ended."""

    @property
    def control(self) -> Control | None:
        """Takes commands; None if nothing can, as in a recording."""

    def pump(self) -> None:
        """Fold the events that have come since the last call and pass them on. Call this once a frame."""

    def subscribe(self, subscriber: Subscriber, /) -> None:
        """Hand every event to a subscriber, from the next `pump` on."""


class NoSource:
    """Stands for a run before anything has run: an empty state, and no control."""

    now = 0.0
    is_running = False
    control = None

    def __init__(self) -> None:
        self.state = LabState()

    def pump(self) -> None:
        """Do nothing."""

    def subscribe(self, subscriber: Subscriber, /) -> None:
        """Do nothing: no event will come."""
