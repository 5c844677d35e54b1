"""A view of tasks, whose stories a key opens."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from asynclab.model.state import NOTHING_YET
from asynclab.model.task_tree import TaskRows
from asynclab.widgets.code_marks import FOUND
from asynclab.widgets.cursor_view import SelectionView
from asynclab.widgets.lines import Span
from asynclab.widgets.messages import TaskOpened, TaskSelected


class TaskView(SelectionView):
    """A view whose lines are about tasks; posts `TaskSelected`, and `TaskOpened` on enter."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Explain", show=False)]

    _found: frozenset[int | None] = frozenset()
    """The tasks that a finding is about."""

    def task_at(self, index: int) -> int | None:
        """The task that a line is about, if any."""
        raise NotImplementedError

    def begin_somewhere(self) -> None:
        """Put the cursor on the first task if none is selected, so that keys have a line to act on."""
        if self.selected is not None:
            return
        tasks = ((at, self.task_at(at)) for at in range(self.line_count()))
        at, task = next(((at, task) for at, task in tasks if task is not None), (None, None))
        if at is not None:
            self.cursor, self.selected = at, task
            self.repaint()
            self.post_message(TaskSelected(task, is_choice=False))

    def show_found(self, tasks: frozenset[int | None]) -> None:
        """Mark the tasks that a finding is about."""
        if tasks != self._found:
            self._found = tasks
            self.repaint()

    def mark(self, index: int) -> Span:
        """The cell before a line: the cursor's mark, or that of a finding about its task."""
        mark, part = super().mark(index)
        if not self._found or self.task_at(index) not in self._found:
            return mark, part
        return (FOUND if mark == " " else mark, "failed")

    def cursor_moved(self, index: int | None) -> None:
        """Post which task the cursor is on."""
        self.selected = None if index is None else self.task_at(index)
        self.post_message(TaskSelected(self.selected))

    def action_open(self) -> None:
        """Ask for the story of the selected task, or of the first one if none is selected."""
        if self.cursor is None and self.line_count():
            self.move_cursor(0)
        if self.selected is not None:
            self.post_message(TaskOpened(self.selected))


class TaskTreeView(TaskView):
    """A view with a line for each task, children below their parents."""

    _state = NOTHING_YET

    @property
    def _rows(self) -> TaskRows:
        """The rows of the present state, which may have dropped tasks since it was shown."""
        return self._state.rows()

    def line_count(self) -> int:
        return len(self._rows)

    def task_at(self, index: int) -> int:
        return self._rows[index].task

    def line_of(self, task: int) -> int | None:
        return self._rows.position(task)
