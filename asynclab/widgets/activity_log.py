"""Shows the activity log of a lab: one line for each thing that a task did."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType

from asynclab.model.activity import ActivityLine
from asynclab.model.state import NOTHING_YET, LabState
from asynclab.model.text import cell_width, one_line
from asynclab.model.wording.grammar import fitting
from asynclab.model.wording.quantities import plural
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.event_marks import MARKS
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.spans import Line, joined, left, wrap

WRAPPED = frozenset({"warned", "failed", "blocked", "late", "run"})
"""The kinds of lines that are wrapped if they don't fit. They report problems, and must not be cut."""

MOST_ROWS = 4
"""The most rows of a wrapped line."""

LEAST_ROOM = 12
"""Text is not wrapped if there is room for fewer cells than this."""

TEXT_LIMIT = 1000
"""The most characters of a line that are painted."""

FULL_LIMIT = 100_000
"""The most characters of a line that are copied to the clipboard."""


Row: TypeAlias = tuple[ActivityLine, int]
"""A line and the number of one of its rows, from 0."""


class ActivityLog(CursorView):
    """The activity log of a lab. It scrolls to new lines, unless the user has scrolled up."""

    BORDER_TITLE = "Activity"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("end,G", "follow", "Follow", show=False)]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = NOTHING_YET
        self._version = 0
        self._rows: deque[Row] = deque()
        self._next = 0
        self._unread = 0
        self.filter_text = ""
        """The text that a line or its task's name must contain; empty for all lines. Change it by `set_filter`."""
        self.is_following = True
        """Whether the log scrolls to new lines by itself."""
        self._is_past = False
        self._goes_on = False

    @property
    def selected(self) -> int | None:
        """The number of the task of the line under the cursor."""
        return None if self.cursor is None or not self._rows else self._row_at(self.cursor)[0].task

    def show(self, state: LabState, now: float, *, is_past: bool = False, goes_on: bool = True) -> None:
        """Show the log of a lab, now or at a past moment. `goes_on` says whether more lines may come."""
        self._is_past, self._goes_on = is_past, goes_on
        if state is not self._state:
            self._state = state
            self._start_over()
        if state.version == self._version:
            self._say_where()
            return
        self._version = state.version
        self._take_new_lines()
        self._refresh_view()

    def set_filter(self, text: str) -> None:
        """Show only lines whose text or task's name contains a text. Case doesn't matter."""
        self.filter_text = text
        self._start_over()
        self._take_new_lines()
        self._refresh_view()

    def visible_text(self) -> str:
        """The full text of every line that passes the filter."""
        return "\n".join(self._full_text(line) for line, row in self._rows if not row)

    def text_to_copy(self) -> str:
        """The full text of the line under the cursor; empty without a cursor."""
        return "" if self.cursor is None or not self._rows else self._full_text(self._row_at(self.cursor)[0])

    def line_count(self) -> int:
        """The number of rows, including the note about dropped lines or an empty filter result."""
        return len(self._rows) + self._note_height

    def compose_line(self, index: int, width: int) -> Line:
        """One row: time, task and text of a line, or the continuation of its text."""
        if index < self._note_height:
            return (self.mark(index), (self._note, "past"))
        line, row = self._row_at(index)
        names, rows = _divided(line, width)
        said = (rows[min(row, len(rows) - 1)], MARKS.get(line.kind, ("", ""))[1])
        if row:
            return (self.mark(index), (" " * (8 + names), ""), said)
        name = f"{left(one_line(self._subject(line), TEXT_LIMIT), names - 1)} " if names else ""
        return (self.mark(index), (f"{line.at:7.3f} ", "past"), (name, ""), said)

    def cursor_moved(self, index: int | None) -> None:
        """Select the task of the line under the cursor. Follow new lines only if the cursor is on the last line."""
        if index is None:
            return
        self.is_following = index == self.line_count() - 1
        self._say_where()
        task = self.selected
        if task is not None:
            self.post_message(TaskSelected(task))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow new lines while the last line is in sight."""
        super().watch_scroll_y(old_value, new_value)
        self.is_following = new_value >= self.max_scroll_y
        if self.is_following:
            self._unread = 0
        self._say_where()

    def keep_in_sight(self) -> None:
        """Scroll to the end while following new lines."""
        if self.is_following and self.scroll_offset.y != self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def action_follow(self) -> None:
        """Go to the end, and follow new lines."""
        self.is_following = True
        self.move_cursor(None)
        self._refresh_view()

    def action_move(self, by: int) -> None:
        """Move the cursor. Without a cursor, put it on the last line in sight."""
        if self.cursor is None:
            last = min(self.line_count(), self.scroll_offset.y + self.page_height) - 1
            self.move_cursor(last)
        else:
            super().action_move(by)

    @property
    def _note(self) -> str:
        """The note above the lines; empty if there is none."""
        if self.filter_text and not self._rows:
            return "nothing matches the filter"
        gone = self._state.dropped.lines
        return f"{plural(gone, 'earlier line')} no longer kept" if gone else ""

    @property
    def _note_height(self) -> int:
        return 1 if self._note else 0

    def _start_over(self) -> None:
        self._rows.clear()
        self._next, self._unread, self._version = 0, 0, -1
        self.is_following, self.cursor = True, None

    def _take_new_lines(self) -> None:
        """Add the new lines, and drop those that the model dropped."""
        kept = self._state.activity
        new: list[ActivityLine] = []
        for line in reversed(kept):
            if line.number < self._next:
                break
            if self._matches(line):
                new.append(line)
        for line in reversed(new):
            self._rows.extend(self._rows_of(line))
        if kept:
            self._next = kept[-1].number + 1
            self._drop_before(kept[0].number)
        self._unread = 0 if self.is_following else self._unread + len(new)

    def _drop_before(self, first: int) -> None:
        """Drop the lines before a number, without moving the lines in sight."""
        height = self.line_count()
        while self._rows and self._rows[0][0].number < first:
            self._rows.popleft()
        gone = height - self.line_count()
        if not gone:
            return
        if self.cursor is not None:
            self.cursor = max(0, self.cursor - gone)
        if not self.is_following:
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, force=True)

    def _matches(self, line: ActivityLine) -> bool:
        wanted = self.filter_text.casefold()
        return not wanted or wanted in line.text.casefold() or wanted in self._subject(line).casefold()

    def _refresh_view(self) -> None:
        self.fit_content()
        self.keep_in_sight()
        self._say_where()
        self.repaint()

    def _say_where(self) -> None:
        place = self._place()
        where: list[Line] = [((place, "past"),)] if place else []
        if self.filter_text:
            where.insert(0, (("filtered: ", "past"), (one_line(self.filter_text), "accent")))
        self.set_subtitle(joined(where))

    def _place(self) -> str:
        """The part of the log in sight: the end, or a part above it."""
        if not self.is_following:
            return f"{self._unread:,} new below" if self._unread else "scrolled up"
        if self._is_past:
            return "up to this moment"
        return "following" if self._goes_on and self._state.version else ""

    def _row_at(self, index: int) -> Row:
        return self._rows[max(0, index - self._note_height)]

    def _rows_of(self, line: ActivityLine) -> Iterator[Row]:
        # Thousands of lines may come at once, so only lines that may be wrapped are measured here.
        count = len(_divided(line, self._laid_out_for)[1]) if line.kind in WRAPPED else 1
        return ((line, row) for row in range(count))

    def lay_out_for(self, width: int) -> None:
        """Divide the lines into rows."""
        at = None if self.cursor is None or not self._rows else self._row_at(self.cursor)[0]
        lines = [line for line, row in self._rows if not row]
        self._rows = deque(row for line in lines for row in self._rows_of(line))
        if at is not None:
            self.cursor = self._note_height + next(i for i, (line, _) in enumerate(self._rows) if line is at)

    def _subject(self, line: ActivityLine) -> str:
        return self._state.task_name(line.task)

    def _full_text(self, line: ActivityLine) -> str:
        return f"{line.at:.3f}  {one_line(self._subject(line))}  {one_line(line.text, FULL_LIMIT)}"


def _divided(line: ActivityLine, width: int) -> tuple[int, list[str]]:
    """The width of the column of names, and the rows of a line's text. If there are too many, the last is cut."""
    names = 9 if width < 40 else 11 if width < 44 else 13 if width < 72 else 19
    room = width - 9 - names
    text = one_line(fitting(line.forms, room), TEXT_LIMIT)
    if line.kind not in WRAPPED or room < LEAST_ROOM or cell_width(text) <= room:
        return names, [text]
    if line.task is None:  # the column of names is empty
        names, room = 0, width - 9
    rows = wrap(text, room)
    return names, [*rows[: MOST_ROWS - 1], " ".join(rows[MOST_ROWS - 1 :])] if len(rows) > MOST_ROWS else rows
