"""Shows all tasks: state, wait and progress of each."""

from __future__ import annotations

from asynclab.model.state import LabState
from asynclab.model.tasks import StateWord
from asynclab.widgets.lines import Line, joined
from asynclab.widgets.task_columns import cells, columns_for, header
from asynclab.widgets.task_view import TaskTreeView

COUNTED: tuple[StateWord, ...] = ("running", "ready", "waiting", "done", "failed", "cancelled")
"""The states in the order in which they are counted."""


class TaskTable(TaskTreeView):
    """The tasks of a lab, children under their parents."""

    BORDER_TITLE = "Tasks"
    HEADER_HEIGHT = 1
    _now = 0.0

    def show(self, state: LabState, now: float) -> None:
        """Show a lab at a lab time, in seconds, and repaint the lines that changed."""
        if not self.is_news(id(state), state.version, now):
            return
        self._state, self._now = state, now
        self.place_cursor()
        self.repaint()

    def summary(self) -> Line:
        """How many tasks are in each state, such as "1 ready · 2 waiting · 1 done", and how many have no row."""
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
        """The ids of the tasks in sight, from the top."""
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
