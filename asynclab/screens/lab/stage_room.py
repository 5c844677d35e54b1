"""Lays out the panes of a stage: chooses which are shown, and how many lines each gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.css.scalar import Scalar
from textual.getters import query_one
from textual.widget import Widget

from asynclab.screens.lab.filtered_view import Filtered
from asynclab.screens.lab.layout import (
    BESIDE_CODE,
    FRAME,
    LEAST_BELOW,
    LEAST_FINDINGS,
    LEAST_MIDDLE,
    LEAST_TASKS,
    LOWEST,
    OTHER_LINES,
    SCANTY,
    STAGE_PANES,
    lines_above,
    lines_of_gauges,
    lines_of_tasks,
    shares,
    shown,
    turns,
)
from asynclab.screens.lab.pane_tabs import PaneTabs
from asynclab.screens.lab.source_files import SourceFiles
from asynclab.widgets.activity_log import ActivityLog
from asynclab.widgets.findings_view import FindingsView
from asynclab.widgets.lesson_pane import LessonPane
from asynclab.widgets.loop_view import LoopView
from asynclab.widgets.queues_view import QueuesView
from asynclab.widgets.source_view import SourceView
from asynclab.widgets.task_table import TaskTable
from asynclab.widgets.timeline import TimelineView

LESSON_PERCENT = 30
"""The most lines of the lesson, in percent of the stage's height."""


