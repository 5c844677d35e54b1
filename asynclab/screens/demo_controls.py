"""What keys do to the selected demo: start it, with other parameters, with its classic mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from asynclab.curriculum.catalogue import DEMOS
from asynclab.screens.lab_screen import LabScreen
from asynclab.screens.palette_entry import PaletteEntry

if TYPE_CHECKING:
    from asynclab.curriculum.demo_parameters import Value
    from asynclab.screens.runs import Run, Runs


class DemoScreen(LabScreen):
    """A screen with all demos, one of which is on the stage, and the actions on it."""

    selected_key = DEMOS[0].key
    """The key of the selected demo."""

    @property
    def runs(self) -> Runs:
        """All demos' runs."""
        return self.host.runs

    @property
    def run(self) -> Run:
        """The selected run."""
        return self.runs[self.selected_key]

    @property
    def program(self) -> Run:
        """The selected run."""
        return self.run

    def palette_entries(self) -> Iterator[PaletteEntry]:
        """The demos, and what any screen offers."""
        for run in self.runs:
            demo = run.demo
            yield PaletteEntry(f"{demo.key} {demo.name}", demo.concept, partial(self.action_start_demo, demo.key))
        yield from super().palette_entries()

    def select_demo(self, key: str) -> None:
        """Put a demo on the stage."""
        self.selected_key = key
        demo = self.run.demo
        self.stage.show_program(demo.name, str(demo.path), demo.source())
        self.describe()

    def describe(self) -> None:
        """Say in the frame what is run: the demo, changed parameters, and the mistakes that are switched on."""
        from asynclab.screens.lessons import lesson_of

        self.stage.describe(lesson_of(self.run), is_mistake=bool(self.run.mistakes_on))

    def action_start_demo(self, key: str) -> None:
        """Select a demo and start it, afresh where it runs."""
        self.select_demo(key)
        self.run.start()

    def action_mistake(self) -> None:
        """Start the demo with its next mistake, or without after the last."""
        self.run.next_mistake()
        self.describe()
        self.run.start()

    def action_parameters(self) -> None:
        """Open the form, and start the demo with what comes out of it."""
        from asynclab.screens.parameters import ParameterForm

        run = self.run

        def use(values: dict[str, Value] | None) -> None:
            if values is not None:
                run.take(values)
                self.describe()
                run.start()

        self.app.push_screen(ParameterForm(run.demo, run.values), use)
