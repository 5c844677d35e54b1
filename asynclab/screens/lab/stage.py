"""The stage: all views of one run, from lesson and tasks to code and activity."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.css.scalar import Scalar
from textual.getters import query_one
from textual.widget import Widget

from asynclab.model.state import LabState
from asynclab.model.tasks import Place
from asynclab.screens.lab.evidence import evidence_of
from asynclab.screens.lab.filtered import Filtered
from asynclab.screens.lab.layout import (
    BESIDE_CODE,
    FRAME,
    LEAST_FINDINGS,
    LEAST_MIDDLE,
    LEAST_TASKS,
    LOWEST,
    MIDDLE,
    STAGE_PANES,
    Needs,
    shares,
    shown,
    turns,
)
from asynclab.screens.lab.pane_tabs import PaneTabs
from asynclab.screens.lab.record_readings import looked_at, moment_of, reading_of
from asynclab.screens.lab.run_record import Record
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.widgets.activity_log import ActivityLog
from asynclab.widgets.findings_view import NOTHING, FindingsView
from asynclab.widgets.gauges import Gauges, lines_of_gauges
from asynclab.widgets.lesson_pane import Lesson, LessonPane
from asynclab.widgets.line_view import LineView
from asynclab.widgets.loop_view import LoopView
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.past_banner import Moment
from asynclab.widgets.source_view import SourceView
from asynclab.widgets.task_table import TaskTable
from asynclab.widgets.task_view import TaskView
from asynclab.widgets.timeline import TimelineView

PROMISES = {
    "tasks": "Each task gets a row: its state, what it waits for, and how far it is.",
    "timeline": "Each task gets a lane: when it ran, was ready, and waited.",
    "loop": "Here are the ready queue, the timers, and what waits for I/O.",
    "activity": "Everything that happens is listed here.",
    "findings": "Bugs that the rules prove are listed here, each with its cause and how to mend it.",
}
"""What a pane shows once something has run, by its id."""

LESSON_PERCENT = 30
"""The largest share of the stage's height for the lesson."""

LESSON_ABOVE_A_PANE = 4
"""The most lines of the lesson, with its frame, where one pane shows at a time."""


