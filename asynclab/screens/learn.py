"""The Learn screen: the demos, and everything about the selected one while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.actions import parse
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Key
from textual.widgets import Static

from asynclab.demos.catalogue import DEMOS
from asynclab.screens.commands import Command, Situation, bar_entries, bindings_of
from asynclab.screens.controls import ControlScreen
from asynclab.screens.learn_commands import APP_COMMANDS, LEARN_COMMANDS, TABS

if TYPE_CHECKING:
    from asynclab.screens.key_bar import KeyBar
    from asynclab.screens.run_list import RunList
    from asynclab.widgets.demo_list import DemoChosen
    from asynclab.widgets.title_bar import TitleBar

FRAMES_PER_SECOND = 20

FIRST_PAINT_SECONDS = 0.03
"""How long the curtain has for its first paint; Textual tells of no such moment."""

FRAMES_PER_SAMPLE = 5
"""The labs that are not selected are looked at once in so many frames."""

COMMANDS = (*LEARN_COMMANDS, *APP_COMMANDS)


def _palette() -> type[Any]:
    from asynclab.screens.palette import LearnProvider

    return LearnProvider


def curtain() -> Content:
    """What is seen while the rest is imported: the demos, where their list will be."""
    lines = [Content.styled(" asynclab ", "bold $state-accent"), Content("")]
    section = DEMOS[0].section
    lines.append(Content.styled(f"  {section}", "bold $state-past"))
    for demo in DEMOS:
        if demo.section != section:
            section = demo.section
            lines += [Content(""), Content.styled(f"  {section}", "bold $state-past")]
        lines.append(Content(f"  {demo.key} {demo.name}"))
    return Content("\n").join(lines)


class LearnScreen(ControlScreen):
    """The demos on the left, the selected one on the stage.

    A curtain is painted first; behind it comes all that takes time to import, so that the first paint is soon.
    """

    AUTO_FOCUS = None
    COMMANDS: ClassVar[set[Any]] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(LEARN_COMMANDS)]

    title_bar: TitleBar
    demo_list: RunList
    key_bar: KeyBar

    def __init__(self) -> None:
        super().__init__()
        self._frames = 0
        self._told_problem = ""
        self._early_keys: list[str] = []

    def compose(self) -> ComposeResult:
        """The curtain."""
        yield Static(curtain(), id="curtain")

    def on_mount(self) -> None:
        """Draw the curtain back when it has been painted."""
        self.set_timer(FIRST_PAINT_SECONDS, self._furnish)

    def on_key(self, event: Key) -> None:
        """Keep for later what is typed before the curtain."""
        if not self.is_furnished:
            self._early_keys.append(event.key)

    def select_demo(self, key: str) -> None:
        """Fill the screen with a demo, all of it at once: no frame shows two demos."""
        self.selected_key = key
        with self.app.batch_update():
            self.demo_list.highlight(key)
            self.stage.show_demo(self.run)
            self.paint()

    def on_demo_highlighted(self) -> None:
        """Show the demo that the list's cursor is on now; it may have moved on since it told."""
        row = self.demo_list.highlighted
        if row is not None and row.key != self.selected_key:
            self.select_demo(row.key)

    def on_demo_chosen(self, event: DemoChosen) -> None:
        """Start the demo that was chosen in the list."""
        self.action_start_demo(event.row.key)

    @property
    def selected_task(self) -> int | None:
        """The task that the cursor is on."""
        return self.stage.tasks.selected

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        self._sample()
        self.stage.paint(self.run)
        self.title_bar.show_moment(self.stage.moment)
        self.demo_list.show_runs(self.runs)
        self._show_meter()
        self._show_problem()
        self.key_bar.show(bar_entries(COMMANDS, self.situation()))

    def situation(self) -> Situation:
        """What decides which commands apply now."""
        run, lab, state = self.run, self.run.lab, self.run.state
        task = None if state is None or self.selected_task is None else state.tasks.get(self.selected_task)
        return Situation(
            is_running=run.is_running,
            is_active=run.is_active,
            has_ended=run.record is not None and not run.is_active,
            is_paused=lab is not None and lab.paused,
            is_instant=run.is_running and lab is not None and lab.instant,
            has_live_task=task is not None and not task.has_ended,
            has_parameters=len(run.demo.parameters) > len(run.mistakes),
            has_mistakes=bool(run.mistakes),
            has_past=run.record is not None and run.record.history.end > 0,
            is_past=run.record is not None and run.record.is_past,
            has_turns=self.is_single or self.stage.has_turns,
            has_lines=state is not None and bool(state.activity),
            is_zoomed=self.is_zoomed,
            has_filter=self.stage.is_filtering,
            in_list=self.focused is self.demo_list,
            in_tasks=any(view is self.focused and view.line_count() for view in self.stage.task_views),
        )

    def commands_now(self) -> Sequence[Command]:
        """The commands that apply now."""
        situation = self.situation()
        return [command for command in COMMANDS if command.applies(situation)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now, by the commands' own word."""
        declared = [command for command in LEARN_COMMANDS if command.action == action]
        if not declared:
            return True
        if not self.is_furnished:
            return False
        situation = self.situation()
        return any(command.answers(situation) for command in declared)

    def action_help(self) -> None:
        """Show every key and what the marks mean."""
        from asynclab.screens.help import HelpScreen
        from asynclab.widgets.line_view import CursorView
        from asynclab.widgets.timeline import TimelineView

        self.app.push_screen(HelpScreen(COMMANDS, {"Lists": CursorView.BINDINGS, "Timeline": TimelineView.BINDINGS}))

    async def _furnish(self) -> None:
        """Set everything up, start what the command line asked for, and begin to paint."""
        from asynclab.screens.key_bar import KeyBar
        from asynclab.screens.run_list import RunList
        from asynclab.screens.stage import Stage
        from asynclab.widgets.title_bar import TitleBar

        self.title_bar, self.key_bar = TitleBar(tuple(TABS)), KeyBar()
        self.demo_list, stage = RunList(id="demos"), Stage(id="stage")
        with self.app.batch_update():
            await self.mount(self.title_bar, Horizontal(self.demo_list, stage, id="body"), self.key_bar)
            await self.query("#curtain").remove()
        self.stage = stage
        self.demo_list.show_runs(self.runs)
        self.demo_list.focus()
        self.lay_out()
        self._begin()
        await self._catch_up()

    def _begin(self) -> None:
        first = self.host.first
        self.select_demo(self.selected_key if first is None else first.key)
        if first is not None:
            self.run.start(instant=self.host.starts_instantly)
        self.host.begin_to_measure()
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.paint)

    async def _catch_up(self) -> None:
        """Do what was asked for before everything was there."""
        for key in self._early_keys:
            bindings = [binding for binding in bindings_of(LEARN_COMMANDS) if binding.key == key]
            applying = (binding for binding in bindings if self.check_action(*parse(binding.action)[1:]))
            if (binding := next(applying, None)) is not None:
                await self.run_action(binding.action)

    def _sample(self) -> None:
        self._frames += 1
        everyone = self._frames % FRAMES_PER_SAMPLE == 0
        for run in self.runs:
            if run.lab is None or not run.is_running:
                continue
            if run is self.run:
                run.lab.sample(self.stage.tasks.tasks_in_sight(), self.selected_task)
            elif everyone:
                run.lab.sample()

    def _show_meter(self) -> None:
        monitor = self.host.monitor
        states = [run.state for run in self.runs if run.is_running]
        live = sum(not task.has_ended for state in states if state is not None for task in state.tasks.values())
        self.title_bar.show(() if monitor is None else monitor.lags, len(states), live)

    def _show_problem(self) -> None:
        run = self.run
        if run.problem != self._told_problem:
            self._told_problem = run.problem
            if run.problem:
                self.host.tell(f"{run.demo.name} can't start: {run.problem}", is_problem=True)
