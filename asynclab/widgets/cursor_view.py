"""A view with a cursor on one of its lines, which keys and mouse move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click

from asynclab.widgets.line_view import CURSOR, LineView
from asynclab.widgets.spans import Span


class CursorView(LineView):
    """A view with a cursor on one of its lines."""

    selected_from = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home,g", "move_to(0)", "First", show=False),
        Binding("end,G", "move_to(-1)", "Last", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
    ]
    cursor: int | None = None
    """The index of the line under the cursor; None for no cursor. Change it by `move_cursor`."""

    def move_cursor(self, index: int | None, *, scroll: bool = True) -> None:
        """Put the cursor on a line, or on the nearest one, and scroll to it. None removes the cursor."""
        count = self.line_count()
        to = None if index is None or not count else max(0, min(count - 1, index))
        if to == self.cursor:
            return
        self.cursor = to
        if scroll and to is not None:
            self.scroll_to_line(to)
        self.cursor_moved(to)
        self.repaint()

    def cursor_moved(self, index: int | None) -> None:
        """Called after the cursor has moved, before it is painted. Does nothing by default."""

    def scroll_to_line(self, index: int) -> None:
        """Scroll as little as needed to bring a line into sight."""
        top = self.scroll_offset.y
        if index < top or not self.page_height:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= top + self.page_height:
            self.scroll_to(y=index - self.page_height + 1, animate=False, force=True)

    def keep_in_sight(self) -> None:
        """Scroll to the line under the cursor."""
        if self.cursor is not None:
            self.scroll_to_line(self.cursor)

    def ground(self, index: int) -> str:
        """The background of a line, which highlights the line under the cursor."""
        return "" if index != self.cursor else "row" if self.has_focus else "row-blurred"

    def mark(self, index: int) -> Span:
        """The cell before a line: the mark of the cursor, or a space."""
        if index != self.cursor:
            return (" ", "")
        return (CURSOR, "mark" if self.has_focus else "mark-blurred")

    def stops(self) -> Sequence[int]:
        """The indexes of the lines to which keys move the cursor, from the top. By default, all lines."""
        return range(self.line_count())

    def action_move(self, by: int) -> None:
        """Move the cursor by some stops."""
        stops = self.stops()
        if stops:
            at = stops.index(self.cursor) + by if self.cursor in stops else 0
            self.move_cursor(stops[max(0, min(len(stops) - 1, at))])

    def action_move_to(self, index: int) -> None:
        """Move the cursor to a stop. A negative index counts from the end."""
        stops = self.stops()
        if stops:
            self.move_cursor(stops[index])

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_move(by * max(1, self.page_height - 1))

    def on_click(self, event: Click) -> None:
        """Handle a click on a line."""
        event.prevent_default()  # on a double click Textual would select all text
        index = self.index_under(event)
        if index is not None:
            self.line_clicked(index)

    def line_clicked(self, index: int) -> None:
        """Called when a line was clicked. Puts the cursor on it."""
        self.move_cursor(index, scroll=False)

    def watch_has_focus(self, has_focus: bool) -> None:
        """Repaint the cursor, which shows whether the view has the focus."""
        super().watch_has_focus(has_focus)
        self.repaint()


class SelectionView(CursorView):
    """A view whose cursor stays on a task or URL when lines move. It stays selected even if it has no line."""

    selected: int | None = None
    """The number of the selected task or URL."""

    def line_of(self, number: int) -> int | None:
        """The index of the line of a task or URL; None if there is none."""
        raise NotImplementedError

    def select(self, number: int | None) -> None:
        """Select a task or URL, without posting a message."""
        if number != self.selected:
            self.selected = number
            self.place_cursor()
            self.keep_in_sight()
            self.repaint()

    def place_cursor(self) -> None:
        """Put the cursor on the present line of the selected task or URL. If it was in sight, keep it in sight."""
        before = self.cursor
        self.cursor = None if self.selected is None else self.line_of(self.selected)
        top = self.scroll_offset.y
        if before is not None and before != self.cursor and top <= before < top + self.page_height:
            self.call_after_refresh(self.keep_in_sight)  # only then can the view scroll to new lines
