"""Commands that pause, step and speed up what runs, declared once for demos, fetches and programs."""

from __future__ import annotations

from dataclasses import replace

from asynclab.model.events import StepTaken
from asynclab.screens.lab.lab_actions import LabActions, can_control
from asynclab.screens.shared.command import Command

command = Command["TimeScreen"]

NO_STEP: dict[StepTaken, str] = {
    "outside": "nothing to step: waiting for I/O, a thread or a later timer",
    "nothing": "stuck: nothing is ready and no timer is set",
}
"""Why a step did nothing."""


def can_be_instant(screen: TimeScreen) -> bool:
    """Whether waiting can be skipped: in a lab alone, for other programs wait for others."""
    return screen.program.can_start and can_control(screen)


_SPEED = command(
    "slower",
    key="comma",
    group="Time",
    rank=lambda screen: 6 if screen.is_for_stepping else 17,
    bar=(", .", "speed"),
    offered=can_control,
)


class TimeScreen(LabActions):
    """A screen with a program whose lab time can be paused, stepped and sped up."""

    is_for_stepping = True
    """Whether stepping is what the screen is for; else its keys leave a narrow key bar early."""

    @property
    def can_skip_waiting(self) -> bool:
        """Whether `instant` would change anything."""
        return self.running is None or not self.running.present.clock.instant

    @command(
        "pause",
        key="space",
        group="Time",
        rank=3,
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
        rank=lambda screen: 4 if screen.is_for_stepping else 16,
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
        """Slow lab time down or speed it up by some steps."""
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
        """Say why a step did nothing, once for each time that one was asked for."""
        report = self.record.take_report()
        if report is not None and report in NO_STEP:
            self.host.tell(NO_STEP[report])
