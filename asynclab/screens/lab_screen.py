"""A screen with a run on its stage: what it paints at each frame, and which commands apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.binding import BindingType

from asynclab.screens.commands import BarEntry, Situation, filter_entries
from asynclab.screens.controls import ControlScreen, tell_report

if TYPE_CHECKING:
    from asynclab.screens.help import Mark
    from asynclab.screens.program import Program

FRAMES_PER_SECOND = 20

FRAMES_PER_SAMPLE = 5
"""The runs that are not on the stage are looked at once in so many frames."""


class LabScreen(ControlScreen):
    """A stage between a title bar and a key bar; a screen says which programs it has, and what else is on it."""

    _frames = 0

    @property
    def programs(self) -> Iterable[Program]:
        """All programs of this screen, that on the stage among them."""
        raise NotImplementedError

    def beat(self) -> None:
        """Take in what has happened, and paint it where the screen is seen; to be called at each frame."""
        if self.is_current:
            self._sample()
        for program in self.programs:
            program.pump()  # few events at a time, also while nobody looks
        if self.is_current:
            self.paint()

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        tell_report(self.host, self.program)
        self.stage.paint(self.record)
        self.keep_focus()
        self.title_bar.show_moment(self.stage.moment)
        self.paint_bars()

    def bar(self) -> tuple[BarEntry, ...]:
        """What the key bar says; while a filter is typed, what works then."""
        return filter_entries("lines") if self.stage.log_pane.is_typing else super().bar()

    def situation(self) -> Situation:
        """What decides which commands apply now."""
        program, record, state = self.program, self.record, self.program.state
        task = None if state is None or self.selected_task is None else state.tasks.get(self.selected_task)
        return Situation(
            has_control=record is None or record.control is not None,
            is_running=program.is_running,
            is_active=program.is_active,
            has_ended=record is not None and not program.is_active,
            is_paused=state is not None and state.clock.paused,
            is_instant=program.is_running and state is not None and state.clock.instant,
            has_live_task=task is not None and not task.has_ended,
            has_past=record is not None and record.history.end > 0,
            is_past=record is not None and record.is_past,
            has_turns=self.is_single or self.stage.has_turns,
            has_lines=state is not None and bool(state.activity),
            is_zoomed=self.is_zoomed,
            has_filter=self.stage.log_pane.is_filtering,
            in_tasks=any(view is self.focused and view.line_count() for view in self.stage.task_views),
        )

    def view_bindings(self) -> dict[str, list[BindingType]]:
        """The keys of the views on this screen, by the heading under which help lists them."""
        from asynclab.widgets.timeline import TimelineView

        return super().view_bindings() | {"Timeline": TimelineView.BINDINGS}

    def marks(self) -> Sequence[Mark]:
        """What the marks of a lab mean."""
        from asynclab.screens.help import LAB_MARKS

        return LAB_MARKS

    def _sample(self) -> None:
        self._frames += 1
        everyone = self._frames % FRAMES_PER_SAMPLE == 0
        for program in self.programs:
            control = None if program.record is None else program.record.control
            if control is None or not program.is_running:
                continue
            if program is self.program:
                control.sample(self.stage.tasks.tasks_in_sight(), self.selected_task)
            elif everyone:
                control.sample()
