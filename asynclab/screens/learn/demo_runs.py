"""The runs of the demos, with parameters and state, and their texts for the list and the lesson."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from asynclab.curriculum.demo_parameters import Value
from asynclab.curriculum.practice_pages import Pages
from asynclab.model.progress_bars import bar_of
from asynclab.model.source import Source
from asynclab.model.state import LabState
from asynclab.model.tasks import StateWord
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import fitting, sentence
from asynclab.model.wording.quantities import plural
from asynclab.screens.lab.runnable import LabFactory, Launch, Program
from asynclab.widgets.lesson_pane import LessonText
from asynclab.widgets.run_list import RunRow

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo

HOW_FAR = 5
"""The most cells of a demo's progress in the list, such as "1/3"."""

CLOSING_SECONDS = 3.0
"""The most real seconds to wait for all runs when the app ends."""


class Standing(NamedTuple):
    """The state of a run, for a row of the list."""

    state: StateWord | None
    """None if it was never started."""
    note: str = ""
    """The progress, or a problem, in a few cells."""


class Run(Program):
    """A demo with its parameters, and its present or latest run."""

    def __init__(self, demo: Demo, pages: Pages, make_lab: LabFactory | None = None) -> None:
        super().__init__(demo.name, make_lab)
        self.demo = demo
        self.values: dict[str, Value] = {}
        """The values of parameters that the user chose. Other parameters have their defaults."""
        self.mistakes_on: tuple[str, ...] = ()
        """The names of the mistakes that are switched on, in the order of the parameters."""
        self._pages = pages

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The names of the parameters that switch on a classic mistake."""
        return tuple(parameter.name for parameter in self.demo.mistakes)

    def take(self, values: Mapping[str, Value]) -> None:
        """Use these values from the next start on. Mistakes that aren't among them don't change."""
        self.values = {name: value for name, value in values.items() if name not in self.mistakes}
        self.mistakes_on = tuple(name for name in self.mistakes if values.get(name, name in self.mistakes_on))

    def next_mistake(self) -> None:
        """Switch on only the next mistake; after the last mistake, none."""
        self.mistakes_on = self.mistakes[self._passed : self._passed + 1]

    @property
    def next_mistake_label(self) -> str:
        """What `next_mistake` switches on, in a few cells."""
        if self._passed == len(self.mistakes):
            return "no mistake"
        return "mistake" if len(self.mistakes) == 1 else f"mistake {self._passed + 1}"

    @property
    def next_mistake_text(self) -> str:
        """What `next_mistake` switches on, in a sentence. It begins with "mistake" only if no mistake is on."""
        following = [mistake.mistake for mistake in self.demo.mistakes[self._passed : self._passed + 1]]
        of_all = f" of {len(self.mistakes)}" if following and len(self.mistakes) > 1 else ""
        label = [] if following and self.mistakes_on else [f"{self.next_mistake_label}{of_all}"]
        return ": ".join([*label, *following])

    @property
    def _passed(self) -> int:
        """How many mistakes come before the next one."""
        return self.mistakes.index(self.mistakes_on[-1]) + 1 if self.mistakes_on else 0

    def standing(self) -> Standing:
        """The state of the run."""
        if self.problem:
            return Standing("failed", "can't start")
        state = self.state
        if not state.started:
            return Standing(None)
        if state.is_stalled:
            return Standing("waiting", "stuck")
        if state.outcome is None:
            return Standing("running", _how_far(state))
        leaked = len(state.leaked)
        return Standing(state.outcome, plural(leaked, "leak") if leaked else "")

    def row(self) -> RunRow:
        """The demo's row in the list."""
        return RunRow(self.demo.key, self.demo.name, self.demo.section, *self.standing())

    async def enter(self, source: Source, launch: Launch) -> str:
        """Start the demo's main with its parameters."""
        try:
            arguments = await self._pages.fill(self.demo, {**self.values, **dict.fromkeys(self.mistakes_on, True)})
            launch(self.demo.load(), **arguments)
        except Exception as error:  # the code of a demo may raise anything
            return one_line(f"{type(error).__name__}: {error}")
        return ""


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
        """Cancel all runs, wait at most `CLOSING_SECONDS` for their clean-up, and stop the practice server."""
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
    return "" if bar.fraction is None else fitting(bar.forms, HOW_FAR)


def lesson_of(run: Run) -> LessonText:
    """The lesson of a demo. While a mistake is on, it says what is wrong and what to watch then."""
    demo = run.demo
    wrong = [mistake for mistake in demo.mistakes if mistake.name in run.mistakes_on]
    changed = [
        f"{parameter.name}={parameter.show(run.values[parameter.name])}"
        for parameter in demo.parameters
        if run.values.get(parameter.name, parameter.default) != parameter.default
    ]
    label = "mistake" if len(wrong) == 1 else "mistakes"
    is_one_of_several = len(wrong) == 1 < len(demo.mistakes)
    place = f" {demo.mistakes.index(wrong[0]) + 1} of {len(demo.mistakes)}" if is_one_of_several else ""
    names = [f"· {label}{place}: {', '.join(mistake.name for mistake in wrong)}"] if wrong else []
    title = " ".join([demo.key, demo.name, *changed, *names])
    taught = demo.lesson
    texts = (taught.concept, taught.watch, taught.belief, taught.truth, taught.docs)
    lesson = LessonText(title, *texts, v=run.next_mistake_text)
    if not wrong:
        return lesson
    concept = sentence(f"The {label}: {'; '.join(mistake.mistake for mistake in wrong)}")
    watch = " ".join(f"{mistake.name}: {mistake.watch}" if wrong[1:] else mistake.watch for mistake in wrong)
    return replace(lesson, concept=concept, watch=watch)
