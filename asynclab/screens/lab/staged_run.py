"""A run that the stage shows, and the commands to it, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable

from asynclab.model.source import Control, Source
from asynclab.model.state import LabState
from asynclab.screens.lab.run_record import NO_RECORD, Record

SPEEDS = tuple(2.0**power for power in range(-6, 5))
"""The speeds to choose from, in lab seconds per real second: 1/64 to 16."""


class StagedRun:
    """What the stage shows of a run, and what its keys do to it."""

    can_start = False
    """Whether it can be started, and started over."""

    fastest = SPEEDS[-1]
    """The highest speed that it can be given."""

    def __init__(self, name: str, record: Record = NO_RECORD) -> None:
        """Show the run of this name; without a record, nothing has run."""
        self.name = name
        self.record = record
        """The record of the present or latest run."""
        self.speed: float = 1.0
        """Lab seconds per real second."""

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
        """Whether it runs, or is about to."""
        return self.is_running

    @property
    def state(self) -> LabState:
        """The state of the present or latest run."""
        return self.source.state

    def pump(self) -> None:
        """Take in what has happened; called once a frame, so that only a few events are folded at a time."""
        self.source.pump()

    def start(self, *, paused: bool = False, instant: bool = False) -> None:
        """Start it, paused before its first step or without real waiting."""

    def change_speed(self, steps: int) -> None:
        """Move some steps along `SPEEDS`, for this run and the next ones."""
        place = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.speed = min(self.fastest, SPEEDS[max(0, min(len(SPEEDS) - 1, place + steps))])
        self.give(lambda control: control.set_speed(self.speed))

    def give(self, command: Callable[[Control], object]) -> None:
        """Give a command to a running program, and take in at once what came of it.

        Otherwise a key pressed before the next frame would still see the state from before.
        """
        if self.record.control is not None and self.is_running:
            command(self.record.control)
            self.pump()
