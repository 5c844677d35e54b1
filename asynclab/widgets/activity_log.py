"""What happened in a lab, one line at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from textual.binding import Binding, BindingType

from asynclab.model.activity import ActivityLine
from asynclab.model.state import LabState
from asynclab.model.text import one_line
from asynclab.model.wording.forms import fitting
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.lines import Line, left
from asynclab.widgets.messages import TaskSelected

PART_OF: Mapping[str, str] = MappingProxyType(
    {
        "created": "past",
        "waits": "waiting",
        "woke": "ready",
        "done": "done",
        "met": "done",
        "failed": "failed",
        "warned": "failed",
        "blocked": "failed",
        "late": "failed",
        "expired": "cancelled",
        "cancel": "cancelled",
        "cancelled": "cancelled",
        "progress": "past",
        "clock": "past",
        "chosen": "accent",
        "run": "accent",
    }
)
"""The colour of each kind of line; a kind that is not here is plain."""

TEXT_LIMIT = 1000
"""The characters of a line that are looked at for painting."""

FULL_LIMIT = 100_000
"""The characters of a line that are copied."""


class ActivityLog(CursorView):
    """The activity of a lab; follows the end unless the reader has scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("end,G", "follow", "Follow", show=False)]

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.border_title = "Activity"
        self._state: LabState | None = None
        self._version: int | None = None
        self._lines: deque[ActivityLine] = deque()
        self._next = 0
        self._unread = 0
        self._filter = ""
        self._is_following = True

    @property
    def is_following(self) -> bool:
        """Whether new lines come into sight by themselves."""
        return self._is_following

    @property
    def filter_text(self) -> str:
        """What a line's text or task has to contain; empty for every line."""
        return self._filter

    @property
    def selected(self) -> int | None:
        """The id of the task whose line the cursor is on."""
        return None if self.cursor is None or not self._lines else self._line_at(self.cursor).task

    def show(self, state: LabState | None, now: float) -> None:
        """Show the activity of a lab so far. Lab time, in seconds, makes no difference here."""
        if state is not self._state:
            self._state = state
            self._start_over()
        version = None if state is None else state.version
        if version == self._version:
            return
        self._version = version
        self._take_new_lines()
        self._refresh_view()

    def set_filter(self, text: str) -> None:
        """Keep the lines whose text, or whose task's name, contains a text in any case."""
        self._filter = text
        self._start_over()
        self._take_new_lines()
        self._refresh_view()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._is_following = True
        self.move_cursor(None)
        self._refresh_view()

    def visible_text(self) -> str:
        """Every line that the filter lets through, in full, as text."""
        return "\n".join(self._full_text(line) for line in self._lines)

    def cursor_text(self) -> str:
        """The line that the cursor is on, in full; empty without a cursor."""
        return "" if self.cursor is None or not self._lines else self._full_text(self._line_at(self.cursor))

    def line_count(self) -> int:
        """How many lines there are, with the note about those that are gone, or that none matches."""
        return len(self._lines) + self._note_height

    def compose_line(self, index: int, width: int) -> Line:
        """One line: when, which task, what."""
        if index < self._note_height:
            return (self.mark(index), (self._note, "past"))
        line = self._line_at(index)
        name_width = 8 if width < 44 else 12 if width < 72 else 18
        text = one_line(fitting((line.text, *line.shorter), width - name_width - 10), TEXT_LIMIT)
        return (
            self.mark(index),
            (f"{line.at:7.3f} ", "past"),
            (f"{left(one_line(self._subject(line), TEXT_LIMIT), name_width)} ", ""),
            (text, PART_OF.get(line.kind, "")),
        )

    def cursor_moved(self, index: int | None) -> None:
        """Stop following while the reader is on a line, and tell whose it is."""
        if index is None:
            return
        self._is_following = index == self.line_count() - 1
        self._say_where()
        task = self.selected
        if task is not None:
            self.post_message(TaskSelected(self, task))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow while the end is in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._is_following = new_value >= self.max_scroll_y
        if self._is_following:
            self._unread = 0
        self._say_where()

    def keep_in_sight(self) -> None:
        """Stay at the end while following."""
        if self._is_following and self.scroll_offset.y != self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self.follow()

    def action_move(self, by: int) -> None:
        """Move the cursor, which starts at the last line in sight."""
        if self.cursor is None:
            last = min(self.line_count(), self.scroll_offset.y + self.page_height) - 1
            self.move_cursor(last)
        else:
            super().action_move(by)

    @property
    def _note(self) -> str:
        """What is said above the lines; empty for nothing."""
        if self._filter and not self._lines:
            return "nothing matches the filter"
        gone = 0 if self._state is None else self._state.dropped.lines
        return f"{gone} earlier lines are no longer kept" if gone else ""

    @property
    def _note_height(self) -> int:
        return 1 if self._note else 0

    def _start_over(self) -> None:
        self._lines.clear()
        self._next, self._unread, self._version = 0, 0, None
        self._is_following, self._cursor = True, None

    def _take_new_lines(self) -> None:
        """Take over the lines that were added, and let go of those that the model dropped."""
        kept = () if self._state is None else self._state.activity
        new: list[ActivityLine] = []
        for line in reversed(kept):
            if line.number < self._next:
                break
            if self._matches(line):
                new.append(line)
        self._lines.extend(reversed(new))
        if kept:
            self._next = kept[-1].number + 1
            self._let_go(kept[0].number)
        self._unread = 0 if self._is_following else self._unread + len(new)

    def _let_go(self, first: int) -> None:
        """Forget the lines before a number, and stay where the reader is."""
        height = self.line_count()
        while self._lines and self._lines[0].number < first:
            self._lines.popleft()
        gone = height - self.line_count()
        if not gone:
            return
        if self._cursor is not None:
            self._cursor = max(0, self._cursor - gone)
        if not self._is_following:
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, force=True)

    def _matches(self, line: ActivityLine) -> bool:
        wanted = self._filter.casefold()
        return not wanted or wanted in line.text.casefold() or wanted in self._subject(line).casefold()

    def _refresh_view(self) -> None:
        self.fit_content()
        self.keep_in_sight()
        self._say_where()
        self.repaint()

    def _say_where(self) -> None:
        place = "following" if self._is_following else f"{self._unread} new below" if self._unread else "scrolled up"
        where: Line = ((place, "past"),)
        if self._filter:
            where = (("filtered: ", "past"), (one_line(self._filter), "accent"), (" · ", "past"), *where)
        self.set_subtitle(where)

    def _line_at(self, index: int) -> ActivityLine:
        return self._lines[max(0, index - self._note_height)]

    def _subject(self, line: ActivityLine) -> str:
        return "" if self._state is None or line.task is None else self._state.task_name(line.task)

    def _full_text(self, line: ActivityLine) -> str:
        return f"{line.at:.3f}  {one_line(self._subject(line))}  {one_line(line.text, FULL_LIMIT)}"
