"""The stage: a set of panes that show one run, such as its tasks, timeline, code and activity log."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from textual import on

from asynclab.model.tasks import Place
from asynclab.model.wording.deed import latest_blocks
from asynclab.screens.lab.evidence import evidence_of
from asynclab.screens.lab.record_readings import clock_of, moment_of
from asynclab.screens.lab.run_record import NO_RECORD, Record
from asynclab.screens.lab.stage_room import StageRoom
from asynclab.widgets.findings_view import NOTHING, FindingsView
from asynclab.widgets.lesson_pane import LessonText
from asynclab.widgets.line_view import LineView
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.queues_view import lines_of_queues
from asynclab.widgets.task_view import TaskView
from asynclab.widgets.title_bar import Moment

PROMISES = {
    "tasks": "Each task gets a row: its state, what it waits for, and how far it is.",
    "timeline": "Each task gets a lane: when it ran, was ready, and waited.",
    "loop": "Here are the ready queue, the timers, and what waits for I/O.",
    "source": "The code that runs is shown here, with a mark at each line where a task waits.",
    "activity": "Everything that happens is listed here.",
    "findings": "Bugs that the rules prove are listed here, each with its cause and how to mend it.",
}
"""What each pane will show when something has run, by the pane's id."""


class Stage(StageRoom):
    """The panes that show one run, all at once, or one at a time with tabs."""

    DEFAULT_CSS = """
    Stage {
        width: 1fr;
        height: 100%;
        PaneTabs, #gauges, #middle, #findings { display: none; }
        #tasks, #lower { height: 1fr; }
        #timeline, #loop, #log, #findings { width: 1fr; height: 100%; }
        &.-beside #loop { width: 45%; }
        #source { width: 55%; height: 100%; scrollbar-size-horizontal: 0; }
        &.-single #source { width: 1fr; }
        &.-past TaskView, &.-past QueuesView, &.-past SourceView, &.-past ActivityLog, &.-past FindingsView {
            border: dashed $state-frame;
            &:focus { border: dashed $state-accent; }
        }
        &.-mistake #concept { border: round $state-cancelled; border-title-color: $state-cancelled; }
    }
    """

    moment: Moment | None = None
    """The moment of the past that is shown; None for the present."""
    _record = NO_RECORD

    def show_program(self, name: str, path: str, text: str, line: int | None = None) -> None:
        """Show the code of another program, from `line` or else from its first line of code.

        `path` must be the path that tasks have for the file.
        """
        if name != self._program:
            self._program, self._most_tasks, self._most_of_the_loop = name, 0, 0
        self.source.show_source(path, text, line=line)

    def fill_empty_panes(self, key: str, *, has_run: bool) -> None:
        """Set the texts of empty panes: what they will show, and the key that runs the program, if there is one."""
        for pane, promise in PROMISES.items():
            said = f"Press {key} to run this. {promise}" if key else "" if has_run else promise
            self.query_one(f"#{pane}", LineView).set_hint(said if key else self.said_of_nothing.get(pane, said))

    def describe(self, lesson: LessonText, *, is_mistake: bool = False) -> None:
        """Show the lesson of the program, in another colour while a mistake is switched on."""
        self._shows_mistake = is_mistake
        self.set_class(is_mistake, "-mistake")
        self.concept.show_lesson(lesson)

    @property
    def said_of_nothing(self) -> Mapping[str, str]:
        """The texts of panes that are empty although something has run, by the pane's id."""
        return {"findings": NOTHING}

    @property
    def task_views(self) -> tuple[TaskView, ...]:
        """The views with a cursor on a task."""
        return (self.tasks, self.timeline, self.loop)

    @property
    def chosen_from(self) -> tuple[TaskView | FindingsView, ...]:
        """The views whose keys act on the line under their cursor."""
        return (*self.task_views, self.findings)

    @property
    def has_too_many_tasks(self) -> bool:
        """Whether the views don't have room for all tasks, and could hide ended ones."""
        return any(view.has_too_many for view in (self.tasks, self.timeline) if self.is_seen(view.id or ""))

    def paint(self, record: Record) -> None:
        """Update all panes. Each repaints only what changed."""
        if record is not self._record:
            self.turn_to(record)
        state, now = record.state, record.now
        # The layout depends only on the present, so that panes don't move while the user views past moments.
        self._gauge_lines = lines_of_queues(record.present)
        self._most_tasks = max(self._most_tasks, len(record.present.tasks))
        self._share_the_room()
        self.tasks.show(state, now)
        self.activity.show(state, now, is_past=record.is_past, goes_on=record.source.is_running)
        self._show_findings(record)
        self._show_the_middle()
        for focused in self.task_views:
            if focused.has_focus:
                focused.begin_somewhere()
        self.source.show(state, now, record.next_task)
        blocked = latest_blocks(state)
        self.concept.show_clock(clock_of(record), blocked)
        self.tabs.show_block(("",) if self.concept.display else blocked)
        self.moment = moment_of(record)
        self.set_class(self.moment is not None, "-past")
        if self.moment is None:
            self.source.point_at(None)

    def turn_to(self, record: Record, task: int | None = None) -> None:
        """Show another run from the next paint on, and select a task of it."""
        self._record = record
        self.select(task)

    def point_at(self, place: Place) -> None:
        """Mark and show a line of code, until another task is selected or the present is viewed again."""
        self.source.point_at(place)

    def _show_findings(self, record: Record) -> None:
        """Show the findings about the whole run, whatever moment is being viewed."""
        found = record.findings.found
        self.findings.show(record.findings.bugs, record.present, partial(evidence_of, record), record.findings.left_out)
        self.tabs.show(self.front, self._tabs())
        for view in self.task_views:
            view.show_found(frozenset(each.finding.task for each in found if not each.is_over) - {None})

    def _show_the_middle(self) -> None:
        """Update only visible panes. With thousands of tasks, the others would take half of a frame's time."""
        record = self._record
        state, now = record.state, record.now
        if self.is_seen("gauges"):
            self.gauges.show(state, now)
        if self.is_seen("loop"):
            self.loop.show(state, now, record.next_task)
        if self.is_seen("timeline"):
            self.timeline.show(state, record.timeline, record.source.now, now if record.is_past else None)

    @on(TaskSelected)
    def select_task(self, event: TaskSelected) -> None:
        """Select the task in all panes."""
        self.select(event.task)

    def select(self, task: int | None) -> None:
        """Select a task in all panes."""
        for view in self.task_views:
            view.select(task)
        self.source.select(task)

    def selected_text(self, pane: str) -> str:
        """The line under a pane's cursor; the whole text of a pane without a cursor; empty if there is no such pane."""
        return self.query_one(f"#{pane}", LineView).text_to_copy() if pane in self.panes else ""
