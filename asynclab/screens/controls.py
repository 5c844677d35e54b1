"""What keys do to the lab on the stage, whatever runs in it: pause, step, speed, cancel, history, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from asynclab.screens.panes import PaneScreen
from asynclab.widgets.messages import MomentChosen, TaskOpened, TaskSelected

if TYPE_CHECKING:
    from asynclab.model.events import StepTaken
    from asynclab.model.lanes import Timeline
    from asynclab.model.state import LabState
    from asynclab.screens.host import Host
    from asynclab.screens.program import Program
    from asynclab.screens.record import Record


NO_STEP: dict[StepTaken, str] = {
    "outside": "nothing is ready: what comes next comes from outside, from I/O or a thread",
    "nothing": "nothing is ready, and no timer is pending: these tasks wait for ever",
}
"""Why a step did nothing."""


class ControlScreen(PaneScreen):
    """A screen with a program on its stage, and the actions on it."""

    @property
    def program(self) -> Program:
        """What runs on the stage, ran there last, or would run."""
        raise NotImplementedError

    @property
    def record(self) -> Record | None:
        """What is kept of its present or latest run; None where it never ran."""
        return self.program.record

    @property
    def selected_task(self) -> int | None:
        """The id of the task that the cursor is on."""
        return self.stage.tasks.selected

    def action_start_selected(self) -> None:
        """Start the program, afresh where it runs."""
        self.program.start()

    def action_start_held(self) -> None:
        """Start the program, afresh where it runs, and hold it before its first step."""
        self.program.start(paused=True)

    def action_cancel(self) -> None:
        """Cancel the program; its clean-up goes on."""
        self.program.cancel()

    def action_cancel_task(self) -> None:
        """Cancel the selected task alone, or say why not."""
        record, task = self.record, self.selected_task
        if record is None or task is None or has_ended(record, task):
            self.host.tell(f"{_why_not(record, task)}: there is nothing to cancel")
        else:
            self.program.cancel_task(task)

    def action_pause(self) -> None:
        """Hold the tasks and the clock of the program."""
        self.program.pause()

    def action_resume(self) -> None:
        """Let them go on."""
        if self.record is not None:
            self.record.go_to_present()
            self.program.resume()

    def action_step(self) -> None:
        """Run one step; pause first where the run is not paused, start it paused where it has never run."""
        record = self.record
        if record is None:
            self.program.start(paused=True)
            return
        if not record.source.is_running:
            if not self.program.is_active:  # else the next run is about to begin
                self.host.tell("the run has ended: r runs it again, R step by step")
            return
        record.go_to_present()
        if not record.present.clock.paused:
            self.program.pause()
        else:
            self.program.step()

    def action_run_to_event(self) -> None:
        """Run to the next event of the selected task, or say why not."""
        record, task = self.record, self.selected_task
        if record is None or task is None or has_ended(record, task):
            self.host.tell(f"{_why_not(record, task)}: there is no next event to run to")
        else:
            record.go_to_present()
            self.program.run_to_event(task)

    @on(TaskSelected)
    def choose_next(self, event: TaskSelected) -> None:
        """Let the task that was picked go next, if it is held."""
        if event.is_choice and self.record is not None and not self.record.is_past:
            self.record.choose(event.task)

    @on(MomentChosen)
    def look_at(self, event: MomentChosen) -> None:
        """Look at the lab time that was chosen on the timeline."""
        if self.record is not None:
            self.record.go_to_time(event.at)

    def action_go_back(self) -> None:
        """Look at one event earlier."""
        if self.record is not None:
            self.record.go(-1)

    def action_go_forth(self) -> None:
        """Look at one event later."""
        if self.record is not None:
            self.record.go(1)

    def action_go_to_first(self) -> None:
        """Look at the beginning of the run."""
        if self.record is not None:
            self.record.go_to_first()

    def action_go_to_present(self) -> None:
        """Look at what is."""
        if self.record is not None:
            self.record.go_to_present()

    async def action_leave(self) -> None:
        """Drop the filter while it is typed, come back from the past, drop the filter, or leave the zoomed pane."""
        if self.record is not None and self.record.is_past and not self.stage.log_pane.is_typing:
            self.record.go_to_present()
        else:
            await super().action_leave()

    def action_slower(self) -> None:
        """Slow the program down."""
        self.program.change_speed(-1)

    def action_faster(self) -> None:
        """Speed the program up."""
        self.program.change_speed(1)

    def action_instantly(self) -> None:
        """Skip all waiting from now on, or start without any."""
        if self.program.is_running:
            self.program.run_instantly()
        else:
            self.program.start(instant=True)

    def action_explain(self) -> None:
        """Tell the life of the task under the table's cursor."""
        self.stage.tasks.action_open()

    @on(TaskOpened)
    def explain(self, event: TaskOpened) -> None:
        """Tell the life of a task; if another one's was read at last, select that."""
        from asynclab.screens.story import StoryScreen

        def select(task: int | None) -> None:
            if task is not None and task != self.selected_task:
                self.stage.post_message(TaskSelected(self.stage, task))

        self.app.push_screen(StoryScreen(event.task, self._told), select)

    def _told(self) -> tuple[Timeline, LabState] | None:
        """The timeline of the program, and its state at the moment that is looked at."""
        record = self.record
        return None if record is None else (record.timeline, record.state)


def tell_report(host: Host, program: Program) -> None:
    """Say why a step did nothing, once for each time that one was asked for."""
    report = None if program.record is None else program.record.take_report()
    if report is not None and report in NO_STEP:
        host.tell(NO_STEP[report])


def has_ended(record: Record, task: int) -> bool:
    """Whether a task has ended by now, or its whole run has; or nothing is known of it."""
    known = record.present.tasks.get(task)
    return not record.source.is_running or known is None or known.has_ended


def _why_not(record: Record | None, task: int | None) -> str:
    """Why nothing can be done to a task: one clause."""
    if record is None:
        return "nothing runs"
    if not record.source.is_running:
        return "the run has ended"
    if task is None:
        return "no task is selected"
    state = record.present
    known = state.tasks.get(task)
    word = "no longer kept" if known is None else known.state
    return f"{state.task_name(task)} {'has' if word == 'failed' else 'is'} {word}"
