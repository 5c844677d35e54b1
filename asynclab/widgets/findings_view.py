"""Shows what was found in a run: a list, the selected finding with its details below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.live_findings import Found
from asynclab.model.state import NOTHING_YET, LabState
from asynclab.model.wording.quantities import plural
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.finding_lines import Evidence, FindingLine, details, heading
from asynclab.widgets.lines import Line
from asynclab.widgets.messages import FindingOpened, TaskSelected

NOTHING = "Nothing found: no rule has proved a bug in this run."
"""What the pane says where there is no finding."""

_RULES = {rule.name: rule for rule in RULES}


class _Entry(NamedTuple):
    """A line, and the finding that it is about."""

    finding: int
    """Its number in the list."""
    row: FindingLine


class FindingsView(CursorView):
    """The findings of a run; posts `FindingOpened` for the one under the cursor, or for an event that shows it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Go to the moment of the finding, or of the event under the cursor", show=False)
    ]

    BORDER_TITLE = "Findings"

    _found: tuple[Found, ...] = ()
    _state = NOTHING_YET
    _evidence_of: Callable[[Found], Sequence[Evidence]] = staticmethod(lambda _: ())
    _left_out = ""
    """How many findings are left out, and why."""
    _selected = 0
    """The number of the finding whose details show."""
    entries: Sequence[_Entry] = ()

    def show(
        self,
        found: tuple[Found, ...],
        state: LabState,
        evidence_of: Callable[[Found], Sequence[Evidence]],
        left_out: str = "",
    ) -> None:
        """Show findings, with their evidence and what is left out and why; repaints only lines that changed."""
        self._evidence_of = evidence_of
        if (found, left_out) == (self._found, self._left_out) and state is self._state:
            return
        self._left_out = left_out
        before = self._found[self._selected].finding.key if self._found else None
        self._found, self._state = found, state
        keys = [each.finding.key for each in found]
        at = self._cursor_in_finding
        self._selected = keys.index(before) if before in keys else 0
        self.lay_out()
        if self.cursor is not None:
            self.cursor = min(self._first_line(self._selected) + at, len(self.entries) - 1) if found else None
        self.set_subtitle(self._summary())
        self.repaint()

    def set_hint(self, hint: str) -> None:
        """Set what it says while it is empty; where findings are left out, that instead."""
        super().set_hint(f"Nothing else found; {self._left_out}." if self._left_out else hint)

    @property
    def selected(self) -> Found | None:
        """The finding whose details show."""
        return self._found[self._selected] if self._found else None

    def compose_line(self, index: int, width: int) -> Line:
        return (self.mark(index), *self.entries[index].row.line)

    def cursor_moved(self, index: int | None) -> None:
        """Show the details of the finding that the cursor has come to, and select its task."""
        if index is None or self.entries[index].finding == self._selected:
            return
        self._select(self.entries[index].finding)

    def begin_somewhere(self) -> None:
        """Put the cursor on the selected finding if it is nowhere."""
        if self.cursor is None and self._found:
            self.cursor = self._first_line(self._selected)
            self._tell_task()
            self.repaint()

    def text_to_copy(self) -> str:
        """The selected finding with its details."""
        lines = (entry.row.line for entry in self.entries if entry.finding == self._selected)
        return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)

    def action_open(self) -> None:
        """Ask for the moment of the finding, or of the event that the line under the cursor is about."""
        self.begin_somewhere()
        if self.cursor is not None:
            entry = self.entries[self.cursor]
            self.post_message(FindingOpened(self._found[entry.finding].finding, entry.row.event))

    def _select(self, number: int) -> None:
        self._selected = number
        self.lay_out()
        self.cursor = self._first_line(number)
        self.fit_content()
        last = max(index for index, entry in enumerate(self.entries) if entry.finding == number)
        self.scroll_to_line(last)
        self.scroll_to_line(self.cursor)
        self._tell_task()

    def _tell_task(self) -> None:
        task = self._found[self._selected].finding.task
        if task is not None:
            self.post_message(TaskSelected(task, is_choice=False))

    def _first_line(self, number: int) -> int:
        return next((index for index, entry in enumerate(self.entries) if entry.finding == number), 0)

    @property
    def _cursor_in_finding(self) -> int:
        """How many lines the cursor is below the first one of its finding."""
        return 0 if self.cursor is None else self.cursor - self._first_line(self._selected)

    def _summary(self) -> Line:
        over = sum(found.is_over for found in self._found)
        holding = len(self._found) - over
        said = [plural(holding, "finding")] if holding else []
        said += [f"{over} over"] if over else []
        said += [self._left_out] if self._left_out else []
        return ((" · ".join(said), "past"),) if said else ()

    def lay_out_for(self, width: int) -> None:
        """Lay out the list, and the details of the selected finding."""
        self.entries = list(self._laid_out(width - 2))

    def _laid_out(self, width: int) -> Iterator[_Entry]:
        for number, found in enumerate(self._found):
            name = self._state.task_name(found.finding.task)
            yield _Entry(number, FindingLine(heading(found, name, width)))
            if number == self._selected:
                rule = _RULES.get(found.finding.rule)
                for row in details(found, rule, self._evidence_of(found), width):
                    yield _Entry(number, row)
