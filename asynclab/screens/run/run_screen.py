"""The Run screen: a program in another process, or in a recording, with one of its loops on the stage."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from asynclab.model.tasks import StateWord
from asynclab.screens.lab.lab_screen import FRAMES_PER_SECOND, LabScreen
from asynclab.screens.lab.stage import Stage
from asynclab.screens.lab.staged_run import StagedRun
from asynclab.screens.lab.stuck_screen import StuckScreen
from asynclab.screens.run.watched_program import LoopRun, WatchedProgram
from asynclab.screens.shared.command_screen import LIVE
from asynclab.screens.shared.key_bar import KeyBar
from asynclab.widgets.lesson_pane import LessonText
from asynclab.widgets.run_list import RunHighlighted, RunList, RunRow
from asynclab.widgets.title_bar import TitleBar

FRAMES_BEHIND = 5
"""While there is more to read, only one of this many frames is painted, because painting is slower than reading."""


class RunScreen(LabScreen):
    """A list of the program's loops on the left, if there are several, and one of them on the stage."""

    DEFAULT_CSS = """
    RunScreen {
        background: $background;
        color: $state-text;
    }
    """
    AUTO_FOCUS = "#tasks"
    list_panes: ClassVar[tuple[str, ...]] = ("loops",)

    def __init__(self, watched: WatchedProgram) -> None:
        """Prepare to show a program."""
        super().__init__()
        self.watched = watched
        self.loop_list = RunList("Loops", id="loops")
        self._nothing = StagedRun(watched.title)
        self._number: int | None = None
        """The number of the loop on the stage."""
        self._is_chosen = False
        """Whether the user chose that loop."""
        self._code_of: tuple[int | None, str, bool] | None = None
        self._frames_begun = 0
        self._complained = ""
        """The latest problem that was shown in a notice."""
        self._reports_asked = 0
        """How many of the program's requests for a stuck report have been handled."""
        self._asked_report: dict[str, list[str]] = {}
        """The stuck report that was requested and not shown yet, by the name of each loop."""

    def compose(self) -> ComposeResult:
        self.title_bar, self.key_bar = TitleBar(tuple(self.host.tabs), "Run"), KeyBar()
        self.stage = self.make_stage()
        yield self.title_bar
        yield Horizontal(self.loop_list, self.stage, id="body")
        yield self.key_bar

    def make_stage(self) -> Stage:
        """Make the panes that show a loop."""
        return Stage(files=self.watched.files, in_the_middle="timeline", keeps_ended=False, id="stage")

    def on_mount(self) -> None:
        self.lay_out()
        self.host.begin_to_measure()
        self.begin()
        self.paint()
        self.set_interval(1 / FRAMES_PER_SECOND, self.frame)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.ask_for_report)

    def on_unmount(self) -> None:
        """Remove the handler of SIGUSR1."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)

    def begin(self) -> None:
        """Start to observe the program."""
        self.watched.begin()

    @property
    def program(self) -> StagedRun:
        return self.watched.runs.get(self._number or 0, self._nothing)

    @property
    def programs(self) -> Sequence[LoopRun]:
        return tuple(self.watched.runs.values())

    stuck_together = programs

    @property
    def is_busy(self) -> bool:
        """Whether there is more to read. Otherwise few frames are needed, even if progress bars move."""
        return self.watched.is_behind

    def frame(self) -> None:
        """Read the reports that have come, and paint. While more reports wait, paint only some frames."""
        self._frames_begun += 1
        if not self.watched.is_behind or self._frames_begun % FRAMES_BEHIND == 0:
            super().frame()
        else:
            self.watched.pump()

    def take_in(self) -> None:
        self.watched.pump()
        self._take_request()
        super().take_in()

    def paint(self) -> None:
        self._choose_loop()
        self.loop_list.show_rows([_row_of(run) for run in self.programs])
        self.loop_list.highlight(_key_of(self._number or 0))
        self.loop_list.display = len(self.programs) > 1 and not self.is_zoomed
        shown = self.watched.runs.get(self._number or 0)
        facts = (*self.watched.facts, *(shown.facts if shown is not None else ()))
        self.stage.describe(LessonText(self.watched.title, " ".join(facts)))
        self._show_code()
        super().paint()
        self._complain()

    @on(RunHighlighted)
    def show_loop(self, event: RunHighlighted) -> None:
        """Show another loop on the stage."""
        self._number, self._is_chosen = int(event.row.key), True
        self.paint()

    def can_go_to(self, pane: str) -> bool:
        return super().can_go_to(pane) and (pane not in self.list_panes or self.loop_list.display)

    def action_pause(self) -> None:
        """Freeze the program before its next steps, or resume it."""
        super().action_pause()

    async def action_step(self) -> None:
        """Run the next step; if no task is ready, jump to the next timer. If the program runs, freeze it."""
        await super().action_step()

    def action_slower(self) -> None:
        """Halve the program's speed, down to 1/64×."""
        super().action_slower()

    def action_faster(self) -> None:
        """Double the speed of a slowed program, up to its own."""
        super().action_faster()

    def action_run_to_event(self) -> None:
        """Let the program run until the next step of the selected task, and freeze it before that."""
        super().action_run_to_event()

    async def start_paused(self) -> None:
        """Say that no step is possible any more."""
        self.host.tell("the loop has ended")

    def _choose_loop(self) -> None:
        """Choose the loop to show, unless the user has: a running loop, or else the one with the most events."""
        runs = self.watched.runs
        if self._number in runs and (self._is_chosen or self.program.is_running):
            return
        running = (number for number, run in runs.items() if run.is_running)
        self._number = next(running, None) or self.watched.busiest

    def _show_code(self) -> None:
        """Show the program's first source file, as soon as it is known."""
        run = self.watched.runs.get(self._number or 0)
        file = (run.main_file if run is not None else "") or self.watched.script
        wanted = (self._number, file, self.watched.has_files)
        if wanted == self._code_of:
            return
        self._code_of = wanted
        self.stage.show_program(self.program.name, file, self.watched.files.read(file) or "" if file else "")
        self.stage.source.select(self.selected_task)

    def ask_for_report(self) -> None:
        """Request a stuck report of this moment. It is shown when this screen is in front."""
        self._asked_report = self.stuck_reports()

    def _take_request(self) -> None:
        """Show the stuck report if it was requested, by SIGUSR1 to the program or to asynclab."""
        asked = self.watched.told.reports_asked
        if asked > self._reports_asked and self.watched.is_live:
            self.ask_for_report()
        self._reports_asked = asked
        if not self._asked_report:
            return
        if isinstance(self.app.screen, StuckScreen):
            self.app.screen.show_reports(self._asked_report)
        elif self.is_current:
            self.app.push_screen(StuckScreen(self._asked_report))
        else:
            return
        self._asked_report = {}

    def _complain(self) -> None:
        complaint = self.watched.complaint or next(reversed(self.watched.judge.complaints), "")
        if complaint != self._complained:
            self._complained = complaint
            self.host.tell(complaint, is_problem=True)


def _row_of(run: LoopRun) -> RunRow:
    """The row of a loop in the list. It has the number of pending tasks, or of all tasks if the loop has ended."""
    state = run.state
    tasks = sum(count for word, count in state.counts.items() if word in LIVE or state.outcome is not None)
    word: StateWord = state.outcome or "running"
    return RunRow(_key_of(run.number), run.thread, "", word, f"{tasks:,}", run.record.findings.count)


def _key_of(loop: int) -> str:
    return f"{loop:>2}"
