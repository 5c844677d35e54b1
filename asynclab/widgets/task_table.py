"""Which tasks there are, what each does, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType

from asynclab.model.rows import TaskRow, TaskRows
from asynclab.model.state import LabState
from asynclab.model.tasks import StateWord
from asynclab.widgets.line_view import CursorView
from asynclab.widgets.lines import Line, joined
from asynclab.widgets.messages import TaskOpened, TaskSelected
from asynclab.widgets.task_columns import cells, columns_for, header

COUNTED: tuple[StateWord, ...] = ("running", "ready", "waiting", "done", "failed", "cancelled")
"""The states in the order in which they are counted."""


class TaskTable(CursorView):
    """The tasks of a lab, children under their parents; posts `TaskSelected`, and `TaskOpened` on enter."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Explain", show=False)]

    HEADER_HEIGHT = 1

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.border_title = "Tasks"
        self._state: LabState | None = None
        self._now = 0.0
        self._seen: tuple[int, float] | None = None
        self._selected: int | None = None
        self._filter = ""
        self._rows: Sequence[TaskRow] = ()

    @property
    def selected(self) -> int | None:
        """The id of the task that the cursor is on."""
        return self._selected

    @property
    def filter_text(self) -> str:
        """What a task's name or state has to contain; empty for every task."""
        return self._filter

    def show(self, state: LabState | None, now: float) -> None:
        """Show a lab at a lab time, in seconds; repaints only the lines that look different."""
        seen = None if state is None else (state.version, now)
        if state is self._state and seen == self._seen:
            return
        self._state, self._now, self._seen = state, now, seen
        self._update_rows()
        self.set_subtitle(self.summary())
        self.repaint()

    def select(self, task: int | None) -> None:
        """Put the cursor on a task, without telling anybody."""
        if task == self._selected:
            return
        self._selected = task
        self._place_cursor()
        if self.cursor is not None:
            self.scroll_to_line(self.cursor)
        self.repaint()

    def set_filter(self, text: str) -> None:
        """Keep the tasks whose name contains a text, in any case, or whose state is that word."""
        self._filter = text
        self._update_rows()
        self.set_subtitle(self.summary())
        self.repaint()

    def summary(self) -> Line:
        """How many tasks are in each state, such as "1 ready · 2 waiting · 1 done"."""
        state = self._state
        if state is None:
            return ()
        counts = [((f"{state.counts[word]} {word}", "past"),) for word in COUNTED if state.counts.get(word)]
        if state.dropped.tasks:
            counts.append(((f"{state.dropped.tasks} forgotten", "past"),))
        if self._filter:
            counts.append(((f"filtered: {self._filter}", "accent"),))
        return joined(counts)

    def tasks_in_sight(self) -> list[int]:
        """The ids of the tasks whose lines are in sight, from the top."""
        top = self.scroll_offset.y
        return [row.task for row in self._rows[top : top + self.page_height]]

    def line_count(self) -> int:
        """How many tasks there are to show."""
        return len(self._rows)

    def compose_header(self, width: int) -> Line:
        """The names of the columns."""
        return header(columns_for(width))

    def compose_line(self, index: int, width: int) -> Line:
        """The line of one task."""
        assert self._state is not None
        row = self._rows[index]
        task = self._state.tasks[row.task]
        return (self.mark(index), *cells(row, task, self._state, self._now, columns_for(width)))

    def cursor_moved(self, index: int | None) -> None:
        """Tell which task the cursor is on."""
        self._selected = None if index is None else self._rows[index].task
        self.post_message(TaskSelected(self, self._selected))

    def action_open(self) -> None:
        """Tell that all about the task under the cursor is wanted; of the first one where the cursor is nowhere.

        Raises:
            SkipAction: There is no task, so that the key may mean something else.
        """
        if not self._rows:
            raise SkipAction
        if self.cursor is None:
            self.move_cursor(0)
        if self._selected is not None:
            self.post_message(TaskOpened(self, self._selected))

    def _update_rows(self) -> None:
        if self._state is None:
            self._rows = ()
        elif self._filter:
            self._rows = _matching(self._state, self._filter.casefold())
        else:
            self._rows = self._state.rows()
        self._place_cursor()

    def _place_cursor(self) -> None:
        """Keep the cursor on the selected task, wherever its row is now."""
        rows = self._rows
        if isinstance(rows, TaskRows):
            self._cursor = rows.position(self._selected)
        else:
            self._cursor = next((at for at, row in enumerate(rows) if row.task == self._selected), None)


def _matching(state: LabState, wanted: str) -> list[TaskRow]:
    """The tasks that a filter lets through, in the order of their birth; parents may be missing, so without guides."""
    tasks = state.tasks.values()
    return [TaskRow(task.id, "") for task in tasks if wanted == task.state or wanted in task.name.casefold()]
