"""Shows the findings about a run as a list, with details below the selected finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from asynclab.findings.alike import with_others
from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.live_findings import Found
from asynclab.findings.rule import Rule
from asynclab.model.frames import line_of_code
from asynclab.model.state import NOTHING_YET, LabState
from asynclab.model.text import cell_width, one_line
from asynclab.model.wording.grammar import fitting, sentence
from asynclab.model.wording.quantities import measured, plural
from asynclab.widgets.cursor_view import CursorView
from asynclab.widgets.messages import FindingOpened, TaskSelected
from asynclab.widgets.spans import Line, Span, hanging, left_cut_end, right

INDENT, LABEL = 2, 6
"""The width of the indentation, and of a label including the gap after it, in cells."""

LEAST_ROOM = 16
"""Text is wrapped to at least this many cells."""

TEXT_LIMIT = 2_000
"""The most characters of a text."""


class Evidence(NamedTuple):
    """An event that supports a finding."""

    event: int
    """The number of the event in the run, counted from 1."""
    at: float | None
    """Lab seconds; None if the event is no longer kept."""
    words: str


class FindingLine(NamedTuple):
    """A line of the list of findings, without the mark of the cursor."""

    line: Line
    event: int | None = None
    """The number of the event that the line is about; None if it isn't about an event."""


def mark_of(found: Found) -> Span:
    """The mark of a finding. It shows whether the finding is proved, only likely, or over."""
    if found.is_over:
        return "·", "past"
    return ("✗", "failed") if found.finding.certainty == "proved" else ("?", "cancelled")


def heading(found: Found, task: str, width: int) -> Line:
    """The first line of a finding. In a narrow view, its place is left out first, then the name of its task."""
    finding = found.finding
    moment = measured(finding.at)
    room = width - INDENT - len(moment) - 1
    likely = " (likely)" if finding.certainty == "likely" else ""
    times = f" ×{found.others + 1:,}" if found.others else ""
    place = "" if finding.place is None else line_of_code(*finding.place)
    about = [" · ".join(filter(None, parts)) for parts in ((task, place), (task,), ())]
    names = [f"{finding.rule}{likely}{times}", f"{finding.rule}{times}", finding.rule]
    said = fitting(tuple(f"{name}  {more}".rstrip() for name in names for more in about), room)
    name = next(name for name in names if said.startswith(name))
    mark, part = mark_of(found)
    rest = left_cut_end(said[len(name) :], max(0, room - cell_width(name)))
    named = (left_cut_end(name, min(room, cell_width(name))), "past" if found.is_over else "strong")
    return (f"{mark} ", part), named, (rest, "past"), (right(moment, len(moment) + 1), "past")


def details(found: Found, rule: Rule | None, evidence: Sequence[Evidence], width: int) -> Iterator[FindingLine]:
    """The lines with the details of a finding."""
    finding = found.finding
    yield from _paragraph(sentence(with_others(finding.text, found.others)), "past" if found.is_over else "", width)
    if found.is_over:
        yield from _paragraph("It no longer holds: the run continued.", "cancelled", width)
    elif finding.certainty == "likely":
        yield from _paragraph("Likely, not proved: what was recorded allows other explanations.", "cancelled", width)
    if rule is not None:
        yield from _labelled("why", "strong ready", rule.why, width)
        yield from _labelled("mend", "strong accent", rule.mend, width)
    for number, event in enumerate(evidence):
        at = "no longer kept" if event.at is None else measured(event.at)
        yield from _labelled("" if number else "seen", "heading", f"{at}  {event.words}".rstrip(), width, event.event)
    if rule is not None and rule.demo:
        yield from _labelled("learn", "heading", f"asynclab demo {rule.demo}", width)


def _paragraph(text: str, part: str, width: int) -> Iterator[FindingLine]:
    yield from _wrapped((" " * INDENT, ""), text, part, width)