class StageRoom(Vertical):
    """The panes of a stage, and their layout."""

    concept = query_one(LessonPane)
    tabs = query_one(PaneTabs)
    tasks = query_one(TaskTable)
    timeline = query_one(TimelineView)
    gauges = query_one(QueuesView)
    loop = query_one(LoopView)
    source = query_one(SourceView)
    log_pane = query_one(Filtered)
    activity = query_one(ActivityLog)
    findings = query_one(FindingsView)
    middle = query_one("#middle", Horizontal)
    lower = query_one("#lower", Horizontal)

    panes: ClassVar[Mapping[str, str]] = STAGE_PANES
    """The ids of the panes, and their names on tabs."""
    lines_below: int = 0
    """The lines that a subclass needs below the panes if all panes are shown."""

    def __init__(
        self,
        *,
        files: SourceFiles | None = None,
        in_the_middle: str | None = None,
        keeps_ended: bool = True,
        id: str | None = None,
    ) -> None:
        """Make the panes. They read source files by `files`, or else from the disk.

        `in_the_middle` is the pane that is first in the middle row; by default queues, or the timeline without queues.
        `keeps_ended` is whether ended tasks are listed even if not all tasks fit.
        """
        super().__init__(id=id)
        self.keeps_ended = keeps_ended
        self._files = files or SourceFiles()
        self.front = "tasks"
        """The id of the pane in front, if one pane is shown at a time."""
        self.is_single = False
        """Whether one pane is shown at a time."""
        self.is_zoomed = False
        """Whether that pane has the whole screen, without lesson and queues."""
        self._gauge_lines = 0
        """Lines that queues, locks and deadlines need."""
        self._most_tasks = 0
        """The most tasks that this program has had so far."""
        self._most_of_the_loop = 0
        """The most lines that the view of its event loop has needed so far."""
        self._wishes: dict[str, str] = {}
        """The pane that the user chose for the middle row, by the name of the program."""
        self._beside_code: dict[str, str] = {}
        """The pane that the user chose for the place beside the code, by the name of the program."""
        self._shows_mistake = False
        """Whether a mistake is switched on."""
        self._program = ""
        """The name of the program on the stage."""
        self._first_wish = in_the_middle
        """The pane in the middle row until the user chooses."""

    def compose(self) -> ComposeResult:
        # The tabs are above the lesson, so that they don't move when its height changes.
        yield PaneTabs(self.panes)
        yield LessonPane(id="concept")
        yield TaskTable(id="tasks")
        yield QueuesView(id="gauges")
        with Horizontal(id="middle"):
            yield TimelineView(id="timeline")
            yield LoopView(id="loop")
        with Horizontal(id="lower"):
            yield SourceView(self._files, id="source")
            yield Filtered(ActivityLog(id="activity"), "lines", self.filter, id="log")
            yield FindingsView(id="findings")

    def on_mount(self) -> None:
        """Allow the lesson to have the focus, so that keys scroll it."""
        self.concept.can_focus = True
        self.keep_ended(self.keeps_ended)

    def keep_ended(self, keeps: bool) -> None:
        """Set whether ended tasks are listed even if not all tasks fit."""
        self.keeps_ended = keeps
        for view in (self.tasks, self.timeline):
            view.keep_ended(keeps)

    def filter(self, text: str) -> None:
        """Show only lines of the activity log that contain a text, and only tasks whose names contain it, if any do."""
        for view in (self.activity, self.tasks, self.timeline):
            view.set_filter(text)

    @property
    def shown_panes(self) -> frozenset[str]:
        """The ids of the panes to show if there is room for several, without the lesson."""
        width, height = self.size.width, self._height
        middle = shown(
            width, height, has_gauges=self._gauge_lines > 0, chosen=self._wishes.get(self._program, self._first_wish)
        )
        return (middle if self._has_middle else frozenset()) | {"tasks", "source", self._pane_beside_code}

    @property
    def has_turns(self) -> bool:
        """Whether several panes share one place in the middle row."""
        return not self.is_single and len(self._turns()) > 1

    def show_next_in_the_middle(self) -> None:
        """Show the next of the panes that share one place in the middle row."""
        if not self._has_middle:
            self._beside_code[self._program] = "activity"
        waiting = self._turns()
        front = next((pane for pane in waiting if pane in self.shown_panes), waiting[-1])
        self._wishes[self._program] = waiting[(waiting.index(front) + 1) % len(waiting)]
        self._share_the_room()
        self._show_the_middle()

    def lay_out(self, front: str, *, is_single: bool) -> None:
        """Show all panes, or only the one in front."""
        self.front, self.is_single = front, is_single
        if front in BESIDE_CODE:
            self._beside_code[self._program] = front
        self.tabs.show(front, self._tabs())
        self._share_the_room()
        self._show_the_middle()

    def _show_the_middle(self) -> None:
        """Update the panes in the middle row."""
        raise NotImplementedError

    @property
    def _has_middle(self) -> bool:
        """Whether there is room for the middle row. If findings are beside the code, they have priority."""
        tasks = max(SCANTY, min(LEAST_TASKS, lines_of_tasks(self._most_tasks)))
        middle = lines_of_gauges(self._height, self._gauge_lines) if self._gauge_lines else LEAST_MIDDLE
        rest = self._height - 2 - self._lines_of_lesson - tasks - middle
        return self._pane_beside_code != "findings" or rest >= LEAST_FINDINGS

    @property
    def _lines_of_lesson(self) -> int:
        """The lines of the lesson, with its frame."""
        lines = self.concept.lines_in(self._height * LESSON_PERCENT // 100 - FRAME)
        if not self.is_single:
            return lines + FRAME
        gauges = lines_of_gauges(self._height, self._gauge_lines) if self._has_gauges_below else 0
        wanted = max(lines, self.concept.lines_to_watch) + FRAME
        return lines_above(self._height, self.front, lesson=wanted, tasks=self._most_tasks, gauges=gauges)

    @property
    def _pane_beside_code(self) -> str:
        """The pane beside the code: the user's choice, or the activity log, or if a demo's mistake is on, findings."""
        has_lesson = self._shows_mistake and self.findings.selected is not None
        return self._beside_code.get(self._program, "findings" if has_lesson else "activity")

    def _tabs(self) -> dict[str, str]:
        """The name of each pane's tab. Findings have a tab if there are any, or if their pane is in front."""
        is_empty = self.findings.selected is None and self.front != "findings"
        return {pane: name for pane, name in self.panes.items() if pane != "findings" or not is_empty}

    def is_seen(self, pane: str) -> bool:
        """Whether a pane is shown."""
        if pane == "concept":
            return not self.is_zoomed or self.front == "concept"
        if not self.is_single:
            return pane in self.shown_panes
        if pane == "gauges" and self._has_gauges_below:
            return True
        return pane == self.front or (pane == self._pane_beside_code and self._has_more_below)

    @property
    def _has_gauges_below(self) -> bool:
        """Whether queues are shown below the tasks, while one pane is shown at a time."""
        return self._is_single_in_front("tasks") and self._gauge_lines > 0 and self._height >= LOWEST

    @property
    def _has_more_below(self) -> bool:
        """Whether activity or findings are shown below the tasks or the timeline, in lines that are free."""
        if not self._is_single_in_front("tasks", "timeline") or not self._most_tasks:
            return False
        gauges = lines_of_gauges(self._height, self._gauge_lines) if self._has_gauges_below else 0
        rest = self._height - OTHER_LINES - self._lines_of_lesson - lines_of_tasks(self._most_tasks) - gauges
        return rest >= LEAST_BELOW

    def _is_single_in_front(self, *panes: str) -> bool:
        """Whether one of these panes is the only one shown, below the lesson."""
        return self.is_single and self.front in panes and not self.is_zoomed

    @property
    def _height(self) -> int:
        """The lines of the screen, without those that a subclass needs."""
        return self.screen.size.height - (0 if self.is_single else self.lines_below)

    def _turns(self) -> tuple[str, ...]:
        return turns(self.size.width, self._height, has_gauges=self._gauge_lines > 0)

    def _share_the_room(self) -> None:
        """Show or hide the panes, and divide the lines among them."""
        panes = self.shown_panes
        seen = set(filter(self.is_seen, self.panes))
        for pane in self.panes:
            self.query_one("#log" if pane == "activity" else f"#{pane}").display = pane in seen
        self.tabs.display = self.is_single
        self.middle.display = not seen.isdisjoint(("timeline", "loop"))
        self.lower.display = not seen.isdisjoint(("source", *BESIDE_CODE))
        # In one call, because after each call Textual applies all CSS rules to all widgets of the stage.
        self.update_classes({"-single": self.is_single, "-beside": {"timeline", "loop"} <= seen})
        if "loop" in panes:
            self._most_of_the_loop = max(self._most_of_the_loop, self.loop.line_count())
        lesson = self._lines_of_lesson
        needs = {"tasks": self._most_tasks, "gauges": self._gauge_lines, "loop": self._most_of_the_loop}
        share = shares(self._height, panes, lesson=lesson, **needs)
        self._limit_the_lesson(lesson)
        has_more, needed = self._has_more_below, lines_of_tasks(self._most_tasks)
        self._set_height(self.tasks, needed if has_more else share.tasks, stays=has_more)
        self._set_height(self.gauges, share.gauges, stays=self._has_gauges_below)
        self._set_height(self.middle, needed if has_more else share.middle, stays=has_more)

    def _limit_the_lesson(self, lines: int) -> None:
        """Give the lesson at most this many lines, or the whole stage if it is in front."""
        is_alone = self.is_single and self.front == "concept"
        limit = "100%" if is_alone else str(lines)
        self.concept.styles.height = "1fr" if is_alone else "auto"
        if self.concept.styles.max_height != Scalar.parse(limit):
            self.concept.styles.max_height = limit

    def _set_height(self, pane: Widget, lines: int, *, stays: bool = False) -> None:
        """Give a pane this many lines. A pane shown alone fills the screen, unless `stays` keeps its height."""
        wanted = "1fr" if self.is_single and not stays else str(lines)
        if pane.styles.height != Scalar.parse(wanted):
            pane.styles.height = wanted
