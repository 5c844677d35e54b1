"""Shows the URLs, how far each is, and where its time goes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget

from asynclab.fetch.rows import Row
from asynclab.widgets.cursor_view import SelectionView
from asynclab.widgets.fetch_columns import cells, columns_for, header
from asynclab.widgets.lines import Line


@dataclass
class UrlSelected(Message):
    """A person picked a URL, by the cursor or the mouse."""

    view: Widget
    number: int | None
    """None if there is none."""

    @property
    def control(self) -> Widget:
        """The table, so that `on` can tell them apart."""
        return self.view


class FetchTable(SelectionView):
    """One line a URL; posts `UrlSelected`. Only URLs in sight are read, however many there are."""

    HEADER_HEIGHT = 1
    entries: Sequence[int] = ()
    """The numbers of the URLs."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._now = 0.0
        self._scale: float | None = None

    def show(self, numbers: Sequence[int], rows: Sequence[Row], now: float, scale: float | None) -> None:
        """Show the rows of these numbers, from 1, in this order, and repaint the lines that changed.

        `numbers` is the same object while nothing has changed; a whole waterfall stands for `scale` seconds.
        """
        if numbers is not self.entries:
            self.entries = numbers
            self.place_cursor()
        self._rows, self._now, self._scale = rows, now, scale
        self.repaint()

    def line_of(self, number: int) -> int | None:
        """The line of a URL."""
        with suppress(ValueError):
            return self.entries.index(number)
        return None

    def compose_header(self, width: int) -> Line:
        """The names of the columns."""
        return header(columns_for(width), self._scale)

    def compose_line(self, index: int, width: int) -> Line:
        """The line of one URL."""
        row = self._rows[self.entries[index] - 1]
        return (self.mark(index), *cells(row, self._now, columns_for(width), self._scale))

    def cursor_moved(self, index: int | None) -> None:
        """Post which URL the cursor is on."""
        self.selected = None if index is None else self.entries[index]
        self.post_message(UrlSelected(self, self.selected))
