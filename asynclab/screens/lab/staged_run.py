"""A program that the stage shows, with the record of its run, and commands to it."""

from __future__ import annotations

from collections.abc import Callable

from asynclab.model.source import Control, Source
from asynclab.model.state import LabState
from asynclab.screens.lab.run_record import NO_RECORD, Record

SPEEDS = tuple(2.0**power for power in range(-6, 5))
"""The possible speeds in lab seconds per real second: 1/64 to 16."""


class StagedRun:
    """The base of all programs that a stage can show, wherever they run."""

    can_start = False
    """Whether it can be started and restarted."""

    fastest = SPEEDS[-1]
    """The highest possible speed."""

    def __init__(self, name: str, record: Record = NO_RECORD) -> None:
        """Make a program with this name. Without a record, it has not run."""
        self.name = name
        self.record = record
        """The record of the present or latest run."""
        self.speed: float = 1.0
        """The speed of this run and of the next ones, in lab seconds per real second."""

    @property
    def source(self) -> Source:
        """The source of the present or latest run."""
        return self.record.source

    @property
    def is_running(self) -> bool:
        """Whether its lab runs."""
        return self.source.is_running

    @property
    def is_active(self) -> bool:
        """Whether it runs, or is about to run."""
        return self.is_running

    @property
    def state(self) -> LabState:
        """The state of the present or latest run."""
        return self.source.state

    def pump(self) -> None:
        """Fold the events that have come. Called for each frame, so that only few events are folded at once."""
        self.source.pump()

    def start(self, *, paused: bool = False, instant: bool = False) -> None:
        """Start the program: `paused` before its first step, or `instant`, skipping waits."""

    def change_speed(self, steps: int) -> None:
        """Move some steps along `SPEEDS`, for this run and the next ones."""
        place = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.speed = min(self.fastest, SPEEDS[max(0, min(len(SPEEDS) - 1, place + steps))])
        self.give(lambda control: control.set_speed(self.speed))

    def give(self, command: Callable[[Control], object]) -> None:
        """Give a command to a running program, and fold the resulting events at once.

        Otherwise, a key that is pressed before the next frame would act on an outdated state.
        """
        if self.record.control is not None and self.is_running:
            command(self.record.control)
            self.pump()
