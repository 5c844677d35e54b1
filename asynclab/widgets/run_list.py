"""Lists the demos, or the loops of a program, that a screen can show, with the state of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from asynclab.model.tasks import StateWord
from asynclab.model.text import one_line
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.code_marks import FOUND
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.spans import Line, left, width_of

NOTE_LIMIT = 10
"""The most characters of the note beside a state."""

LEAST_NAME = 8
"""A note is left out if it would leave fewer cells than this for the name."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the list: a demo, or a loop of a program."""

    key: str
    """The key that starts the demo, or the number of the loop. It identifies the row."""
    name: str
    section: str = ""
    """The heading of the section, or "". The rows of a section are adjacent."""
    state: StateWord | None = None
    """The state of the latest run; None before the first run."""
    note: str = ""
    """A few characters beside the state, such as "62%"."""
    findings: int = 0


@dataclass
class RunHighlighted(Message):
    """The cursor moved to another row."""

    row: RunRow


@dataclass
class RunChosen(Message):
    """Enter was pressed on a row, or the highlighted row was clicked."""

    row: RunRow


Entry: TypeAlias = RunRow | str
"""A line of the list: a row, a heading, or an empty line."""


class RunList(CursorView):
    """A list of rows in sections. Posts `RunHighlighted` and `RunChosen`."""

    DEFAULT_CSS = """
    RunList { scrollbar-gutter: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Run", show=False)]

    _rows: tuple[RunRow, ...] = ()
    entries: Sequence[Entry] = ()
    _highlighted: str | None = None

    def __init__(self, title: str, *, id: str | None = None) -> None:
        """Make an empty list."""
        super().__init__(id=id)
        self.set_title(title)

    @property
    def highlighted(self) -> RunRow | None:
        """The row under the cursor."""
        return next((row for row in self._rows if row.key == self._highlighted), None)

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Show these rows, and repaint only lines that changed."""
        shown = tuple(rows)
        if shown != self._rows:
            self._rows = shown
            self.repaint()

    def highlight(self, key: str) -> None:
        """Put the cursor on the row with a key, without posting a message."""
        if key == self._highlighted:
            return
        self._highlighted = key
        self.repaint()
        if self.cursor is not None:
            self.scroll_to_line(self.cursor)

    def repaint(self) -> None:
        """Lay out the list for its height, and refresh lines that changed."""
        self.entries = tuple(_lay_out(self._rows, self.page_height))
        keys = [entry.key if isinstance(entry, RunRow) else None for entry in self.entries]
        self.cursor = keys.index(self._highlighted) if self._highlighted in keys and self._highlighted else None
        super().repaint()

    def compose_line(self, index: int, width: int) -> Line:
        """A row with its state at the right, or a heading. In a narrow list, the note is left out first."""
        entry = self.entries[index]
        if isinstance(entry, str):
            return ((f" {one_line(entry).upper()}", "heading"),)
        is_picked = index == self.cursor
        name, room = one_line(entry.name), width - 3 - len(entry.key)
        state = _state_of(entry, one_line(entry.note, NOTE_LIMIT))
        if min(cell_len(name), LEAST_NAME) + 1 + width_of(state) > room:
            state = _state_of(entry, "")
        if cell_len(name) + 1 + width_of(state) > room:
            room += 1  # the blank before the frame
        return (
            self.mark(index),
            (f"{entry.key} ", "strong accent" if is_picked else "heading"),
            (f"{left(name, room - width_of(state) - 1)} ", "strong" if is_picked else ""),
            *state,
        )

    def cursor_moved(self, index: int | None) -> None:
        """Post the row under the cursor."""
        entry = None if index is None else self.entries[index]
        if isinstance(entry, RunRow):
            self._highlighted = entry.key
            self.post_message(RunHighlighted(entry))

    def action_choose(self) -> None:
        if self.highlighted is not None:
            self.post_message(RunChosen(self.highlighted))

    def stops(self) -> Sequence[int]:
        """The indexes of the lines with rows, and not with headings."""
        return [index for index, entry in enumerate(self.entries) if isinstance(entry, RunRow)]

    def line_clicked(self, index: int) -> None:
        """Highlight a row. If it is highlighted already, choose it."""
        if index == self.cursor:
            self.action_choose()
        elif index in self.stops():
            self.move_cursor(index, scroll=False)

    def scroll_to_line(self, index: int) -> None:
        """Scroll to a row. For the first row of a section, scroll to the heading too."""
        super().scroll_to_line(index)
        if index and isinstance(self.entries[index - 1], str):
            super().scroll_to_line(index - 1)


def _lay_out(rows: Sequence[RunRow], height: int) -> Iterator[Entry]:
    """The rows and headings, with empty lines between sections if there is room."""
    sections = len({row.section for row in rows} - {""})
    is_roomy = len(rows) + 2 * sections - 1 <= height
    section = ""
    for row in rows:
        if row.section != section:
            if is_roomy and section:
                yield ""
            yield row.section
            section = row.section
        yield row


def _state_of(row: RunRow, note: str) -> Line:
    found: Line = ((f"{FOUND}{row.findings} ", "failed"),) if row.findings else ()
    said = (note, "past") if row.state is None else (f"{GLYPHS[row.state]} {note}".rstrip(), row.state)
    return (*found, said)
