"""The Learn screen: the demos, and everything about the selected one while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one

from asynclab.model.state import LabState
from asynclab.screens.commands import Command, Situation, bar_entries, bindings_of
from asynclab.screens.controls import ControlScreen
from asynclab.screens.key_bar import KeyBar
from asynclab.screens.learn_commands import APP_COMMANDS, LEARN_COMMANDS
from asynclab.screens.palette import LearnProvider
from asynclab.screens.runs import Run
from asynclab.widgets.concept import Lesson
from asynclab.widgets.demo_list import DemoChosen, DemoHighlighted, DemoRow
from asynclab.widgets.line_view import CursorView
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.title_bar import TitleBar

FRAMES_PER_SECOND = 20

FRAMES_PER_SAMPLE = 5
"""The labs that are not selected are looked at once in so many frames."""

COMMANDS = (*LEARN_COMMANDS, *APP_COMMANDS)


class LearnScreen(ControlScreen):
    """The demos, and for the selected one: concept, tasks, queues and deadlines, source, activity."""

    AUTO_FOCUS = "#demos"
    COMMANDS: ClassVar[set[Any]] = {LearnProvider}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(LEARN_COMMANDS)]

    title_bar = query_one(TitleBar)
    key_bar = query_one(KeyBar)

    def __init__(self) -> None:
        super().__init__()
        self._selected = next(iter(self.runs)).demo.key
        self._frames = 0
        self._told_problem = ""

    @property
    def run(self) -> Run:
        """The selected demo's run."""
        return self.runs[self._selected]

    @property
    def selected_task(self) -> int | None:
        """The task that the cursor is on."""
        return self.tasks.selected

    def compose(self) -> ComposeResult:
        """A bar above, the panes, the keys below."""
        yield TitleBar(("Learn",))
        yield from self.compose_panes()
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the first demo, or start the one that the command line asked for, and begin to paint."""
        first = self.lab_app.first
        self.select_demo(self._selected if first is None else first.key)
        if first is not None:
            self.run.start(instant=self.lab_app.starts_instantly)
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.paint)

    def select_demo(self, key: str) -> None:
        """Fill the screen with a demo."""
        self._selected = key
        demo = self.run.demo
        self.source.show_source(str(demo.path), demo.source())
        self.demo_list.highlight(key)
        self.describe_run()

    @on(DemoHighlighted)
    def follow_list(self) -> None:
        """Show the demo that the list's cursor is on now; it may have moved on since it told."""
        row = self.demo_list.highlighted
        if row is not None and row.key != self._selected:
            self.select_demo(row.key)

    @on(DemoChosen)
    def start_chosen(self, event: DemoChosen) -> None:
        """Start the demo that was chosen in the list."""
        self.action_start_demo(event.row.key)

    @on(TaskSelected)
    def select_task(self, event: TaskSelected) -> None:
        """Select the task in the other panes, too."""
        for view in (self.tasks, self.source):
            if view is not event.view:
                view.select(event.task)

    def describe_run(self) -> None:
        """Say in the frame what is run: the demo, changed parameters, and a mistake if one is switched on."""
        run = self.run
        wrong = next((mistake.mistake for mistake in run.demo.mistakes if mistake.name == run.mistake), "")
        self.set_class(bool(wrong), "-mistake")
        self.concept.show_lesson(lesson_of(run, wrong))

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        self._sample()
        run, lab, state = self.run, self.run.lab, self.run.state
        now, held = (0.0, 0) if lab is None else (lab.now, len(lab.held))
        for view in (self.tasks, self.gauges, self.source, self.activity):
            view.show(state, now)
        self.concept.show_clock(None if state is None else state.clock, now, held)
        self.demo_list.show_rows([_row(each) for each in self.runs])
        self._show_meter()
        self._show_problem(run)
        self.show_gauges(0 if state is None else lines_of_gauges(state))
        self.key_bar.show(bar_entries(COMMANDS, self.situation()))

    def situation(self) -> Situation:
        """What decides which commands apply now."""
        run, lab, state = self.run, self.run.lab, self.run.state
        task = None if state is None or self.selected_task is None else state.tasks.get(self.selected_task)
        return Situation(
            is_running=run.is_running,
            is_active=run.is_active,
            is_paused=lab is not None and lab.paused,
            is_instant=run.is_running and lab is not None and lab.instant,
            has_live_task=task is not None and not task.has_ended,
            has_parameters=len(run.demo.parameters) > len(run.mistakes),
            has_mistakes=bool(run.mistakes),
            has_lines=state is not None and bool(state.activity),
            is_zoomed=self.is_zoomed,
            has_filter=self.is_filtering,
            in_list=self.focused is self.demo_list,
        )

    def commands_now(self) -> Sequence[Command]:
        """The commands that apply now."""
        situation = self.situation()
        return [command for command in COMMANDS if command.applies(situation)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key works now, by the commands' own word."""
        declared = [command for command in LEARN_COMMANDS if command.action == action]
        if not declared or not self.is_mounted:
            return True
        situation = self.situation()
        return any(command.applies(situation) for command in declared)

    def action_help(self) -> None:
        """Show every key and what the marks mean."""
        from asynclab.screens.help import HelpScreen

        lists = [binding for binding in CursorView.BINDINGS if isinstance(binding, Binding)]
        self.app.push_screen(HelpScreen(COMMANDS, lists))

    def _sample(self) -> None:
        self._frames += 1
        everyone = self._frames % FRAMES_PER_SAMPLE == 0
        for run in self.runs:
            if run.lab is not None and run.is_running and (everyone or run is self.run):
                run.lab.sample()

    def _show_meter(self) -> None:
        monitor = self.lab_app.monitor
        states = [run.state for run in self.runs if run.is_running]
        live = sum(not task.has_ended for state in states if state is not None for task in state.tasks.values())
        self.title_bar.show(() if monitor is None else monitor.lags, len(states), live)

    def _show_problem(self, run: Run) -> None:
        if run.problem != self._told_problem:
            self._told_problem = run.problem
            if run.problem:
                self.lab_app.tell(f"{run.demo.name} can't start: {run.problem}", is_problem=True)


def lesson_of(run: Run, wrong: str) -> Lesson:
    """What the frame of a run says.

    Args:
        run: Whose.
        wrong: What the mistake that is switched on does wrong; empty for none.
    """
    demo = run.demo
    changed = [
        f"{parameter.name}={parameter.show(run.values[parameter.name])}"
        for parameter in demo.parameters
        if run.values.get(parameter.name, parameter.default) != parameter.default
    ]
    title = " ".join([demo.key, demo.name, *changed, *([f"· mistake: {run.mistake}"] if wrong else [])])
    concept = f"The mistake: {wrong}" if wrong else demo.concept
    return Lesson(title, concept, demo.watch, demo.belief, demo.truth, demo.docs)


def lines_of_gauges(state: LabState) -> int:
    """How many lines its queues, timeouts and primitives take when drawn with space."""
    queues = max(6, 4 * len(state.queues)) if state.queues else 0
    return queues + len(state.timeouts) + len(state.primitives)


def _row(run: Run) -> DemoRow:
    standing = run.standing()
    return DemoRow(run.demo.key, run.demo.name, run.demo.section, standing.state, standing.note)
