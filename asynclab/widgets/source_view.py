"""The code that runs, and at which of its lines tasks are suspended."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click

from asynclab.model.state import LabState
from asynclab.model.words import GLYPHS
from asynclab.widgets.highlighting import first_of_code, highlighted, uncoloured
from asynclab.widgets.line_view import CURSOR, LineView
from asynclab.widgets.lines import Line, Span, right, width_of
from asynclab.widgets.messages import TaskSelected

GUTTER = 11
"""The cells before the code: the cursor's mark, the number, how many tasks are suspended there."""

LEGEND: Line = ((f"{GLYPHS['waiting']} tasks suspended here", "past"),)


class SourceView(LineView):
    """A Python file with a mark at each line where tasks are suspended.

    It keeps a marked line in sight, the selected task's where there is one, until the reader scrolls.
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
    ]

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.border_title = "Code"
        self._path = self._text = ""
        self._coloured: dict[str, tuple[Line, ...]] = {}
        self._lines: tuple[Line, ...] = ()
        self._widest = 0
        self._state: LabState | None = None
        self._version: int | None = None
        self._suspended: dict[int, list[int]] = {}
        self._line_of: dict[int, int] = {}
        self._running_at: int | None = None
        self._selected: int | None = None
        self._is_following = True
        self._is_moving_itself = False

    @property
    def path(self) -> str:
        """The file that is shown, as it was given; empty for none."""
        return self._path

    @property
    def selected(self) -> int | None:
        """The id of the task whose line stands out."""
        return self._selected

    def show_source(self, path: str, text: str, title: str = "") -> None:
        """Show a file, from its first line of code.

        Args:
            path: What tasks call it; compared as it is.
            text: Its contents.
            title: What the frame says; the file's name where it is empty.
        """
        self._path, self._text = path, text
        self._lines = self._coloured.get(text) or uncoloured(text)
        self._widest = max(map(width_of, self._lines), default=0)
        self.set_title(title or path.replace("\\", "/").rpartition("/")[2])
        self._is_following, self._version = True, None
        self._take_marks()
        self.repaint()
        self.call_after_refresh(self._settle)

    def show(self, state: LabState | None, now: float) -> None:
        """Show where the tasks of a lab are suspended. Lab time, in seconds, makes no difference here."""
        version = None if state is None else state.version
        if state is self._state and version == self._version:
            return
        self._state, self._version = state, version
        before = self._line_to_follow()
        self._take_marks()
        self._follow(before)
        self.repaint()

    def select(self, task: int | None) -> None:
        """Let the line of a task stand out, and bring it into sight."""
        if task == self._selected:
            return
        self._selected = task
        self._is_following = True
        self._follow(None)
        self.repaint()

    def line_of(self, task: int | None) -> int | None:
        """The number of the line, from 1, at which a task is suspended in this file."""
        return None if task is None else self._line_of.get(task)

    def line_count(self) -> int:
        """How many lines the file has."""
        return len(self._lines)

    def content_width(self) -> int:
        """As wide as the longest line."""
        return max(super().content_width(), self._widest + GUTTER + 1)

    def compose_line(self, index: int, width: int) -> Line:
        """A line of code after its number and mark."""
        number = index + 1
        picked = number == self.line_of(self._selected)
        return (
            (CURSOR if picked else " ", "mark"),
            (right(str(number), 4), "past"),
            (" ", ""),
            self._mark(number),
            *self._lines[index],
        )

    def ground(self, index: int) -> str:
        """Lines where tasks are stand out."""
        number = index + 1
        if number not in self._suspended and number != self._running_at:
            return ""
        return "row" if self._selected is None or number == self.line_of(self._selected) else "row-blurred"

    def on_click(self, event: Click) -> None:
        """Select the task that is suspended at a line, the next one if that is selected already."""
        index = self.index_under(event)
        tasks = [] if index is None else self._suspended.get(index + 1, [])
        if tasks:
            at = tasks.index(self._selected) + 1 if self._selected in tasks else 0
            self.select(tasks[at % len(tasks)])
            self.post_message(TaskSelected(self, self._selected))

    def keep_in_sight(self) -> None:
        """Bring the line to follow into sight, unless the reader has scrolled."""
        self._follow(None)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following where the reader scrolls."""
        super().watch_scroll_y(old_value, new_value)
        if not self._is_moving_itself:
            self._is_following = False

    def _settle(self) -> None:
        """Colour the code, which is slow the first time, and go to its beginning; once the file has been painted."""
        if self._text not in self._coloured:
            self._coloured[self._text] = highlighted(self._text)
        self._lines = self._coloured[self._text]
        line = self._line_to_follow()
        if line is None:
            self._come_into_sight(first_of_code(self._text))
        else:
            self._come_into_sight(line, margin=2)
        self.repaint()

    def _mark(self, number: int) -> Span:
        if number == self._running_at:
            return (f"{GLYPHS['running']:<5}", "strong running")
        tasks = len(self._suspended.get(number, ()))
        return (f"{GLYPHS['waiting']}{min(tasks, 999):<4}", "strong waiting") if tasks else (" " * 5, "")

    def _take_marks(self) -> None:
        state = self._state
        suspended: defaultdict[int, list[int]] = defaultdict(list)
        for task in () if state is None else state.tasks.values():
            wait = task.waits_for
            if wait is not None and wait.file == self._path and wait.line:
                suspended[wait.line].append(task.id)
        self._suspended = dict(suspended)
        self._line_of = {task: line for line, tasks in suspended.items() for task in tasks}
        blocking = state.blocked if state is not None and state.is_blocking else None
        self._running_at = blocking.line if blocking is not None and blocking.file == self._path else None
        self.set_subtitle(LEGEND if suspended else ())

    def _line_to_follow(self) -> int | None:
        return self._running_at or self.line_of(self._selected) or min(self._suspended, default=None)

    def _follow(self, before: int | None) -> None:
        """Bring the line to follow into sight if it is another one than before."""
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
