"""Shows a table of all tasks with their states, waits and progress, in the columns that fit."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from functools import lru_cache

from asynclab.model.progress_bars import bar_of
from asynclab.model.state import LabState
from asynclab.model.task_tree import TaskRow
from asynclab.model.tasks import StateWord, TaskState
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.model.wording.grammar import fitting
from asynclab.widgets.spans import Line, bar, joined, left, left_cut_end, pulse, right
from asynclab.widgets.state_reasons import reason
from asynclab.widgets.task_view import TaskTreeView

COUNTED: tuple[StateWord, ...] = ("running", "ready", "waiting", "done", "failed", "cancelled")
"""The states in the order in which the summary counts their tasks."""


class TaskTable(TaskTreeView):
    """The tasks of a lab, one per row, with children below their parents."""

    BORDER_TITLE = "Tasks"
    HEADER_HEIGHT = 1
    _now = 0.0

    def show(self, state: LabState, now: float) -> None:
        """Show a lab at lab time `now`, in seconds."""
        if not self.is_news(id(state), state.version, now):
            return
        self._state, self._now = state, now
        self.place_cursor()
        self.repaint()

    def summary(self) -> Line:
        """The number of tasks in each state, such as "1 ready · 2 waiting · 1 done", and of tasks without a row."""
        state = self._state
        counts = [((f"{state.counts[word]:,} {word}", "past"),) for word in COUNTED if state.counts.get(word)]
        if state.dropped.tasks:
            counts.append(((f"{state.dropped.tasks:,} dropped", "past"),))
        if len(self._rows) < len(state.tasks):
            counts.append(((f"{len(state.tasks) - len(self._rows):,} not listed", "past"),))
        return joined(counts)

    def repaint(self) -> None:
        self.set_subtitle(self.summary())
        super().repaint()

    def tasks_in_sight(self) -> list[int]:
        """The numbers of the tasks in sight, from the top."""
        top = self.scroll_offset.y
        return [row.task for row in self._rows[top : top + self.page_height]]

    def text_to_copy(self) -> str:
        """The row under the cursor; empty without a cursor."""
        return "" if self.cursor is None else self.line_text(self.cursor)

    def compose_header(self, width: int) -> Line:
        return header(columns_for(width))

    def compose_line(self, index: int, width: int) -> Line:
        row = self._rows[index]
        task = self._state.tasks[row.task]
        return (self.mark(index), *cells(row, task, self._state, self._now, columns_for(width)))


@dataclass(frozen=True, slots=True)
class TaskColumns:
    """The width in cells of each column, including the gap after it; 0 if the column is left out."""

    task: int
    state: int
    waiting: int
    bar: int
    figure: int
    busy: int
    steps: int


LEAST: tuple[tuple[int, TaskColumns], ...] = (
    (82, TaskColumns(14, 12, 19, 7, 10, 12, 7)),
    (69, TaskColumns(14, 12, 18, 6, 10, 0, 7)),
    (62, TaskColumns(14, 12, 15, 9, 10, 0, 0)),
    (55, TaskColumns(13, 12, 13, 7, 9, 0, 0)),
    (45, TaskColumns(11, 12, 12, 0, 9, 0, 0)),
    (35, TaskColumns(10, 12, 12, 0, 0, 0, 0)),
    (26, TaskColumns(13, 12, 0, 0, 0, 0, 0)),
    (0, TaskColumns(0, 2, 0, 0, 0, 0, 0)),
)
"""The least widths of the columns, by the width of the table. The least important columns are left out first."""


WIDEST_BAR = 40
"""The most cells of the progress bar. Further cells go to the text of what a task waits for."""


@lru_cache(maxsize=32)
def columns_for(width: int) -> TaskColumns:
    """The columns that fit into `width` cells.

    They depend only on the width, so that they never move when tasks change.
    """
    least = next((columns for wanted, columns in LEAST if width >= wanted), LEAST[-1][1])
    spare = width - 1 - sum(astuple(least))
    task = min(18, spare * 3 // 10) if least.waiting else spare
    bar = min(WIDEST_BAR - least.bar, spare - task - spare * 4 // 10) if least.bar else 0
    waiting = spare - task - bar
    return replace(least, task=least.task + task, waiting=least.waiting + waiting, bar=least.bar + bar)


def header(columns: TaskColumns) -> Line:
    """The names of the columns."""
    text = "".join(
        (
            " ",
            left_cut_end("task", columns.task),
            left_cut_end("state" if columns.state > 2 else "", columns.state),
            left_cut_end("waiting for", columns.waiting),
            left_cut_end("progress", columns.bar + columns.figure),
            right("busy", columns.busy),
            right("steps", columns.steps),
        )
    )
    return ((text, "past"),)


def cells(row: TaskRow, task: TaskState, state: LabState, now: float, columns: TaskColumns) -> Line:
    """The row of a task at lab time `now`, in seconds, without the mark of the cursor."""
    quiet = "past" if task.has_ended else ""
    guide = row.guide[-(columns.task // 2 // 2 * 2) :]
    name = left(state.task_name(task.id), columns.task - 1 - len(guide))
    word = f"{GLYPHS[task.state]} {task.state}"
    fraction, forms = bar_of(task, state, now)
    figure = fitting(forms, columns.figure - 1)
    return (
        (guide, "past"),
        (f"{name} ", quiet),
        (left_cut_end(word if columns.state > 2 else word[0], columns.state), task.state),
        (_padded(reason(task, state, columns.waiting - 1) if columns.waiting else "", columns.waiting), quiet),
        *_bar(fraction, task, state, now, max(0, columns.bar - 1)),
        (_figure(figure, columns), task.state if figure != task.state else "past"),
        (_numbers(task, columns), "past"),
    )


def _bar(fraction: float | None, task: TaskState, state: LabState, now: float, width: int) -> Line:
    """A bar for the task's progress. If that is unknown, a piece of the bar moves while something may wake the task."""
    nothing_wakes_it = state.is_stuck or state.is_stranded(task.id, task.since)
    if fraction is None and task.state == "waiting" and not nothing_wakes_it:
        return pulse(now - task.since, width, task.state)
    return bar(fraction, width, task.state)


def _figure(figure: str, columns: TaskColumns) -> str:
    gap = " " if columns.bar else ""
    return f"{gap}{_padded(figure, columns.figure)}"


def _numbers(task: TaskState, columns: TaskColumns) -> str:
    busy = right(_busy(task.running_seconds), columns.busy) if columns.busy else ""
    return f"{busy}{right(_count(task.steps), columns.steps)}" if columns.steps else busy


def _busy(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 100 else f"{seconds:.2f} s"


def _count(steps: int) -> str:
    return str(steps) if steps < 1_000_000 else f"{steps / 1_000_000:.1f}M"


def _padded(text: str, width: int) -> str:
    """The text in a column of `width` cells, the last of which is blank."""
    return f"{left_cut_end(text, width - 1)} " if width else ""
