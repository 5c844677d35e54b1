"""A screen with a run on its stage, and what it does at each frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from textual.binding import BindingType

from asynclab.screens.lab.time_screen import TimeScreen

if TYPE_CHECKING:
    from asynclab.screens.lab.staged_run import StagedRun
    from asynclab.screens.shared.help_page import Mark

FRAMES_PER_SECOND = 20

AWAKE = 2.0
"""Real seconds after the last key, click or other event for which each frame is painted, whatever runs."""

FRAMES_PER_REST = 5
"""How many frames share one painting where nothing runs and nobody does anything."""

FRAMES_PER_SAMPLE = 5
"""How often runs that are not on the stage are sampled: once in this many frames."""


class LabScreen(TimeScreen):
    """A stage between a title bar and a key bar; subclasses say which programs they have, and what else is shown."""

    _frames = 0
    _rests = 0
    """How many frames in turn were not painted."""
    _awake_until = 0.0
    _version = 0
    """How many events there were at the latest frame."""

    @property
    def programs(self) -> Iterable[StagedRun]:
        """All programs of this screen, including the one on the stage."""
        raise NotImplementedError

    @property
    def is_busy(self) -> bool:
        """Whether what is shown changes without any event, such as the bar of a task that sleeps."""
        return any(program.is_active for program in self.programs)

    def frame(self) -> None:
        """Take in what has happened, and paint it; where nothing has for a while, only at some frames: each costs."""
        self.take_in()
        now, version = monotonic(), sum(program.state.version for program in self.programs)
        if self.is_busy or version != self._version:
            self._awake_until = now + AWAKE
        self._version = version
        self._rests += 1
        if now < max(self._awake_until, self.host.latest_event + AWAKE) or self._rests >= FRAMES_PER_REST:
            self._rests = 0
            if self.is_current:
                self.paint()

    def beat(self) -> None:
        """Take in what has happened, and paint it if the screen is in front."""
        self.take_in()
        if self.is_current:
            self.paint()

    def take_in(self) -> None:
        """Take in what has happened; few events at a time, also while nobody looks."""
        if self.is_current and self.is_staged:
            self._sample()
        for program in self.programs:
            program.pump()
            program.record.findings.look()

    def paint(self) -> None:
        """Bring every view up to date; each repaints only what changed."""
        self.tell_report()
        if self.is_staged:
            has_run = self.record.has_run
            self.stage.fill_empty_panes("" if has_run else self._key_to_run(), has_run=has_run)
            self.stage.paint(self.record)
        self.keep_focus()
        self.title_bar.moment, self.title_bar.findings = self.stage.moment, self.findings_count
        self.paint_bars()

    def view_bindings(self) -> dict[str, list[BindingType]]:
        from asynclab.widgets.timeline import TimelineView

        return super().view_bindings() | {"Timeline": TimelineView.BINDINGS}

    def marks(self) -> Sequence[Mark]:
        """What the marks of a lab mean."""
        from asynclab.screens.shared.help_page import LAB_MARKS

        return LAB_MARKS

    def _key_to_run(self) -> str:
        """The key that runs the program, as a person reads it."""
        shown = {offer.command.action: offer.in_bar[0] for offer in self.own_offers if offer.applies}
        return shown.get("start_selected", "")

    def _sample(self) -> None:
        self._frames += 1
        everyone = self._frames % FRAMES_PER_SAMPLE == 0
        for program in self.programs:
            control = program.record.control
            if control is None or not program.is_running:
                continue
            if program is self.program:
                control.sample(self.stage.tasks.tasks_in_sight(), self.selected_task)
            elif everyone:
                control.sample()
