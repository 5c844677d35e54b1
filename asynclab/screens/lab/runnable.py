"""The base of programs that run inside asynclab, each time in a new lab: demos and fetches."""

from __future__ import annotations

import asyncio
import contextvars
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from asynclab.model.source import Source
from asynclab.screens.lab.run_record import Record
from asynclab.screens.lab.staged_run import StagedRun
from asynclab.trace import Lab

LabFactory: TypeAlias = Callable[..., Lab]

Launch: TypeAlias = Callable[..., object]
"""A function that starts a coroutine function with its arguments in a new lab."""


@dataclass(frozen=True, slots=True)
class Start:
    """A request to start the program."""

    paused: bool
    instant: bool


class Program(StagedRun, ABC):
    """A program that can be started any number of times, and its present or latest lab.

    Only one lab runs at a time. A new start first cancels the present lab, and waits for its clean-up.
    """

    can_start = True

    def __init__(self, name: str, make_lab: LabFactory | None = None) -> None:
        """Prepare a program, whose labs have this name. `start` runs it."""
        super().__init__(name)
        self.lab: Lab | None = None
        """The present or latest lab. Views don't use it, but the source of the record."""
        self.problem: str = ""
        """Why the latest start failed, in one line; empty if it succeeded."""
        self.runs = 0
        """How many times it has run."""
        self._make_lab = make_lab or Lab
        self._wanted: Start | None = None
        self._asked = asyncio.Event()
        self._cancel_asked = False
        self._driver: asyncio.Task[None] | None = None

    @abstractmethod
    async def enter(self, source: Source, launch: Launch) -> str:
        """Start the code in a new lab.

        Args:
            source: The lab, as the source of events and state.
            launch: Starts the lab with a coroutine function.

        Returns:
            Why it could not be started, in one line; empty if it was.
        """

    @property
    def is_active(self) -> bool:
        """Whether it runs, is about to run, or cleans up."""
        return self._driver is not None and not self._driver.done()

    def start(self, *, paused: bool = False, instant: bool = False) -> None:
        """Start or restart the program: `paused` before its first step, or `instant`, skipping waits."""
        self._wanted = Start(paused, instant)
        self._asked.set()
        if not self.is_active:
            # With an empty context, because the task lives longer than the lab or widget that called this.
            self._driver = asyncio.create_task(self._drive(), name=f"run {self.name}", context=contextvars.Context())

    def cancel(self) -> None:
        self._wanted = None
        self._cancel_asked = True
        self.give(lambda control: control.cancel())

    async def settle(self) -> None:
        """Wait until the program doesn't run any more."""
        if self._driver is not None:
            await asyncio.wait([self._driver])

    async def close(self) -> None:
        """Cancel the run, and wait for its clean-up, for which a lab has a time limit."""
        self.cancel()
        self._asked.set()
        await self.settle()

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
        self.problem = await self.enter(lab, lab.start)
        if self.problem:
            return
        self.record, self.lab = record, lab
        self.runs += 1
        try:
            if wanted.paused:
                lab.pause()
            if self._cancel_asked:
                lab.cancel()
            self.pump()
            await _first_of(lab.wait(), self._asked.wait())
        finally:
            await lab.close()


async def _first_of(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of the coroutines is done, and cancel the others."""
    waiting = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