def _labelled(label: str, part: str, text: str, width: int, event: int | None = None) -> Iterator[FindingLine]:
    head = (f"{' ' * INDENT}{label:<{LABEL}}", part)
    yield from _wrapped(head, text, "waiting" if event is not None else "", width, event)


def _wrapped(head: Span, text: str, part: str, width: int, event: int | None = None) -> Iterator[FindingLine]:
    for line in hanging((head,), one_line(text, TEXT_LIMIT), max(LEAST_ROOM + len(head[0]), width), part):
        yield FindingLine(line, event)


NOTHING = "Nothing found: no rule has proved a bug in this run."
"""The text to show if there is no finding."""

_RULES = {rule.name: rule for rule in RULES}


class _Entry(NamedTuple):
    """A line with the finding that it is about."""

    finding: int
    """The index of the finding in the list."""
    row: FindingLine


class FindingsView(CursorView):
    """The findings about a run. Posts `FindingOpened` for the finding under the cursor, or for one of its events."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Go to the moment of the finding, or of the event under the cursor", show=False)
    ]

    BORDER_TITLE = "Findings"

    _found: tuple[Found, ...] = ()
    _state = NOTHING_YET
    _evidence_of: Callable[[Found], Sequence[Evidence]] = staticmethod(lambda _: ())
    _left_out = ""
    """A text that says how many findings are left out, and why."""
    _selected = 0
    """The index of the finding whose details are shown."""
    entries: Sequence[_Entry] = ()

    def show(
        self,
        found: tuple[Found, ...],
        state: LabState,
        evidence_of: Callable[[Found], Sequence[Evidence]],
        left_out: str = "",
    ) -> None:
        """Show findings with their evidence. `left_out` says how many others are left out, and why."""
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
        """Set the text to show while the list is empty. If findings are left out, another text says so."""
        super().set_hint(f"Nothing else found; {self._left_out}." if self._left_out else hint)

    @property
    def selected(self) -> Found | None:
        """The finding whose details are shown."""
        return self._found[self._selected] if self._found else None

    def compose_line(self, index: int, width: int) -> Line:
        return (self.mark(index), *self.entries[index].row.line)

    def cursor_moved(self, index: int | None) -> None:
        """Show the details of the finding under the cursor, and select its task."""
        if index is None or self.entries[index].finding == self._selected:
            return
        self._select(self.entries[index].finding)

    def begin_somewhere(self) -> None:
        """If there is no cursor, put it on the selected finding."""
        if self.cursor is None and self._found:
            self.cursor = self._first_line(self._selected)
            self._tell_task()
            self.repaint()

    def text_to_copy(self) -> str:
        """The selected finding with its details."""
        lines = (entry.row.line for entry in self.entries if entry.finding == self._selected)
        return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)

    def action_open(self) -> None:
        """Post a message for the finding under the cursor, or for the event that its line is about."""
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
        """How many lines the cursor is below the first line of its finding."""
        return 0 if self.cursor is None else self.cursor - self._first_line(self._selected)

    def _summary(self) -> Line:
        over = sum(found.is_over for found in self._found)
        holding = len(self._found) - over
        said = [plural(holding, "finding")] if holding else []
        said += [f"{over} over"] if over else []
        said += [self._left_out] if self._left_out else []
        return ((" · ".join(said), "past"),) if said else ()

    def lay_out_for(self, width: int) -> None:
        """Compose the lines of the list, with the details of the selected finding."""
        self.entries = list(self._laid_out(width - 2))

    def _laid_out(self, width: int) -> Iterator[_Entry]:
        for number, found in enumerate(self._found):
            name = self._state.task_name(found.finding.task)
            yield _Entry(number, FindingLine(heading(found, name, width)))
            if number == self._selected:
                rule = _RULES.get(found.finding.rule)
                for row in details(found, rule, self._evidence_of(found), width):
                    yield _Entry(number, row)
