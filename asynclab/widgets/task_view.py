"""The base of views whose lines are about tasks."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from asynclab.model.state import NOTHING_YET
from asynclab.model.task_tree import TaskRows, some_tasks
from asynclab.widgets.code_marks import FOUND
from asynclab.widgets.cursor_view import SelectionView
from asynclab.widgets.messages import TaskOpened, TaskSelected
from asynclab.widgets.spans import Span


class TaskView(SelectionView):
    """A view whose lines are about tasks. Posts `TaskSelected`, and `TaskOpened` on enter."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Explain", show=False)]

    _found: frozenset[int | None] = frozenset()
    """The tasks that findings are about."""

    def task_at(self, index: int) -> int | None:
        """The number of the task that a line is about; None if there is none."""
        raise NotImplementedError

    def begin_somewhere(self) -> None:
        """If no task is selected, put the cursor on the first one, so that keys have a task to act on."""
        if self.selected is not None:
            return
        tasks = ((at, self.task_at(at)) for at in range(self.line_count()))
        at, task = next(((at, task) for at, task in tasks if task is not None), (None, None))
        if at is not None:
            self.cursor, self.selected = at, task
            self.repaint()
            self.post_message(TaskSelected(task, is_choice=False))

    def show_found(self, tasks: frozenset[int | None]) -> None:
        """Mark the tasks that findings are about."""
        if tasks != self._found:
            self._found = tasks
            self.repaint()

    def mark(self, index: int) -> Span:
        """The cell before a line: the mark of the cursor, or else of a finding about its task."""
        mark, part = super().mark(index)
        if not self._found or self.task_at(index) not in self._found:
            return mark, part
        return (FOUND if mark == " " else mark, "failed")

    def cursor_moved(self, index: int | None) -> None:
        """Post the task under the cursor."""
        self.selected = None if index is None else self.task_at(index)
        self.post_message(TaskSelected(self.selected))

    def action_open(self) -> None:
        """Post a message to open the story of the selected task, or of the first one if none is selected."""
        if self.cursor is None and self.line_count():
            self.move_cursor(0)
        if self.selected is not None:
            self.post_message(TaskOpened(self.selected))


class TaskTreeView(TaskView):
    """A view with a line for each task, and children below their parents."""

    keeps_ended = True
    """Whether ended tasks are listed even if not all tasks fit on the page."""
    filter_text = ""
    """Only tasks whose names contain this text are listed; all tasks if no name does."""
    _state = NOTHING_YET
    _some = TaskRows({}, ())
    """The rows of the listed tasks, if not all tasks are listed."""
    _some_of: tuple[object, ...] = ()
    """The values from which these rows were computed."""

    @property
    def _rows(self) -> TaskRows:
        """The rows of the present state. It may have dropped tasks since it was shown.

        Unless `keeps_ended`, the tasks that ended first are left out while the run continues and not all tasks fit.
        """
        state, text = self._state, self.filter_text.casefold()
        room = None if self.keeps_ended or not self.has_too_many else self.page_height
        if room is None and not text:
            return state.rows()
        chosen_by = id(state), state.structure, len(state.ended_tasks), room, self.selected, text
        if chosen_by != self._some_of:
            shown = some_tasks(state.tasks, state.roots, state.ended_tasks, room=room, keep=self.selected, text=text)
            self._some, self._some_of = TaskRows(state.tasks, state.roots, shown), chosen_by
        return self._some

    @property
    def has_too_many(self) -> bool:
        """Whether the run continues, not all tasks fit on the page, and some of them have ended."""
        state = self._state
        return state.outcome is None and bool(state.ended_tasks) and len(state.tasks) > self.page_height

    def keep_ended(self, keeps: bool) -> None:
        """Set whether ended tasks are listed even if not all tasks fit on the page."""
        self.keeps_ended = keeps
        self._rows_changed()

    def set_filter(self, text: str) -> None:
        """List only tasks whose names contain a text, and their ancestors. Case doesn't matter."""
        self.filter_text = text
        self._rows_changed()

    def _rows_changed(self) -> None:
        self.place_cursor()
        self.keep_in_sight()
        self.repaint()

    def line_count(self) -> int:
        return len(self._rows)

    def task_at(self, index: int) -> int:
        return self._rows[index].task

    def line_of(self, task: int) -> int | None:
        return self._rows.position(task)
