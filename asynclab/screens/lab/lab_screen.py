"""The base of screens with a run on their stage: commands to pause and step, and the painting of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from textual.binding import BindingType

from asynclab.model.events import StepTaken
from asynclab.screens.lab.lab_actions import LabActions, can_control
from asynclab.screens.shared.command import Command

if TYPE_CHECKING:
    from asynclab.screens.lab.staged_run import StagedRun
    from asynclab.screens.shared.help_page import Sign


command = Command["TimeScreen"]

NO_STEP: dict[StepTaken, str] = {
    "outside": "nothing to step: waiting for I/O, a thread or a later timer",
    "nothing": "stuck: nothing is ready and no timer is set",
}
"""Why a step did nothing."""


def can_be_instant(screen: TimeScreen) -> bool:
    """Whether waiting can be skipped: only in a lab, because other programs wait for the outside world."""
    return screen.program.can_start and can_control(screen)


_SPEED = command(
    "slower",
    key="comma",
    group="Time",
    rank=lambda screen: 17 if not screen.is_for_stepping else 9 if screen.running is None else 6,
    bar=(", .", "speed"),
    offered=can_control,
)


class TimeScreen(LabActions):
    """A screen with a program whose lab time can be paused, stepped and sped up."""

    is_for_stepping = True
    """Whether stepping is important here. Otherwise a narrow key bar leaves out the keys for it early."""

    @property
    def can_skip_waiting(self) -> bool:
        """Whether waiting isn't skipped already."""
        return self.running is None or not self.running.present.clock.instant

    @command(
        "pause",
        key="space",
        group="Time",
        rank=lambda screen: 9 if screen.record.present.is_stalled else 3,
        when=lambda screen: screen.running is not None and not screen.is_paused,
        offered=can_control,
    )
    def action_pause(self) -> None:
        """Pause the clock and all tasks, or resume them."""
        for program in self.timed:
            program.give(lambda control: control.pause())

    @command("resume", key="space", group="Time", rank=3, when=lambda screen: screen.is_paused, offered=can_control)
    def action_resume(self) -> None:
        """Resume the clock and all tasks."""
        for program in self.timed:
            program.record.go_to_present()
            program.give(lambda control: control.resume())

    @command(
        "step",
        key="n",
        group="Time",
        rank=lambda screen: 16 if not screen.is_for_stepping else 9 if screen.record.present.is_stalled else 4,
        when=lambda screen: screen.can_step,
        offered=can_control,
        explains=True,
    )
    async def action_step(self) -> None:
        """Run one step of the selected task, or of the first one ready; if none is ready, jump to the next timer.
        If it isn't running, start it paused.
        """
        if not self.program.is_running:
            await self.start_paused()
            return
        self.record.go_to_present()
        if self.record.present.clock.paused:
            self.program.give(lambda _: self.record.step())
        else:
            self.program.give(lambda control: control.pause())

    @command(
        "next event",
        key="N",
        group="Time",
        rank=12,
        when=lambda screen: screen.running is not None and screen.has_live_selection,
        offered=can_control,
        explains=True,
    )
    def action_run_to_event(self) -> None:
        """Pause, and run step by step until something happens to the selected task."""
        task = self.task_to_follow()
        if task is not None:
            self.record.go_to_present()
            self.program.give(lambda control: control.run_to_event(task))

    @_SPEED
    def action_slower(self) -> None:
        """Halve the speed of lab time, down to 1/64×."""
        self.change_speed(-1)

    @replace(_SPEED, name="faster", key="full_stop")
    def action_faster(self) -> None:
        """Double the speed of lab time, up to 16×."""
        self.change_speed(1)

    def change_speed(self, steps: int) -> None:
        """Change the speed of lab time by some steps."""
        for program in self.timed:
            program.change_speed(steps)

    @command(
        "instant", key="i", group="Time", rank=13, when=lambda screen: screen.can_skip_waiting, offered=can_be_instant
    )
    def action_instantly(self) -> None:
        """Skip waiting: the clock jumps from timer to timer. If nothing is running, start it this way."""
        if self.running is None:
            self.program.start(instant=True)
        for program in self.timed:
            program.give(lambda control: control.run_instantly())

    def tell_report(self) -> None:
        """Say why a step did nothing, once for each request."""
        report = self.record.take_report()
        if report is not None and report in NO_STEP:
            self.host.tell(NO_STEP[report])


FRAMES_PER_SECOND = 20

AWAKE = 2.0
"""For this many real seconds after the last key, click or change, each frame is painted."""

FRAMES_PER_REST = 5
"""While nothing changes and there is no input, one of this many frames is painted; none behind a modal screen."""

FRAMES_PER_SAMPLE = 5
"""Runs that aren't on the stage are sampled once in this many frames."""


class LabScreen(TimeScreen):
    """A stage between a title bar and a key bar. Subclasses define the programs, and what else is shown."""

    _frames = 0
    _rests = 0
    """The number of consecutive frames that were not painted."""
    _awake_until = 0.0
    _version = 0
    """The total number of events at the latest frame."""

    @property
    def programs(self) -> Iterable[StagedRun]:
        """All programs of this screen, including the one on the stage."""
        raise NotImplementedError

    @property
    def is_busy(self) -> bool:
        """Whether views change even without events, such as the progress bar of a sleeping task."""
        return any(program.is_active for program in self.programs)

    def frame(self) -> None:
        """Fold new events, and paint. If nothing has changed for a while, paint few frames or none, to save time."""
        self.take_in()
        now, version = monotonic(), sum(program.state.version for program in self.programs)
        if self.is_busy or version != self._version:
            self._awake_until = now + AWAKE
        self._version = version
        self._rests += 1
        is_awake = now < max(self._awake_until, self.host.latest_event + AWAKE)
        is_in_front = self.app.screen is self  # behind another screen, each paint would repaint the whole terminal
        if is_awake or (is_in_front and self._rests >= FRAMES_PER_REST):
            self._rests = 0
            if self.is_current:
                self.paint()

    def beat(self) -> None:
        """Fold new events, and paint if this screen is in front."""
        self.take_in()
        if self.is_current:
            self.paint()

    def take_in(self) -> None:
        """Fold new events, also while the screen isn't in front, so that they never are too many at once."""
        if self.is_current and self.is_staged:
            self._sample()
        for program in self.programs:
            program.pump()
            program.record.findings.look()

    def paint(self) -> None:
        """Update all views. Each repaints only what changed."""
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

    def marks(self) -> Sequence[Sign]:
        """The marks of a lab, with their meanings."""
        from asynclab.screens.shared.help_page import LAB_MARKS

        return LAB_MARKS

    def _key_to_run(self) -> str:
        """The key that runs the program, as shown to the user."""
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
