"""Commands that pause, step and speed up what runs, declared once for demos and fetches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asynclab.screens.shared.command import Command
from asynclab.screens.shared.command_screen import CommandScreen

if TYPE_CHECKING:
    from asynclab.model.events import StepTaken
    from asynclab.screens.lab.run_record import Record
    from asynclab.screens.lab.staged_run import StagedRun

command = Command["TimeScreen"]

NO_STEP: dict[StepTaken, str] = {
    "outside": "nothing to step: waiting for I/O, a thread or a later timer",
    "nothing": "stuck: nothing is ready and no timer is set",
}
"""Why a step did nothing."""


def can_control(screen: TimeScreen) -> bool:
    """Whether what is shown takes commands, or would once it ran; a recording takes none."""
    return screen.record.control is not None if screen.record.has_run else screen.program.can_start


def can_be_instant(screen: TimeScreen) -> bool:
    """Whether waiting can be skipped: in a lab alone, for other programs wait for others."""
    return screen.program.can_start and can_control(screen)


class TimeScreen(CommandScreen):
    """A screen with a program whose lab time can be paused, stepped and sped up."""

    is_for_stepping = True
    """Whether stepping is what the screen is for; else its keys leave a narrow key bar early."""

    @property
    def program(self) -> StagedRun:
        """The program that is stepped."""
        raise NotImplementedError

    @property
    def timed(self) -> Sequence[StagedRun]:
        """The programs that are paused, resumed and sped up together."""
        return (self.program,)

    @property
    def record(self) -> Record:
        """The record of its present or latest run."""
        return self.program.record

    @property
    def running(self) -> Record | None:
        """The record of the first of these programs that runs."""
        return next((program.record for program in self.timed if program.is_running), None)

    @property
    def is_paused(self) -> bool:
        """Whether something runs, and its lab time is paused."""
        return self.running is not None and self.running.present.clock.paused

    @property
    def can_skip_waiting(self) -> bool:
        """Whether `instant` would change anything."""
        return self.running is None or not self.running.present.clock.instant

    @property
    def has_live_selection(self) -> bool:
        """Whether the selected task, or the task of the selected URL, runs."""
        raise NotImplementedError

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
            program.pause()

    @command("resume", key="space", group="Time", rank=3, when=lambda screen: screen.is_paused, offered=can_control)
    def action_resume(self) -> None:
        """Resume the clock and all tasks."""
        for program in self.timed:
            program.record.go_to_present()
            program.resume()

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
            self.program.step()
        else:
            self.program.pause()

    @property
    def can_step(self) -> bool:
        """Whether there is something to step, or to start paused."""
        raise NotImplementedError

    async def start_paused(self) -> None:
        """Start the program paused, or say why not."""
        raise NotImplementedError

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
            self.program.run_to_event(task)

    def task_to_follow(self) -> int | None:
        """The task whose next event is wanted; None where there is none, after saying why."""
        raise NotImplementedError

    @command(
        "slower",
        key="comma",
        group="Time",
        rank=lambda screen: 6 if screen.is_for_stepping else 17,
        bar=(", .", "speed"),
        offered=can_control,
    )
    def action_slower(self) -> None:
        """Halve the speed of lab time, down to 1/64×."""
        self.change_speed(-1)

    @command(
        "faster",
        key="full_stop",
        group="Time",
        rank=lambda screen: 6 if screen.is_for_stepping else 17,
        bar=(", .", "speed"),
        offered=can_control,
    )
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
            program.run_instantly()

    def tell_report(self) -> None:
        """Say why a step did nothing, once for each time that one was asked for."""
        report = self.record.take_report()
        if report is not None and report in NO_STEP:
            self.host.tell(NO_STEP[report])
