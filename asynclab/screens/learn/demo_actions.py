"""The commands on the selected demo, such as to run it, change its parameters, or switch on its mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from asynclab.curriculum.catalogue import DEMOS
from asynclab.screens.lab.lab_actions import can_control
from asynclab.screens.lab.lab_screen import LabScreen
from asynclab.screens.shared.command import Command, PaletteEntry
from asynclab.screens.shared.command_screen import AppProtocol

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo
    from asynclab.curriculum.demo_parameters import Parameter, Value
    from asynclab.screens.learn.demo_runs import Run, Runs
    from asynclab.screens.shared.form import Form

command = Command["DemoActions"]


class LearnApp(AppProtocol, Protocol):
    """The interface of the app to the Learn screen."""

    first: Demo | None
    """The demo that was named on the command line."""
    starts_instantly: bool
    """Whether that demo starts without real waiting."""

    @property
    def runs(self) -> Runs:
        """The runs of all demos."""


class DemoActions(LabScreen):
    """A screen with all demos, the selected one on its stage, and the commands on it."""

    selected_key = DEMOS[0].key
    """The key of the selected demo."""

    @property
    def host(self) -> LearnApp:
        return cast("LearnApp", self.app)

    @property
    def programs(self) -> Runs:
        return self.host.runs

    @property
    def program(self) -> Run:
        """The run of the selected demo."""
        return self.programs[self.selected_key]

    def other_palette_entries(self) -> Iterator[PaletteEntry]:
        for run in self.programs:
            demo = run.demo
            start = partial(self.action_start_demo, demo.key)
            yield PaletteEntry(f"{demo.key} {demo.name}", demo.lesson.concept, start)

    def select_demo(self, key: str) -> None:
        """Show a demo on the stage. If the findings of another demo were in front, show the tasks instead."""
        if key != self.selected_key and self.is_single and self.stage.front == "findings":
            if self.is_in_list:
                self.stage.lay_out("tasks", is_single=True)
            else:
                self.action_show_pane("tasks")
        self.selected_key = key
        demo = self.program.demo
        self.stage.show_program(demo.name, str(demo.path), demo.source)
        self.describe()

    def describe(self) -> None:
        """Show the lesson of the demo, its changed parameters, and the mistakes that are switched on."""
        from asynclab.screens.learn.demo_runs import lesson_of

        self.stage.describe(lesson_of(self.program), is_mistake=bool(self.program.mistakes_on))

    @command(
        "run",
        key=",".join(demo.key for demo in DEMOS),
        group="Run",
        rank=2,
        shown="0-9",
        takes_key=True,
        in_palette=False,
    )
    def action_start_demo(self, key: str) -> None:
        """Run that demo without mistakes; if it runs already, cancel it, let it clean up and start over."""
        self.programs[key].mistakes_on = ()
        self.select_demo(key)
        self.program.start()

    # Enter works only in the list, because elsewhere it could discard a run by mistake.
    @command(
        "run this",
        key="r",
        group="Run",
        rank=lambda screen: 12 if screen.program.is_active else 2 if screen.is_in_list else 5,
        shown="enter r",
        bar=lambda screen: ("enter" if screen.is_in_list else "r", "run this"),
    )
    def action_start_selected(self) -> None:
        """Run the selected demo, or run it again; enter does so only in the list of demos."""
        self.program.start()

    @command("step through", key="R", group="Run")
    def action_start_held(self) -> None:
        """Run the selected demo, or run it again, paused before its first step."""
        self.program.start(paused=True)

    @command(
        "cancel",
        key="c",
        group="Run",
        rank=lambda screen: 2 if screen.record.present.is_stalled else 5,
        when=lambda screen: screen.program.is_active,
        offered=can_control,
    )
    def action_cancel(self) -> None:
        """Cancel the selected demo and let it clean up."""
        self.program.cancel()

    @command(
        "params",
        key="p",
        group="Run",
        rank=lambda screen: 10 if not screen.is_in_list else 8 if screen.program.is_active else 6,
        when=lambda screen: len(screen.program.demo.parameters) > len(screen.program.mistakes),
    )
    def action_parameters(self) -> None:
        """Change the demo's parameters and run it."""
        run = self.program

        def use(values: dict[str, Value] | None) -> None:
            """Run the demo with the values of the form, unless the user has closed it."""
            if values is not None:
                run.take(values)
                self.describe()
                run.start()

        self.app.push_screen(parameter_form(run), use)

    @command(
        "mistake",
        key="v",
        group="Run",
        rank=lambda screen: 5 if screen.is_in_list else 9,
        bar=lambda screen: ("v", screen.program.next_mistake_label),
        when=lambda screen: bool(screen.program.mistakes),
    )
    def action_mistake(self) -> None:
        """Run the demo with its next classic mistake; after the last one, without."""
        self.program.next_mistake()
        self.describe()
        self.program.start()


def parameter_form(run: Run) -> Form:
    """A form for the parameters of a demo, without those that switch on mistakes."""
    from asynclab.screens.shared.form import Entry, Form

    def entry(parameter: Parameter) -> Entry:
        """The field of a parameter."""

        def parse(entered: str | bool) -> Value:
            """The value of an entered text, or of a check box."""
            return entered if isinstance(entered, bool) else parameter.parse(entered)

        name, default = parameter.name, parameter.default
        value = run.values.get(name, default)
        return Entry(name, name, parameter.takes, value, default, parse, parameter.show, parameter.choices)

    parameters = [parameter for parameter in run.demo.parameters if not parameter.mistake]
    return Form(f"{run.demo.key} {run.demo.name}: parameters", "run", list(map(entry, parameters)))
