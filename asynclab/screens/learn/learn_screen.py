"""The Learn screen: the demos, and the selected one on the stage."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from textual.actions import parse
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Key
from textual.widgets import Static

from asynclab.curriculum.catalogue import DEMOS
from asynclab.screens.lab.lab_screen import FRAMES_PER_SECOND
from asynclab.screens.learn.demo_actions import DemoActions
from asynclab.screens.shared.command import bindings_of

if TYPE_CHECKING:
    from asynclab.widgets.run_list import RunChosen, RunList

FIRST_PAINT_SECONDS = 0.03
"""Real seconds to wait for the first paint of the curtain. Textual has no event for it."""


def curtain() -> Content:
    """The curtain, which is painted first while other modules are imported: the demos, where their list will be."""
    lines = [Content.styled(" asynclab ", "bold $state-accent")]
    for section, demos in groupby(DEMOS, attrgetter("section")):
        lines += [Content(""), Content.styled(f"  {section}", "bold $state-past")]
        lines += [Content(f"  {demo.key} {demo.name}") for demo in demos]
    return Content("\n").join(lines)


class LearnScreen(DemoActions):
    """The demos on the left, the selected one on the stage.

    A curtain, a static text, is painted first. Slow imports come later, so that the first paint is early.
    """

    AUTO_FOCUS = None

    demo_list: RunList

    def __init__(self) -> None:
        super().__init__()
        self._told_problem = ""
        self._early_keys: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static(curtain(), id="curtain")

    def on_mount(self) -> None:
        """After the curtain was painted, replace it by the views."""
        self.set_timer(FIRST_PAINT_SECONDS, self._furnish)

    def on_key(self, event: Key) -> None:
        """Keep keys that are pressed before the views exist."""
        if not self.is_furnished:
            self._early_keys.append(event.key)

    def select_demo(self, key: str) -> None:
        """Select a demo in one update, so that no frame shows parts of two demos."""
        with self.app.batch_update():
            super().select_demo(key)
            self.demo_list.highlight(key)
            self.paint()

    def on_run_highlighted(self) -> None:
        """Show the demo under the cursor of the list. The cursor may have moved since the message was posted."""
        row = self.demo_list.highlighted
        if row is not None and row.key != self.selected_key:
            self.select_demo(row.key)

    def on_run_chosen(self, event: RunChosen) -> None:
        self.select_demo(event.row.key)
        self.action_start_selected()

    def paint(self) -> None:
        super().paint()
        self.demo_list.show_rows([run.row() for run in self.programs])
        self._show_problem()

    async def _furnish(self) -> None:
        """Mount all views, start the demo of the command line, and start to paint."""
        from asynclab.screens.lab.stage import Stage
        from asynclab.screens.shared.key_bar import KeyBar
        from asynclab.widgets.run_list import RunList
        from asynclab.widgets.title_bar import TitleBar

        self.title_bar, self.key_bar = TitleBar(tuple(self.host.tabs)), KeyBar()
        self.demo_list, stage = RunList("Demos", id="demos"), Stage(id="stage")
        with self.app.batch_update():
            await self.mount(self.title_bar, Horizontal(self.demo_list, stage, id="body"), self.key_bar)
            await self.query("#curtain").remove()
        self.stage = stage
        self.demo_list.show_rows([run.row() for run in self.programs])
        self.demo_list.focus()
        self.lay_out()
        self._begin()
        await self._catch_up()

    def _begin(self) -> None:
        first = self.host.first
        self.select_demo(self.selected_key if first is None else first.key)
        if first is not None:
            self.program.start(instant=self.host.starts_instantly)
        self.host.begin_to_measure()
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.frame)

    async def _catch_up(self) -> None:
        """Handle the keys that were pressed before the views existed."""
        for typed in self._early_keys:
            key = "r" if typed == "enter" else typed  # enter belongs to the list, not to the screen
            bindings = [binding for binding in bindings_of(self.commands) if binding.key == key]
            applying = (binding for binding in bindings if self.check_action(*parse(binding.action)[1:]))
            if (binding := next(applying, None)) is not None:
                await self.run_action(binding.action)

    def _show_problem(self) -> None:
        run = self.program
        if run.problem != self._told_problem:
            self._told_problem = run.problem
            if run.problem:
                self.host.tell(f"{run.demo.name} can't start: {run.problem}", is_problem=True)
