"""A screen with a lab on its stage: what it paints at each frame, and which commands apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from asynclab.screens.app_commands import APP_COMMANDS
from asynclab.screens.commands import Command, Situation, bar_entries
from asynclab.screens.controls import ControlScreen
from asynclab.screens.meter import show_meter

if TYPE_CHECKING:
    from asynclab.screens.key_bar import KeyBar
    from asynclab.screens.program import Program
    from asynclab.widgets.title_bar import TitleBar

FRAMES_PER_SECOND = 20

FRAMES_PER_SAMPLE = 5
"""The labs that are not on the stage are looked at once in so many frames."""


class LabScreen(ControlScreen):
    """A stage between a title bar and a key bar; a screen says which programs it has, and what else is on it."""

    own_commands: ClassVar[tuple[Command, ...]] = ()
    """What can be done here and not everywhere in the app; its bindings are made of these."""

    title_bar: TitleBar
    key_bar: KeyBar
    _frames = 0

    @property
    def commands(self) -> tuple[Command, ...]:
        """All that can be done here, in the order of the key bar."""
        return (*self.own_commands, *APP_COMMANDS)

    @property
    def programs(self) -> Iterable[Program]:
        """All programs of this screen, that on the stage among them."""
        raise NotImplementedError

    def beat(self) -> None:
        """Take in what has happened, and paint it where the screen is seen; to be called at each frame."""
        for program in self.programs:
            _ = program.state  # few events at a time, also while nobody looks
        if self.is_current:
            self.paint()

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        self._sample()
        self.stage.paint(self.record)
        self.title_bar.show_moment(self.stage.moment)
        show_meter(self.title_bar, self.host)
        self.key_bar.show(bar_entries(self.commands, self.situation()))

    def situation(self) -> Situation:
        """What decides which commands apply now."""
        program, lab, record, state = self.program, self.program.lab, self.record, self.program.state
        task = None if state is None or self.selected_task is None else state.tasks.get(self.selected_task)
        return Situation(
            is_running=program.is_running,
            is_active=program.is_active,
            has_ended=record is not None and not program.is_active,
            is_paused=lab is not None and lab.paused,
            is_instant=program.is_running and lab is not None and lab.instant,
            has_live_task=task is not None and not task.has_ended,
            has_past=record is not None and record.history.end > 0,
            is_past=record is not None and record.is_past,
            has_turns=self.is_single or self.stage.has_turns,
            has_lines=state is not None and bool(state.activity),
            is_zoomed=self.is_zoomed,
            has_filter=self.stage.log_pane.is_filtering,
            in_tasks=any(view is self.focused and view.line_count() for view in self.stage.task_views),
        )

    def commands_now(self) -> Sequence[Command]:
        """The commands that apply now."""
        situation = self.situation()
        return [command for command in self.commands if command.applies(situation)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now, by the commands' own word."""
        declared = [command for command in self.own_commands if command.action == action]
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

        views = {"Lists": CursorView.BINDINGS, "Timeline": TimelineView.BINDINGS}
        self.app.push_screen(HelpScreen(self.commands, views))

    def _sample(self) -> None:
        self._frames += 1
        everyone = self._frames % FRAMES_PER_SAMPLE == 0
        for program in self.programs:
            if program.lab is None or not program.is_running:
                continue
            if program is self.program:
                program.lab.sample(self.stage.tasks.tasks_in_sight(), self.selected_task)
            elif everyone:
                program.lab.sample()
