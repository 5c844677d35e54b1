"""The list of a program's event loops, with the state of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from asynclab.model.tasks import StateWord
from asynclab.model.text import one_line
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.code_marks import FOUND
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.lines import Line, left, width_of


@dataclass(frozen=True, slots=True)
class LoopRow:
    """A loop as the list shows it."""

    number: int
    thread: str
    """The name of the thread that runs it."""
    state: StateWord
    tasks: int
    """How many of its tasks are alive; of a loop that has ended, how many it has had."""
    findings: int = 0


@dataclass
class LoopHighlighted(Message):
    """The cursor of the list moved to another loop."""

    number: int


class LoopList(CursorView):
    """The loops in the order in which they were made; posts `LoopHighlighted`."""

    BORDER_TITLE = "Loops"
    entries: tuple[LoopRow, ...] = ()

    def show_rows(self, rows: Sequence[LoopRow], shown: int | None) -> None:
        """Show loops, the cursor on the number of the one on the stage; repaints only lines that changed."""
        self.entries = tuple(rows)
        numbers = [row.number for row in rows]
        self.cursor = numbers.index(shown) if shown in numbers else None
        self.repaint()

    def compose_line(self, index: int, width: int) -> Line:
        """A loop's number and thread; at the right what was found there, its tasks and its state."""
        row = self.entries[index]
        is_picked = index == self.cursor
        found: Line = ((f"{FOUND}{row.findings} ", "failed"),) if row.findings else ()
        state: Line = (*found, (f"{row.tasks:,} {GLYPHS[row.state]}", row.state))
        number = f"{row.number:>2} "
        name = left(one_line(row.thread), max(0, width - len(number) - 2 - width_of(state)))
        return (
            self.mark(index),
            (number, "strong accent" if is_picked else "heading"),
            (f"{name} ", "strong" if is_picked else ""),
            *state,
        )

    def cursor_moved(self, index: int | None) -> None:
        """Post which loop the cursor is on."""
        if index is not None:
            self.post_message(LoopHighlighted(self.entries[index].number))
