"""The commands on the run on the stage, such as to cancel tasks, view past moments and read stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on

from asynclab.findings.stuck_report import stuck_lines
from asynclab.screens.lab.pane_screen import PaneScreen
from asynclab.screens.shared.command import Command
from asynclab.widgets.messages import FindingOpened, MomentChosen, TaskOpened, TaskSelected

if TYPE_CHECKING:
    from asynclab.findings.live_findings import Found
    from asynclab.model.lanes import Timeline
    from asynclab.model.state import LabState
    from asynclab.screens.lab.run_record import Record
    from asynclab.screens.lab.staged_run import StagedRun

command = Command["LabActions"]


def can_control(screen: PaneScreen) -> bool:
    """Whether the shown run accepts commands, or will when it runs. A recording accepts none."""
    return screen.record.control is not None if screen.record.has_run else screen.program.can_start


_HISTORY = command(
    "back",
    key="left_square_bracket",
    group="History",
    rank=lambda screen: 3 if screen.is_still else 8,
    bar=("[ ]", "history"),
    when=lambda screen: screen.has_past,
)


class LabActions(PaneScreen):
    """A screen with a program on its stage, and commands on its run."""

    @property
    def is_past(self) -> bool:
        """Whether a past moment is shown."""
        return self.record.is_past

    @property
    def has_past(self) -> bool:
        """Whether there are past moments to show."""
        return self.record.history.end > 0

    @property
    def is_still(self) -> bool:
        """Whether the shown state stands still. Then the keys for the history come first in the key bar."""
        return self.is_paused or self.is_past

    @property
    def is_in_tasks(self) -> bool:
        """Whether a view of tasks has the focus and isn't empty."""
        return any(view is self.focused and view.line_count() for view in self.stage.task_views)

    @property
    def selected_task(self) -> int | None:
        """The number of the task under the cursor."""
        return self.stage.tasks.selected

    @property
    def has_live_selection(self) -> bool:
        """Whether the selected task has not ended."""
        known = self.program.state.task(self.selected_task)
        return known is not None and not known.has_ended

    @property
    def can_step(self) -> bool:
        """Whether the run has not ended, or was never started."""
        return not self.record.has_run or self.program.is_active

    @property
    def findings_count(self) -> int:
        """The number of findings about the run on the stage."""
        return self.record.findings.count if self.is_staged else 0

    @property
    def can_leave(self) -> bool:
        """Whether `action_leave` would do anything."""
        return self.is_hiding or self.is_past

    @command(
        "cancel task",
        key="x",
        group="Run",
        rank=10,
        when=lambda screen: screen.running is not None and screen.has_live_selection,
        offered=can_control,
        explains=True,
    )
    def action_cancel_task(self) -> None:
        """Cancel only the selected task."""
        task = self._live_task("there is nothing to cancel")
        if task is not None:
            self.program.give(lambda control: control.cancel_task(task))

    async def start_paused(self) -> None:
        """Start the program paused if it has never run. Otherwise say that its run has ended."""
        if not self.record.has_run:
            self.program.start(paused=True)
        elif not self.program.is_active:  # otherwise the next run is about to start
            self.host.tell("the run has ended: r runs it again, R step by step")

    def task_to_follow(self) -> int | None:
        """The selected task. If it has ended, shows a notice and returns None."""
        return self._live_task("there is no next event to run to")

    @on(TaskSelected)
    def choose_next(self, event: TaskSelected) -> None:
        """Choose the selected task to run next, if it is held."""
        if event.is_choice and not self.record.is_past:
            self.record.choose(event.task)

    @on(MomentChosen)
    def look_at(self, event: MomentChosen) -> None:
        """Show the lab time that was chosen on the timeline."""
        self.record.go_to_time(event.at)

    @_HISTORY
    def action_go_back(self) -> None:
        """Go one event back. The run itself continues."""
        self.record.go(-1)

    @replace(_HISTORY, name="forward", key="right_square_bracket")
    def action_go_forward(self) -> None:
        """Go one event forward."""
        self.record.go(1)

    @command(
        "findings",
        key="b",
        group="Looking",
        rank=lambda screen: 1 if screen.findings_count else None,
        bar=lambda screen: ("b", "activity" if screen.focused_pane == "findings" else "findings"),
        when=lambda screen: screen.is_staged,
    )
    def action_findings(self) -> None:
        """Show the bugs that were found, what causes each, and how to mend it; from there, go back to the activity."""
        self.action_show_pane("activity" if self.focused_pane == "findings" else "findings")

    @property
    def is_in_findings(self) -> bool:
        """Whether the list of findings has the focus and isn't empty."""
        return self.focused_pane == "findings" and self.stage.findings.selected is not None

    @on(FindingOpened)
    def go_to_finding(self, event: FindingOpened) -> None:
        """Go to the moment of a finding, or of one of its events. Select the finding's task, and show its line."""
        record, finding = self.record, event.finding
        moment = event.event or max(finding.evidence, default=None)
        if moment is None:
            record.go_to_time(finding.at)
        elif not record.go_to_event(moment):
            self.host.tell("that moment is no longer kept")
            return
        if finding.task is not None:
            self.stage.select(finding.task)
        if finding.place is not None:
            self.stage.point_at(finding.place)
        if self.is_single:
            self.action_show_pane("timeline" if finding.place is None else "source")

    @command(
        "why stuck",
        key="ctrl+backslash",
        group="Looking",
        rank=lambda screen: 3 if screen.record.present.is_stalled else None,
        when=lambda screen: screen.is_staged and screen.record.has_run,
    )
    def action_stuck(self) -> None:
        """Say why nothing moves: what each task waits for, who holds that, and since when."""
        from asynclab.screens.lab.stuck_screen import StuckScreen

        self.app.push_screen(StuckScreen(self.stuck_reports(is_past=self.is_past)))

    @command("beginning", key="left_curly_bracket", group="History", when=lambda screen: screen.has_past)
    def action_go_to_first(self) -> None:
        """Go to the beginning of the run."""
        self.record.go_to_first()

    @command(
        "present",
        key="right_curly_bracket",
        group="History",
        rank=1,
        bar=("esc", "now"),
        when=lambda screen: screen.is_past,
    )
    def action_go_to_present(self) -> None:
        """Return to the present; esc does the same."""
        self.record.go_to_present()

    @command("explain", key="enter", group="Looking", rank=8, when=lambda screen: screen.is_in_tasks)
    def action_explain(self) -> None:
        """Tell the life of the selected task: who created it, what it waited for, who woke it, how it ended.
        In the findings, go to the moment of one.
        """
        self.stage.tasks.action_open()

    @command("go there", key="enter", group="Looking", rank=2, when=lambda screen: screen.is_in_findings)
    def action_go_to_finding(self) -> None:
        """Show the moment of a finding, or of the event under the cursor, in all panes."""
        self.stage.findings.action_open()

    @command(
        "back",
        key="escape",
        group="Looking",
        rank=lambda screen: 1 if screen.is_hiding and not screen.is_past else None,
        when=lambda screen: screen.can_leave,
        in_palette=False,
    )
    async def action_leave(self) -> None:
        """Return from the past, clear the filter, or leave the zoomed pane."""
        if self.record.is_past and not self.stage.log_pane.is_typing:
            self.record.go_to_present()
        else:
            await super().action_leave()

    @on(TaskOpened)
    def explain(self, event: TaskOpened) -> None:
        """Show the story of a task. If the user goes on to other tasks there, the last one will be selected."""
        from asynclab.screens.lab.story_screen import StoryScreen

        def select(task: int | None) -> None:
            if task is not None and task != self.selected_task:
                self.stage.post_message(TaskSelected(task))

        self.app.push_screen(StoryScreen(event.task, self._told, self._found_of), select)

    def stuck_reports(self, *, is_past: bool = False) -> dict[str, list[str]]:
        """The stuck report of each running loop by its name; with `is_past`, of the shown loop at the viewed moment."""
        others = () if is_past else [run for run in self.stuck_together if run.is_running]
        shown = others or (self.program,)
        records = {run.name: run.record for run in shown if run.record.has_run}
        looked_at = {
            name: (record.state, record.now) if is_past else (record.present, record.source.now)
            for name, record in records.items()
        }
        return {name: list(stuck_lines(state, now)) for name, (state, now) in looked_at.items()}

    @property
    def stuck_together(self) -> Sequence[StagedRun]:
        """The runs that may wait for each other: all loops of one program."""
        return (self.program,)

    def _told(self) -> tuple[Timeline, LabState]:
        """The timeline of the run, and its state at the moment being viewed."""
        return self.record.timeline, self.record.state

    def _found_of(self, task: int) -> Sequence[Found]:
        """The findings about a task."""
        return self.record.findings.of_task(task)

    def _live_task(self, otherwise: str) -> int | None:
        """The selected task. If it has ended or none is selected, shows a notice that says so, and returns None."""
        record, task = self.record, self.selected_task
        if task is None or has_ended(record, task):
            self.host.tell(f"{_why_not(record, task)}: {otherwise}")
            return None
        return task


def has_ended(record: Record, task: int) -> bool:
    """Whether a task or its whole run has ended, or the task is unknown."""
    known = record.present.tasks.get(task)
    return not record.source.is_running or known is None or known.has_ended


def _why_not(record: Record, task: int | None) -> str:
    """Why commands on a task are impossible, as a clause."""
    if not record.has_run:
        return "nothing runs"
    if not record.source.is_running:
        return "the run has ended"
    if task is None:
        return "no task is selected"
    state = record.present
    known = state.tasks.get(task)
    word = "no longer kept" if known is None else known.state
    return f"{state.task_name(task)} {'has' if word == 'failed' else 'is'} {word}"
