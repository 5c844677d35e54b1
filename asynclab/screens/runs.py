"""Which demos run, with what, and how each one stands."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from asynclab.demos.pages import Pages
from asynclab.demos.parameters import Value
from asynclab.model.bars import bar_of
from asynclab.model.history import History
from asynclab.model.state import LabState
from asynclab.model.tasks import StateWord
from asynclab.model.text import one_line
from asynclab.trace import Lab

if TYPE_CHECKING:
    from asynclab.demos.catalogue import Demo

LabFactory: TypeAlias = Callable[..., Lab]

CLOSING_SECONDS = 3.0
"""How long closing waits for all runs."""

SPEEDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Lab seconds per real second that can be chosen."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands, for a row of the list."""

    state: StateWord | None
    """None where it was never started."""
    note: str = ""
    """How far it is, or what went wrong, in a few cells."""


@dataclass(frozen=True, slots=True)
class _Start:
    """A request to start."""

    paused: bool
    instant: bool


class Run:
    """One demo: its parameters, its present or latest lab, and the way from one to the next.

    However often and fast it is asked to start, one lab runs at a time: the one before is cancelled, and its clean-up
    awaited, first.
    """

    def __init__(self, demo: Demo, pages: Pages, make_lab: LabFactory = Lab) -> None:
        self.demo = demo
        self.values: dict[str, Value] = {}
        """The parameters that the user chose; absent ones have their defaults."""
        self.mistake: str | None = None
        """The name of the mistake that is switched on."""
        self.lab: Lab | None = None
        self.history: History | None = None
        """The events of that lab."""
        self.problem: str = ""
        """Why it could not be started, in one line."""
        self.speed: float = 1.0
        self._pages = pages
        self._make_lab = make_lab
        self._wanted: _Start | None = None
        self._asked = asyncio.Event()
        self._cancel_asked = False
        self._driver: asyncio.Task[None] | None = None

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The names of the parameters that switch a classic mistake on."""
        return tuple(parameter.name for parameter in self.demo.mistakes)

    @property
    def is_running(self) -> bool:
        return self.lab is not None and self.lab.is_running

    @property
    def is_active(self) -> bool:
        """Whether it runs, is about to, or is cleaning up."""
        return self._driver is not None and not self._driver.done()

    @property
    def state(self) -> LabState | None:
        return None if self.lab is None else self.lab.state

    def start(self, *, paused: bool = False, instant: bool = False) -> None:
        """Start it, or start it afresh; returns at once."""
        self._wanted = _Start(paused, instant)
        self._asked.set()
        if not self.is_active:
            self._driver = asyncio.create_task(
                self._drive(), name=f"run {self.demo.name}", context=contextvars.Context()
            )

    def take(self, values: Mapping[str, Value]) -> None:
        """Use these parameters from the next start on; of the mistakes among them, the first that is on."""
        self.values = {name: value for name, value in values.items() if name not in self.mistakes}
        switched_on = (name for name in self.mistakes if values.get(name))
        self.mistake = next(switched_on, self.mistake)

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

    def next_mistake(self) -> None:
        """Switch the next mistake on; after the last one, none."""
        choices = (None, *self.mistakes)
        self.mistake = choices[(choices.index(self.mistake) + 1) % len(choices)]

    def standing(self) -> Standing:
        """How it stands now."""
        if self.problem:
            return Standing("failed", "can't start")
        state = self.state
        if state is None or not state.started:
            return Standing(None)
        if state.outcome is None:
            return Standing("running", _how_far(state))
        leaked = len(state.leaked)
        return Standing(state.outcome, f"leaked {leaked}" if leaked else "")

    async def _drive(self) -> None:
        while self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._asked.clear()
            self._cancel_asked = False
            await self._run_once(wanted)

    async def _run_once(self, wanted: _Start) -> None:
        self.problem = ""
        lab = self._make_lab(self.demo.name, speed=self.speed, instant=wanted.instant)
        history = History(lab.state)
        lab.subscribe(history.take)
        try:
            arguments = await self._pages.fill(self.demo, self._arguments())
            lab.start(self.demo.load(), **arguments)
        except Exception as error:  # a demo's file is code like any other: it may raise whatever it likes
            self.problem = one_line(f"{type(error).__name__}: {error}")
            return
        self.lab, self.history = lab, history
        try:
            if wanted.paused:
                lab.pause()
            if self._cancel_asked:
                lab.cancel()
            await _first_of(lab.wait(), self._asked.wait())
        finally:
            await lab.close()

    def _arguments(self) -> dict[str, Value]:
        return self.values if self.mistake is None else {**self.values, self.mistake: True}


class Runs:
    """The runs of all demos."""

    def __init__(self, demos: Sequence[Demo], make_lab: LabFactory = Lab) -> None:
        self._pages = Pages()
        self._runs = {demo.key: Run(demo, self._pages, make_lab) for demo in demos}

    def __getitem__(self, key: str) -> Run:
        return self._runs[key]

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs.values())

    async def close(self) -> None:
        """Cancel every run, wait for their clean-up for at most `CLOSING_SECONDS`, and stop the practice server."""
        closing = [asyncio.create_task(run.close()) for run in self]
        await asyncio.wait(closing, timeout=CLOSING_SECONDS)
        for task in closing:
            task.cancel()
        await self._pages.aclose()


async def _first_of(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of them is done."""
    waiting = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def _how_far(state: LabState) -> str:
    main = next(iter(state.tasks.values()), None)
    if main is None:
        return ""
    bar = bar_of(main, state, state.now)
    return "" if bar.fraction is None else bar.text.replace(" of ", "/")
