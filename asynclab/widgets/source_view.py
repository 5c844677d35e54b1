"""Shows the code of a run, with marks at the lines where tasks are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from textual.binding import Binding, BindingType
from textual.events import Click, Resize

from asynclab.model.frames import file_name
from asynclab.model.state import NOTHING_YET, LabState
from asynclab.model.tasks import Place
from asynclab.widgets.code_marks import MARKS_WIDTH, CodeMarks, legend, mark_spans, marks_in, out_of_reach, standing
from asynclab.widgets.highlighting import first_of_code, highlighted, highlighted_before, uncoloured
from asynclab.widgets.line_view import CURSOR, LineView
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.spans import Line, joined, width_of

FRAME = 4
"""Cells of the lower border that its text can't use."""

CHANGED: Line = (("changed on disk: lines may be off", "cancelled"),)


class Files(Protocol):
    """Reads the files that tasks are in."""

    def read(self, path: str) -> str | None:
        """The text of a file; None if it can't be read."""

    def has_changed(self, path: str, since: float) -> bool:
        """Whether a file was changed after `since`, in seconds since 1970, so that it differs from the running code."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file to show."""

    path: str = ""
    text: str = ""
    line: int | None = None
    """The line to show first while no task is in the file; None for its first line of code."""


class SourceView(LineView):
    """A Python file with a mark at each line where tasks are.

    It follows the selected task to its innermost frame of the user's code, also to other files. It keeps that line in
    sight, or else another marked line, until the user scrolls. `backspace` goes back to the first file.
    """

    DEFAULT_CSS = """
    SourceView { overflow-x: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("left,h", "scroll_left", "Left", show=False),
        Binding("right,l", "scroll_right", "Right", show=False),
        Binding("home,g", "scroll_home", "First", show=False),
        Binding("end,G", "scroll_end", "Last", show=False),
        Binding("backspace", "first_file", "First file", show=False),
    ]

    def __init__(self, files: Files | None = None, *, id: str | None = None) -> None:
        """Make an empty view. Without `files`, only the first file can be shown."""
        super().__init__(id=id)
        self.border_title = "Code"
        self._files = files
        self._first = self._file = _File()
        self._widest = self._digits = 0
        self._state = NOTHING_YET
        self._next: int | None = None
        self._version = 0
        self._marks = CodeMarks()
        self.selected: int | None = None
        """The number of the task whose line is highlighted."""
        self._pointed: Place | None = None
        """The line that a finding is about. It takes precedence over the lines of tasks."""
        self._is_following = True
        self._stays = False
        """Whether the user wants to see the first file, although the selected task is in another file."""
        self._is_moving_itself = False
        self._is_unseen = False
        """Whether the file was opened while the view had no height, so that the view must scroll later."""

    @property
    def path(self) -> str:
        """The path of the file being shown; empty for none."""
        return self._file.path

    def show_source(self, path: str, text: str, line: int | None = None) -> None:
        """Show a file from `line` on; None for its first line of code."""
        self._first = _File(path, text, line)
        self._state, self.selected, self._pointed = NOTHING_YET, None, None
        self._stays = False
        self._open(self._first)

    def show(self, state: LabState, now: float, next_task: int | None = None) -> None:
        """Show where the tasks of a lab are. The next step of a paused lab runs `next_task`."""
        if state is self._state and (state.version, next_task) == (self._version, self._next):
            return
        before = self._line_to_follow()
        if _is_another_run(self._state, state):
            self.selected = None  # this number is now another task's
        self._state, self._version, self._next = state, state.version, next_task
        self._take_marks()
        self._follow(before)
        self.repaint()

    def select(self, task: int | None) -> None:
        """Highlight the line of a task in any file, and scroll to it."""
        if task != self.selected:
            self.selected = task
            self._look_at(None)

    def point_at(self, place: Place | None) -> None:
        """Mark a line in any file, and scroll to it. None removes the mark."""
        if place != self._pointed:
            self._look_at(place)

    def _look_at(self, place: Place | None) -> None:
        """Follow the line of a finding, or the selected task if `place` is None."""
        self._pointed = place
        self._is_following, self._stays = True, False
        self._take_marks()
        self._follow(None)
        self.repaint()

    def line_of(self, task: int | None) -> int | None:
        """The number, from 1, of the line in this file where a task is; None if it isn't in the file."""
        return None if task is None else self._marks.line_of.get(task)

    def text_to_copy(self) -> str:
        return self._file.text

    def content_width(self) -> int:
        """The width of the longest line."""
        return max(super().content_width(), self._widest + self.selected_from + 1)

    def compose_line(self, index: int, width: int) -> Line:
        """A line of code after its number and marks."""
        number = index + 1
        picked = number == self.line_of(self.selected)
        return (
            (CURSOR if picked else " ", "mark"),
            (f"{number:>{self._digits}}", "past"),
            *mark_spans(self._marks, number),
            *self.entries[index],
        )

    def ground(self, index: int) -> str:
        """The background of a line. Lines with tasks are highlighted, most of all the line that runs now or next."""
        number = index + 1
        if not self._marks.is_marked(number):
            return ""
        if self._marks.is_lit(number):
            return "row strong"
        return "row" if self.selected is None or number == self.line_of(self.selected) else "row-blurred"

    def on_click(self, event: Click) -> None:
        """Select the first task at a line. If a task there is selected already, select the next one."""
        event.prevent_default()  # on a double click Textual would select all text
        index = self.index_under(event)
        tasks = [] if index is None else self._marks.tasks_at(index + 1)
        if tasks:
            at = tasks.index(self.selected) + 1 if self.selected in tasks else 0
            self.select(tasks[at % len(tasks)])
            self.post_message(TaskSelected(self.selected))

    def action_first_file(self) -> None:
        """Go back to the first file, until another task is selected."""
        self._stays, self._pointed = True, None
        self._take_marks()
        self.repaint()

    def on_resize(self, event: Resize) -> None:
        """Set the text in the border again, which depends on the width."""
        self._show_subtitle()

    def keep_in_sight(self) -> None:
        """Scroll to the followed line, unless the user has scrolled."""
        if self._is_unseen and self.page_height:
            self._settle(self._file)
        self._follow(None)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when the user scrolls."""
        super().watch_scroll_y(old_value, new_value)
        if not self._is_moving_itself:
            self._is_following = False

    def _open(self, file: _File) -> None:
        self._file = file
        self.entries = highlighted_before(file.text) or uncoloured(file.text)
        self._widest = max(map(width_of, self.entries), default=0)
        self._digits = len(str(len(self.entries)))
        # Before the code are the mark of the cursor, the line number, an arrow and the numbers of tasks.
        self.selected_from = 2 + self._digits + MARKS_WIDTH
        back = "" if file is self._first else f" · backspace: {file_name(self._first.path)}"
        self.set_title((file_name(file.path) or "Code") + back)
        self._is_following = True
        self._take_marks()
        self.repaint()
        self.call_after_refresh(self._settle, file)

    def _settle(self, file: _File) -> None:
        """After the first paint, colour the code, which is slow the first time, and scroll to the line to show."""
        if file is not self._file:
            return
        self.entries = highlighted(file.text)
        self._is_following = True
        self._is_unseen = not self.page_height
        line = self._line_to_follow()
        if line is None:
            self._come_into_sight(file.line or first_of_code(file.text))
        else:
            self._come_into_sight(line, margin=2)
        self.repaint()

    def _take_marks(self) -> None:
        wanted = self._file_to_show()
        if wanted.path != self._file.path:
            self._open(wanted)  # also takes the marks
            return
        found = None if self._pointed is None or self._pointed[0] != self.path else self._pointed[1]
        self._marks = replace(marks_in(self.path, self._state, self._next), found=found)
        self._show_subtitle()

    def _file_to_show(self) -> _File:
        """The file of the finding or of the selected task. If the task's file is unknown, the present file."""
        if self._pointed is not None and self._files is not None:
            return self._read(self._pointed[0])
        task = self._state.task(self.selected)
        if task is None or task.has_ended or self._stays or self._files is None:
            return self._first
        if task.place is None or not self._is_following:
            return self._file
        return self._read(task.place[0])

    def _read(self, path: str) -> _File:
        """Read a file; return the first file if it can't be read."""
        text = None if path == self._first.path or self._files is None else self._files.read(path)
        return self._first if text is None else _File(path, text)

    def _show_subtitle(self) -> None:
        about = self._about_selected() or legend(self._marks)
        # Before its first event, a state has no epoch. Then only a change since the file was read counts.
        has_changed = self._files is not None and self._files.has_changed(self.path, self._state.epoch or float("inf"))
        self.set_subtitle(joined(part for part in (CHANGED if has_changed else (), about) if part))

    def _about_selected(self) -> Line:
        task = self._state.task(self.selected)
        if task is None:
            return ()
        is_elsewhere = task.place is not None and task.place[0] != self.path
        if is_elsewhere and not self._stays and self._is_following:
            return out_of_reach(task, self._state)
        return standing(task, self._state, self.size.width - FRAME)

    def _line_to_follow(self) -> int | None:
        marks = self._marks
        if marks.found is not None:
            return marks.found
        if marks.running is not None or self.selected is not None:
            return marks.running or self.line_of(self.selected)
        return marks.next or marks.first()

    def _follow(self, before: int | None) -> None:
        """Scroll to the line to follow, unless it is still the line `before`."""
        line = self._line_to_follow()
        if self._is_following and line is not None and line != before:
            self._come_into_sight(line, margin=2)

    def _come_into_sight(self, line: int, margin: int = 0) -> None:
        top, height = self.scroll_offset.y, self.page_height
        if top < line <= top + height and margin:
            return
        self._is_moving_itself = True
        self.scroll_to(y=max(0, line - 1 - margin), animate=False, force=True)
        self._is_moving_itself = False


def _is_another_run(before: LabState, after: LabState) -> bool:
    return len({state.epoch for state in (before, after) if state.epoch}) > 1
