"""Which demos run, with what, and how each one stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asynclab.curriculum.demo_parameters import Value
from asynclab.curriculum.practice_pages import Pages
from asynclab.model.progress_bars import bar_of
from asynclab.model.source import Source
from asynclab.model.state import LabState
from asynclab.model.tasks import StateWord
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural
from asynclab.screens.program import LabFactory, Launch, Program

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo

CLOSING_SECONDS = 3.0
"""How long closing waits for all runs."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands, for a row of the list."""

    state: StateWord | None
    """None where it was never started."""
    note: str = ""
    """How far it is, or what went wrong, in a few cells."""


class Run(Program):
    """One demo, its parameters, and its present or latest run."""

    def __init__(self, demo: Demo, pages: Pages, make_lab: LabFactory | None = None) -> None:
        super().__init__(demo.name, make_lab)
        self.demo = demo
        self.values: dict[str, Value] = {}
        """The parameters that the user chose; absent ones have their defaults."""
        self.mistakes_on: tuple[str, ...] = ()
        """The names of the mistakes that are switched on, in the order of the parameters."""
        self._pages = pages

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The names of the parameters that switch a classic mistake on."""
        return tuple(parameter.name for parameter in self.demo.mistakes)

    def take(self, values: Mapping[str, Value]) -> None:
        """Use these parameters from the next start on; mistakes that are not among them stay on or off."""
        self.values = {name: value for name, value in values.items() if name not in self.mistakes}
        self.mistakes_on = tuple(name for name in self.mistakes if values.get(name, name in self.mistakes_on))

    def next_mistake(self) -> None:
        """Switch on the mistake after those that are on, alone; after the last one, none."""
        passed = self.mistakes.index(self.mistakes_on[-1]) + 1 if self.mistakes_on else 0
        self.mistakes_on = self.mistakes[passed : passed + 1]

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
        return Standing(state.outcome, plural(leaked, "leak") if leaked else "")

    async def enter(self, source: Source, launch: Launch) -> str:
        """Start the demo's main with its parameters."""
        try:
            arguments = await self._pages.fill(self.demo, self._arguments())
            launch(self.demo.load(), **arguments)
        except Exception as error:  # a demo's file is code like any other: it may raise whatever it likes
            return one_line(f"{type(error).__name__}: {error}")
        return ""

    def _arguments(self) -> dict[str, Value]:
        return {**self.values, **dict.fromkeys(self.mistakes_on, True)}


class Runs:
    """The runs of all demos."""

    def __init__(self, demos: Sequence[Demo], make_lab: LabFactory | None = None) -> None:
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


def _how_far(state: LabState) -> str:
    main = next(iter(state.tasks.values()), None)
    if main is None:
        return ""
    bar = bar_of(main, state, state.now)
    return "" if bar.fraction is None else bar.text.replace(" of ", "/")
