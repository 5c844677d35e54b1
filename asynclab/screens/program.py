"""What can be run in a lab again and again: a demo, a list that is fetched, a script."""

from __future__ import annotations

import asyncio
import contextvars
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from asynclab.model.state import LabState
from asynclab.screens.record import Record
from asynclab.trace import Lab

LabFactory: TypeAlias = Callable[..., Lab]

SPEEDS = tuple(2.0**power for power in range(-6, 5))
"""Lab seconds per real second that can be chosen: from 1/64 to 16."""


@dataclass(frozen=True, slots=True)
class Start:
    """A request to start."""

    paused: bool
    instant: bool


class Program(ABC):
    """Asyncio code, its present or latest lab, and the way from one lab to the next.

    However often and fast it is asked to start, one lab runs at a time: the one before is cancelled, and its clean-up
    awaited, first.
    """

    def __init__(self, name: str, make_lab: LabFactory = Lab) -> None:
        """Prepare a program; nothing runs before it is started.

        Args:
            name: What its labs are called.
            make_lab: What makes them.
        """
        self.name = name
        self.record: Record | None = None
        """What is kept of the present or latest lab."""
        self.problem: str = ""
        """Why it could not be started, in one line."""
        self.speed: float = 1.0
        """Lab seconds per real second."""
        self.runs = 0
        """How many labs it has run in."""
        self._make_lab = make_lab
        self._wanted: Start | None = None
        self._asked = asyncio.Event()
        self._cancel_asked = False
        self._driver: asyncio.Task[None] | None = None

    @abstractmethod
    async def enter(self, lab: Lab) -> str:
        """Start the code in a lab that was made for it.

        Returns:
            What was wrong, in one line, where it could not be started; else nothing.
        """

    @property
    def lab(self) -> Lab | None:
        """The present or latest lab."""
        return None if self.record is None else self.record.lab

    @property
    def is_running(self) -> bool:
        """Whether its lab runs."""
        return self.lab is not None and self.lab.is_running

    @property
    def is_active(self) -> bool:
        """Whether it runs, is about to, or is cleaning up."""
        return self._driver is not None and not self._driver.done()

    @property
    def state(self) -> LabState | None:
        """All that is known of the lab; to be asked for now and then, so that events are folded few at a time."""
        return None if self.lab is None else self.lab.state

    def start(self, *, paused: bool = False, instant: bool = False) -> None:
        """Start it, or start it afresh; returns at once.

        Args:
            paused: Whether to hold it before its first step.
            instant: Whether to skip the time in which nothing happens.
        """
        self._wanted = Start(paused, instant)
        self._asked.set()
        if not self.is_active:
            # In no lab's context and no widget's: it outlives whoever asked.
            self._driver = asyncio.create_task(self._drive(), name=f"run {self.name}", context=contextvars.Context())

    def cancel(self) -> None:
        """Ask it to stop; it goes on cleaning up."""
        self._wanted = None
        self._cancel_asked = True
        if self.lab is not None and self.lab.is_running:
            self.lab.cancel()

    async def settle(self) -> None:
        """Wait until nothing of it runs any more."""
        if self._driver is not None:
            await asyncio.wait([self._driver])

    async def close(self) -> None:
        """Cancel it and wait until it has cleaned up, as long as a lab allows."""
        self.cancel()
        self._asked.set()
        await self.settle()

    def change_speed(self, steps: int) -> None:
        """Go some steps along `SPEEDS`, now and for later starts."""
        place = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, place + steps))]
        if self.lab is not None and self.lab.is_running:
            self.lab.set_speed(self.speed)

    def run_instantly(self) -> None:
        """Skip all waiting from now on, where it runs."""
        if self.lab is not None and self.lab.is_running:
            self.lab.run_instantly()

    async def _drive(self) -> None:
        while self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._asked.clear()
            self._cancel_asked = False
            await self._run_once(wanted)

    async def _run_once(self, wanted: Start) -> None:
        lab = self._make_lab(self.name, speed=self.speed, instant=wanted.instant)
        record = Record(lab)
        self.problem = ""
        self.problem = await self.enter(lab)
        if self.problem:
            return
        self.record = record
        self.runs += 1
        try:
            if wanted.paused:
                lab.pause()
            if self._cancel_asked:
                lab.cancel()
            await _first_of(lab.wait(), self._asked.wait())
        finally:
            await lab.close()


async def _first_of(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of them is done."""
    waiting = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
