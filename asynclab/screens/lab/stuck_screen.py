"""Shows stuck reports, which say what each task waits for, to read and copy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from asynclab.findings.stuck_report import NAME_WIDTH
from asynclab.model.text import cell_width
from asynclab.screens.shared.text_modal import ReadingScreen
from asynclab.widgets.spans import Line, hanging, wrap

INDENT, GAP = 4, 2
"""Cells before the name of a task, and between two parts of its line."""

HANGING = INDENT + NAME_WIDTH + GAP
"""The indentation of a continued line in cells. It is aligned with the text after the name of a task."""


class StuckScreen(ReadingScreen[None]):
    """The stuck report of each loop at one moment."""

    WIDEST = 160

    def __init__(self, reports: Mapping[str, Sequence[str]]) -> None:
        """Show the lines of each loop's report, by the loop's name. The first line of a report is its summary."""
        super().__init__()
        self._reports = reports

    def show_reports(self, reports: Mapping[str, Sequence[str]]) -> None:
        """Show other reports instead."""
        self._reports = reports
        self.show_text()

    @property
    def heading(self) -> str:
        return "Why nothing moves"

    def text_lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def text_to_copy(self) -> str:
        """All reports, not wrapped."""
        heads = len(self._reports) > 1
        parts = ("\n".join(([name] if heads else []) + list(lines)) for name, lines in self._reports.items())
        return "\n\n".join(parts)

    def _lines(self, width: int) -> Iterator[Line]:
        for number, (name, (verdict, *tasks)) in enumerate(self._reports.items()):
            if number:
                yield ()
            if len(self._reports) > 1:
                yield ((name.upper(), "heading"),)
            yield from (((text, "strong"),) for text in wrap(verdict, width))
            if tasks:
                yield ()
            for line in tasks:
                yield from _wrapped(line, width)


def _wrapped(line: str, width: int) -> Iterator[Line]:
    """Wrap the line of a task: between its parts, or if a part is too long, between words. A hanging indent is used."""
    if cell_width(line) <= width:
        yield ((line, ""),)
        return
    name, *parts = re.findall(r"\s*\S+(?: \S+)*", line)
    head, room = f"{name:<{HANGING}}", width - HANGING
    if cell_width(name) > HANGING - GAP or not parts:
        yield from hanging(((" " * INDENT, ""),), name.strip(), width)
        head = " " * HANGING
    for row in _rows(parts, room):
        for text in wrap(row, room) if cell_width(row) > room else [row]:
            yield ((head + text, ""),)
            head = " " * HANGING


def _rows(parts: Sequence[str], room: int) -> Iterator[str]:
    """Join parts to rows, as many per row as fit."""
    row = ""
    for part in map(str.strip, parts):
        joined = f"{row}{' ' * GAP}{part}" if row else part
        if row and cell_width(joined) > room:
            yield row
            joined = part
        row = joined
    if row:
        yield row
