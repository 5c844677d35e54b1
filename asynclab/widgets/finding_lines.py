"""Lays out a finding: a line in a list, and below it what is wrong, why, how to mend it, and what shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from asynclab.findings.alike import with_others
from asynclab.findings.live_findings import Found
from asynclab.findings.rule import Rule
from asynclab.model.frames import line_of_code
from asynclab.model.text import cell_width, one_line
from asynclab.model.wording.forms import fitting
from asynclab.model.wording.grammar import sentence
from asynclab.model.wording.quantities import measured
from asynclab.widgets.lines import Line, Span, hanging, left_cut_end, right

INDENT, LABEL = 2, 6
"""Cells before a text, and of a label with the gap after it."""

LEAST_ROOM = 16
"""Cells that a text is wrapped for at least."""

TEXT_LIMIT = 2_000
"""The most characters of a text."""


class Evidence(NamedTuple):
    """An event that shows a finding."""

    event: int
    """Which event of the run it is, counted from 1."""
    at: float | None
    """Lab seconds; None where it is no longer kept."""
    words: str


class FindingLine(NamedTuple):
    """A line of the list of findings, without the cursor's mark."""

    line: Line
    event: int | None = None
    """The event that the line is about."""


def mark_of(found: Found) -> Span:
    """The mark of a finding: whether it is proved, only likely, or over."""
    if found.is_over:
        return "·", "past"
    return ("✗", "failed") if found.finding.certainty == "proved" else ("?", "cancelled")


def heading(found: Found, task: str, width: int) -> Line:
    """The line of a finding in the list; where room is short its place is left out first, then its task's name."""
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
    """The lines below it."""
    finding = found.finding
    yield from _paragraph(sentence(with_others(finding.text, found.others)), "past" if found.is_over else "", width)
    if found.is_over:
        yield from _paragraph("It no longer holds: the run went on.", "cancelled", width)
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