class Stage(Vertical):
    """The views of one run: all panes at once, or one at a time behind tabs."""

    DEFAULT_CSS = """
    Stage {
        width: 1fr;
        height: 100%;
        PaneTabs { display: none; }
        #tasks { height: 1fr; }
        #gauges, #middle, #timeline, #loop { display: none; }
        #timeline { width: 1fr; height: 100%; }
        #loop { width: 1fr; height: 100%; }
        #lower { height: 1fr; }
        #source { width: 55%; height: 100%; scrollbar-size-horizontal: 0; }
        #log { width: 1fr; height: 100%; }
        #findings { width: 1fr; height: 100%; display: none; }
        &.-shows-findings #findings { display: block; }
        &.-shows-findings #log { display: none; }
        &.-past TaskView, &.-past Gauges, &.-past SourceView, &.-past ActivityLog, &.-past FindingsView {
            border: dashed $state-frame;
            &:focus { border: dashed $state-accent; }
        }
        &.-shows-gauges #gauges { display: block; }
        &.-shows-timeline #middle, &.-shows-timeline #timeline { display: block; }
        &.-shows-loop #middle, &.-shows-loop #loop { display: block; }
        &.-shows-timeline.-shows-loop #loop { width: 45%; }
        &.-mistake #concept { border: round $state-cancelled; border-title-color: $state-cancelled; }
        &.-single {
            PaneTabs { display: block; }
            #tasks, #gauges, #middle, #timeline, #loop, #lower { display: none; height: 1fr; }
            #loop { width: 1fr; }
            #source { width: 1fr; }
            &.-front-tasks #tasks { display: block; }
            &.-front-gauges #gauges, &.-gauges-below #gauges { display: block; }
            &.-front-timeline #middle, &.-front-timeline #timeline { display: block; }
            &.-front-loop #middle, &.-front-loop #loop { display: block; }
            &.-front-source #lower { display: block; }
            &.-front-source #log { display: none; }
            &.-front-activity #lower { display: block; }
            &.-front-activity #source { display: none; }
            &.-front-findings #lower, &.-front-findings #findings { display: block; }
            &.-front-findings #source, &.-front-findings #log { display: none; }
            &.-front-concept #concept { height: 1fr; }
        }
    }
    """

    concept = query_one(LessonPane)
    tabs = query_one(PaneTabs)
    tasks = query_one(TaskTable)
    timeline = query_one(TimelineView)
    gauges = query_one(Gauges)
    loop = query_one(LoopView)
    source = query_one(SourceView)
    log_pane = query_one(Filtered)
    activity = query_one(ActivityLog)
    findings = query_one(FindingsView)

    panes: ClassVar[Mapping[str, str]] = STAGE_PANES
    """The ids of its panes, and what the tabs call them."""
    said_of_nothing: ClassVar[Mapping[str, str]] = MappingProxyType({"findings": NOTHING})
    """What a pane says where something has run and it has nothing to show."""
    lines_below: int = 0
    """The lines that a subclass needs below the panes where all of them show."""

    def __init__(
        self, *, files: SourceFiles | None = None, in_the_middle: str | None = None, id: str | None = None
    ) -> None:
        """Make the views, which read files by `files`, or else from the disk.

        `in_the_middle` is the pane that starts in the middle row; None stands for the one with most to show.
        """
        super().__init__(id=id)
        self._files = files or SourceFiles()
        self.front = "tasks"
        """The id of the pane that shows where one shows at a time."""
        self.is_single = False
        """Whether one pane shows at a time."""
        self.moment: Moment | None = None
        """The moment of the past that is shown; None for the present."""
        self._record: Record | None = None
        self._gauge_lines = 0
        """Lines that queues, locks and deadlines take."""
        self._most_tasks = 0
        """The most tasks that this program has had so far."""
        self._most_of_the_loop = 0
        """The most lines that its event loop has taken so far."""
        self._wishes: dict[str, str] = {}
        """The pane that the user chose for the middle row, by the name of the program."""
        self._beside_code: dict[str, str] = {}
        """The pane that the user chose to see beside the code, by the name of the program."""
        self._shows_mistake = False
        """Whether a mistake is switched on."""
        self._program = ""
        """The name of what runs in the lab."""
        self._first_wish = in_the_middle
        """The pane in the middle row until the user chooses."""

    def compose(self) -> ComposeResult:
        """The panes from top to bottom."""
        # Above the lesson, so that a long one, or another demo's, moves no tab.
        yield PaneTabs(self.panes)
        yield LessonPane(id="concept")
        yield TaskTable(id="tasks")
        yield Gauges(id="gauges")
        with Horizontal(id="middle"):
            yield TimelineView(id="timeline")
            yield LoopView(id="loop")
        with Horizontal(id="lower"):
            yield SourceView(self._files, id="source")
            activity = ActivityLog(id="activity")
            yield Filtered(activity, "lines", activity.set_filter, id="log")
            yield FindingsView(id="findings")

    def on_mount(self) -> None:
        """Let keys scroll a long lesson."""
        self.concept.can_focus = True

    def show_program(self, name: str, path: str, text: str, line: int | None = None) -> None:
        """Show the code of another program, by default from its first line of code, and divide the room again.

        `path` is the path of its file as its tasks report it.
        """
        if name != self._program:
            self._program, self._most_tasks, self._most_of_the_loop = name, 0, 0
        self.source.show_source(path, text, line=line)

    def say_how_to_begin(self, key: str) -> None:
        """Say in the empty panes what will be there once `key` has run the program; no key if it has run."""
        for pane, promise in PROMISES.items():
            view = self.query_one(f"#{pane}", LineView)
            view.set_hint(f"Press {key} to run this. {promise}" if key else self.said_of_nothing.get(pane, ""))

    def describe(self, lesson: Lesson, *, is_mistake: bool = False) -> None:
        """Show the lesson of what runs, in other colours while a mistake is switched on."""
        self._shows_mistake = is_mistake
        self.set_class(is_mistake, "-mistake")
        self.concept.show_lesson(lesson)

    @property
    def task_views(self) -> tuple[TaskView, ...]:
        """The views with a cursor on a task."""
        return (self.tasks, self.timeline, self.loop)

    @property
    def chosen_from(self) -> tuple[TaskView | FindingsView, ...]:
        """The views whose keys act on the line under their cursor."""
        return (*self.task_views, self.findings)

    @property
    def shown_panes(self) -> frozenset[str]:
        """The ids of the panes that show where one at a time is not enough; without demos and lesson."""
        width, height = self.size.width, self._height
        middle = shown(
            width, height, has_gauges=self._gauge_lines > 0, chosen=self._wishes.get(self._program, self._first_wish)
        )
        return (middle if self._has_middle else frozenset()) | {"tasks", "source", self._pane_beside_code}

    @property
    def has_turns(self) -> bool:
        """Whether panes take turns in the middle row."""
        return not self.is_single and len(self._turns()) > 1

    def show_next_in_the_middle(self) -> None:
        """Show the next of the panes that take turns in the middle row."""
        if not self._has_middle:
            self._beside_code[self._program] = "activity"
        waiting = self._turns()
        front = next((pane for pane in waiting if pane in self.shown_panes), waiting[-1])
        self._wishes[self._program] = waiting[(waiting.index(front) + 1) % len(waiting)]
        self._share_the_room()
        self._show_the_middle()

    def paint(self, record: Record | None) -> None:
        """Bring every view up to date with a run, or with none; each repaints only what changed."""
        if record is not self._record:
            self.turn_to(record)
        state, now = looked_at(record)
        # Of the present, whatever moment is shown, so that nothing jumps on the way through the past.
        present = LabState() if record is None else record.present
        self._gauge_lines = lines_of_gauges(present)
        self._most_tasks = max(self._most_tasks, len(present.tasks))
        self._share_the_room()
        self.tasks.show(state, now)
        self.activity.show(state, now, is_past=record is not None and record.is_past)
        self._show_findings(record)
        self._show_the_middle()
        for focused in self.task_views:
            if focused.has_focus:
                focused.begin_somewhere()
        self.source.show(state, now, None if record is None else record.next_task)
        reading = None if record is None else reading_of(record)
        self.concept.show_clock(reading)
        self.tabs.show_block(("",) if reading is None or self.concept.display else reading.blocked)
        self.moment = None if record is None else moment_of(record)
        self.set_class(self.moment is not None, "-past")
        if self.moment is None:
            self.source.point_at(None)

    def turn_to(self, record: Record | None, task: int | None = None) -> None:
        """Show another run, or none, from the next paint on, and select one of its tasks."""
        self._record = record
        self.select(task)

    def point_at(self, place: Place) -> None:
        """Show a line of code, until another task is selected or the present is shown again."""
        self.source.point_at(place)

    def _show_findings(self, record: Record | None) -> None:
        """Show what was found in the run, whatever moment is shown: it leads to others."""
        if record is None:
            self.findings.show((), None, lambda _: ())
        else:
            findings = record.findings
            self.findings.show(findings.found, record.present, partial(evidence_of, record), findings.left_out)
        self.tabs.show(self.front, self._tabs())
        found = () if record is None else record.findings.found
        for view in self.task_views:
            view.show_found(frozenset(each.finding.task for each in found if not each.is_over) - {None})

    @property
    def _has_middle(self) -> bool:
        """Whether there is room for the row in the middle: findings come first, since they are to be read."""
        rest = self._height - 2 - self._lines_of_lesson - LEAST_TASKS - LEAST_MIDDLE
        return self._pane_beside_code != "findings" or rest >= LEAST_FINDINGS

    @property
    def _lines_of_lesson(self) -> int:
        return self.concept.lines_in(self._height * LESSON_PERCENT // 100 - FRAME) + FRAME

    @property
    def _pane_beside_code(self) -> str:
        """The pane that the user chose; else a mistake's findings, once there are any, as they are what it shows."""
        has_lesson = self._shows_mistake and self.findings.selected is not None
        return self._beside_code.get(self._program, "findings" if has_lesson else "activity")

    def _tabs(self) -> dict[str, str]:
        """What the tabs call the panes; findings have one where there are any, or where they are in front."""
        is_empty = self.findings.selected is None and self.front != "findings"
        return {pane: name for pane, name in self.panes.items() if pane != "findings" or not is_empty}

    def _show_the_middle(self) -> None:
        """Bring only visible panes up to date: with thousands of tasks, the others would take half a frame."""
        record = self._record
        state, now = looked_at(record)
        if self._is_seen("gauges"):
            self.gauges.show(state, now)
        if self._is_seen("loop"):
            self.loop.show(state, now, None if record is None else record.next_task)
        if self._is_seen("timeline") and record is None:
            self.timeline.show(None, None, 0.0)
        elif self._is_seen("timeline") and record is not None:
            self.timeline.show(state, record.timeline, record.source.now, now if record.is_past else None)

    def _is_seen(self, pane: str) -> bool:
        if not self.is_single:
            return pane in self.shown_panes
        return pane == self.front or (pane == "gauges" and self.has_class("-gauges-below"))

    def lay_out(self, front: str, *, is_single: bool) -> None:
        """Show all panes, or only the one in front."""
        self.front, self.is_single = front, is_single
        if front in BESIDE_CODE:
            self._beside_code[self._program] = front
        self.tabs.show(front, self._tabs())
        self._share_the_room()
        self._show_the_middle()

    @on(TaskSelected)
    def select_task(self, event: TaskSelected) -> None:
        """Select the task in all panes."""
        self.select(event.task)

    def select(self, task: int | None) -> None:
        """Select a task in every pane."""
        for view in self.task_views:
            view.select(task)
        self.source.select(task)

    def selected_text(self, pane: str) -> str:
        """The selected text of a pane, by its id; all of its text where it has no cursor; empty for no pane."""
        return self.query_one(f"#{pane}", LineView).text_to_copy() if pane in self.panes else ""

    @property
    def _height(self) -> int:
        """The lines of a screen that has no more than the panes of every stage."""
        return self.screen.size.height - (0 if self.is_single else self.lines_below)

    def _turns(self) -> tuple[str, ...]:
        return turns(self.size.width, self._height, has_gauges=self._gauge_lines > 0)

    def _share_the_room(self) -> None:
        """Show the panes whose turn it is, and divide the lines among them."""
        height, panes = self._height, self.shown_panes
        is_below = self.front == "tasks" and self._gauge_lines > 0 and height >= LOWEST
        # Not "-shows" beside "-single": which of both rules counts would depend on the depth of a subclass.
        shows = {f"-shows-{pane}": pane in panes and not self.is_single for pane in (*MIDDLE, "findings")}
        fronts = {f"-front-{pane}": pane == self.front for pane in self.panes}
        # All at once: Textual matches every rule with every part of the stage anew after each change.
        self.update_classes({"-single": self.is_single, "-gauges-below": is_below} | shows | fronts)
        if "loop" in panes:
            self._most_of_the_loop = max(self._most_of_the_loop, self.loop.line_count())
        lesson = self._lines_of_lesson
        needs = Needs(lesson, self._most_tasks, self._gauge_lines, self._most_of_the_loop)
        share = shares(height, needs, panes)
        self._limit_the_lesson(lesson)
        self._set_height(self.tasks, share.tasks)
        self._set_height(self.gauges, share.gauges, stays=is_below)
        self._set_height(self.query_one("#middle"), share.middle)

    def _limit_the_lesson(self, lines: int) -> None:
        """Give the lesson at most this many lines, or few where one pane shows at a time; all where that is its own."""
        limit = str(LESSON_ABOVE_A_PANE if self.is_single else lines)
        if self.is_single and self.front == "concept":
            limit = "100%"
        if self.concept.styles.max_height != Scalar.parse(limit):
            self.concept.styles.max_height = limit

    def _set_height(self, pane: Widget, lines: int, *, stays: bool = False) -> None:
        """Give a pane this many lines; all of them where it shows alone, unless it keeps its height."""
        wanted = "1fr" if self.is_single and not stays else str(lines)
        if pane.styles.height != Scalar.parse(wanted):
            pane.styles.height = wanted
