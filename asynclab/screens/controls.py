"""What keys do to the selected run: start, pause, step, speed, cancel, parameters, mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from asynclab.demos.catalogue import DEMOS
from asynclab.screens.panes import PaneScreen
from asynclab.widgets.messages import MomentChosen, TaskOpened, TaskSelected

if TYPE_CHECKING:
    from asynclab.demos.parameters import Value
    from asynclab.model.state import LabState
    from asynclab.model.story import Recorded
    from asynclab.screens.record import Record
    from asynclab.screens.runs import Run, Runs
    from asynclab.trace import StepTaken


NO_STEP: dict[StepTaken, str] = {
    "outside": "nothing is ready: what comes next comes from outside, from I/O or a thread",
    "nothing": "nothing is ready, and no timer is pending: these tasks wait for ever",
}
"""Why a step did nothing."""


class ControlScreen(PaneScreen):
    """A screen with a selected run and a selected task, and the actions on them."""

    selected_key = DEMOS[0].key
    """The key of the selected demo."""

    @property
    def run(self) -> Run:
        """The selected run."""
        return self.runs[self.selected_key]

    @property
    def selected_task(self) -> int | None:
        """The selected task's id in that run."""
        raise NotImplementedError

    def select_demo(self, key: str) -> None:
        """Select a demo's run."""
        raise NotImplementedError

    @property
    def runs(self) -> Runs:
        """All demos' runs."""
        return self.host.runs

    def action_start_demo(self, key: str) -> None:
        """Select a demo and start it, afresh where it runs."""
        self.select_demo(key)
        self.run.start()

    def action_start_selected(self) -> None:
        """Start the selected demo, afresh where it runs."""
        self.run.start()

    def action_start_held(self) -> None:
        """Start the selected demo, afresh where it runs, and hold it before its first step."""
        self.run.start(paused=True)

    def action_cancel(self) -> None:
        """Cancel the selected run; its clean-up goes on."""
        self.run.cancel()

    def action_cancel_task(self) -> None:
        """Cancel the selected task alone, or say why not."""
        record, task = self.run.record, self.selected_task
        if record is None or task is None or has_ended(record, task):
            self.host.tell(f"{_why_not(record, task)}: there is nothing to cancel")
        else:
            record.lab.cancel_task(task)

    def action_pause(self) -> None:
        """Hold the tasks and the clock of the selected run."""
        if self.run.lab is not None:
            self.run.lab.pause()

    def action_resume(self) -> None:
        """Let them go on."""
        if self.run.record is not None:
            self.run.record.go_to_present()
            self.run.record.lab.resume()

    def action_step(self) -> None:
        """Run one step; pause first where the run is not paused, start it paused where it has never run."""
        record = self.run.record
        if record is None:
            self.run.start(paused=True)
            return
        if not record.lab.is_running:
            if not self.run.is_active:  # else the next run is about to begin
                self.host.tell("the run has ended: r runs it again, R step by step")
            return
        record.go_to_present()
        if not record.lab.paused:
            record.lab.pause()
        elif reason := NO_STEP.get(record.step()):
            self.host.tell(reason)

    def action_run_to_event(self) -> None:
        """Run to the next event of the selected task, or say why not."""
        record, task = self.run.record, self.selected_task
        if record is None or task is None or has_ended(record, task):
            self.host.tell(f"{_why_not(record, task)}: there is no next event to run to")
        else:
            record.go_to_present()
            record.lab.run_to_event(task)

    @on(TaskSelected)
    def choose_next(self, event: TaskSelected) -> None:
        """Let the task that was picked go next, if it is held."""
        if event.is_choice and self.run.record is not None and not self.run.record.is_past:
            self.run.record.choose(event.task)

    @on(MomentChosen)
    def look_at(self, event: MomentChosen) -> None:
        """Look at the lab time that was chosen on the timeline."""
        if self.run.record is not None:
            self.run.record.go_to_time(event.at)

    def action_go_back(self) -> None:
        """Look at one event earlier."""
        if self.run.record is not None:
            self.run.record.go(-1)

    def action_go_forth(self) -> None:
        """Look at one event later."""
        if self.run.record is not None:
            self.run.record.go(1)

    def action_go_to_first(self) -> None:
        """Look at the beginning of the run."""
        if self.run.record is not None:
            self.run.record.go_to_first()

    def action_go_to_present(self) -> None:
        """Look at what is."""
        if self.run.record is not None:
            self.run.record.go_to_present()

    async def action_leave(self) -> None:
        """Drop the filter, come back from the past, or leave the zoomed pane."""
        if self.run.record is not None and self.run.record.is_past and not self.stage.is_filtering:
            self.run.record.go_to_present()
        else:
            await super().action_leave()

    def action_slower(self) -> None:
        """Slow the selected run down."""
        self.run.change_speed(-1)

    def action_faster(self) -> None:
        """Speed the selected run up."""
        self.run.change_speed(1)

    def action_instantly(self) -> None:
        """Skip all waiting from now on, or start without any."""
        lab = self.run.lab
        if lab is not None and lab.is_running:
            lab.run_instantly()
        else:
            self.run.start(instant=True)

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

        self.app.push_screen(StoryScreen(event.task, self._recorded), select)

    def _recorded(self) -> tuple[Recorded, LabState] | None:
        """The events and the state of the selected run, at the moment that is looked at."""
        record = self.run.record
        return None if record is None else (record.history, record.state)

    def action_mistake(self) -> None:
        """Start the demo with its next mistake, or without after the last."""
        self.run.next_mistake()
        self.stage.describe(self.run)
        self.run.start()

    def action_parameters(self) -> None:
        """Open the form, and start the demo with what comes out of it."""
        from asynclab.screens.parameters import ParameterForm

        run = self.run

        def use(values: dict[str, Value] | None) -> None:
            if values is not None:
                run.take(values)
                self.stage.describe(run)
                run.start()

        self.app.push_screen(ParameterForm(run.demo, run.values), use)


def has_ended(record: Record, task: int) -> bool:
    """Whether a task has ended by now, or its whole run has; or nothing is known of it."""
    known = record.lab.state.tasks.get(task)
    return not record.lab.is_running or known is None or known.has_ended


def _why_not(record: Record | None, task: int | None) -> str:
    """Why nothing can be done to a task: one clause."""
    if record is None:
        return "the demo does not run"
    if not record.lab.is_running:
        return "the run has ended"
    if task is None:
        return "no task is selected"
    state = record.lab.state
    known = state.tasks.get(task)
    word = "no longer kept" if known is None else known.state
    return f"{state.task_name(task)} {'has' if word == 'failed' else 'is'} {word}"
