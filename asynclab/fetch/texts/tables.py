"""Reads tables: CSV, and cells copied from spreadsheets."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from asynclab.fetch.address import has_scheme
from asynclab.fetch.texts.exact_values import NAMES_OF_URLS, ReadText, host_url, may_hold_url, read_value
from asynclab.fetch.texts.finding import FoundSoFar
from asynclab.fetch.texts.line_search import LineSearch

_HEAD = (
    r"(?:[^\n,;\t|]{0,40}+[,;\t|]){0,20}?"
    rf"[ \"]*+(?=[{''.join({name[0] for name in NAMES_OF_URLS})}])(?:{'|'.join(NAMES_OF_URLS)})[ \"]*+(?:[,;\t|]|\r?$)"
)
"""Matches the names of columns, one of which is a usual name for URLs."""
TABLE = LineSearch(
    rf"(?:\A(?:[^\S\n]*\n)*+ *+|(?<=\n)[ \t]*\n|(?<=:\n)|(?=[^\n,;\t|]{{0,60}}+[,;\t|])(?i:(?={_HEAD})))"
    r"(?=[^\n,;\t|]*[,;\t|][^\n]*\n(?:[^\n,;\t|]*[,;\t|]|\"))",
    re.MULTILINE,
)
"""Finds where a table may begin."""
RULE = re.compile(r"^[ \t]*\+(?:[-=]++\+)++[ \t]*\r?\n", re.MULTILINE)
"""Matches a line of a frame that databases draw around the column names."""
_QUOTE_IN_CELL = re.compile(r'(?:^|[,;\t|])"(?:[^"]|"")*[^",;\t|]""[^",;\t|]', re.MULTILINE)
"""Matches a quote within a quoted cell: only CSV doubles it."""

_BAR_IN_LINK = re.compile(r"(?:\[[^][|\n]{0,200}|L<[^<>|\n]{0,200}|\{\{[^{}\n]{0,200})\|[\w ]{0,40}=? ?https?://")
"""Matches a link of Jira, Confluence or Perl, or a template of a wiki: their bars don't separate columns."""
_TOLD = re.compile(r"\ufeff?\"?sep=([\t,;|:])\"?\r?\n", re.IGNORECASE)
"""Matches a first line that tells Excel the separator."""
_MAIL_IN_CELL = re.compile(r'(?:^|[,;\t|])"(?:From |[!#-9;-~]+:)', re.MULTILINE)
"""Matches the beginning of a mail in a quoted cell."""
_LONGEST_RECORD = 100
_LONGEST_MAIL = 10_000
"""The most lines of a record that has a mail; `_LONGEST_RECORD` is for others. An unclosed quote ends there."""
_WORDS = re.compile(r"[a-z]+")


class Table(NamedTuple):
    """A part of a text that is a table."""

    end: int
    name: str
    separator: str
    rows: list[list[str]]
    names: list[str]
    """The names of the columns; empty if the table has none."""
    url_columns: frozenset[int]
    """The numbers of the columns in which a host without a scheme is a URL."""

    def read(self, finding: FoundSoFar, read: ReadText) -> None:
        """Find the URLs of all cells; a row without URLs is added to the ignored lines."""
        only = self.names.index("url") if {"url", "url_effective"} <= set(self.names) else None
        names = dict(enumerate("" if name in NAMES_OF_URLS else name for name in self.names))
        for number, row in enumerate(self.rows):
            before = finding.noted
            is_head = bool(self.names) and number == 0
            for column, cell in enumerate(row if only is None else row[only : only + 1]):
                if (column in self.url_columns or only is not None) and not is_head:
                    read_value(cell, finding, read, "url")
                elif may_hold_url(cell):
                    read_value(cell, finding, read, names.get(column, ""))
            if before == finding.noted:
                finding.ignore(self.separator.join(row))


def table_at(text: str, start: int) -> tuple[Table | None, int]:
    """The table at an offset, if it has a column of URLs, and the offset before which no other table can begin."""
    told = _TOLD.match(text, start)
    if told is not None:
        return _table(text, told.end(), told[1])
    line_end = text.find("\n", start)
    first = text[start : line_end if line_end >= 0 else len(text)]
    if first.count('"') % 2:
        return None, start
    table, tried = None, start
    for separator in "\t,;|":
        is_in_link = separator == "|" and _BAR_IN_LINK.search(text, start, start + 10_000)
        if table is None and separator in first and not is_in_link:
            table, end = _table(text, start, separator)
            tried = max(tried, end)
    return table, tried


def table_around(text: str, start: int, place: int) -> Table | None:
    """The table that begins at `start`, if `place` is in a cell of it, after the first header of a mail."""
    line = place
    while line > start and (line == place or text[line] in " \t"):  # a header may continue in the next lines
        line = text.rfind("\n", start, line - 1) + 1 or start
    if not _MAIL_IN_CELL.search(text, line, place):
        return None
    tables = (_table(text, start, separator, place)[0] for separator in "\t,;|")
    return next((table for table in tables if table is not None and table.end > place), None)


def table_text(text: str) -> Table:
    """A whole text read as a table; the separator is the most frequent candidate in its first line."""
    first = text.lstrip().partition("\n")[0]
    separator = max("\t,;|", key=first.count)
    try:
        rows = [row for row in csv.reader(text.splitlines(keepends=True), delimiter=separator) if row]
    except csv.Error:
        rows = [line.split(separator) for line in text.splitlines()]
    names = _names(rows[0]) if rows else []
    return Table(len(text), "CSV", separator, rows, names, frozenset(range(max(map(len, rows), default=0))))


def _table(text: str, start: int, separator: str, place: int = sys.maxsize) -> tuple[Table | None, int]:
    lines = _Lines(text, start, _LONGEST_RECORD if place == sys.maxsize else _LONGEST_MAIL)
    rows: list[list[str]] = []
    end = start
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator != "\t")
    try:
        for row in reader:
            if len(row) < max(2, len(rows[0]) if rows else 2) or lines.was_too_long:
                break
            rows.append(row)
            lines.record = 0
            end = lines.position
    except csv.Error:
        return None, end
    if len(rows) < 2:
        return None, end
    names = _names(rows[0])
    columns = _url_columns(rows, names, text, start, separator)
    if not columns and end <= place and not (names and _QUOTE_IN_CELL.search(text, start, end)):
        return None, end
    return Table(end, "TSV" if separator == "\t" else "CSV", separator, rows, names, columns), end


class _Lines:
    """The lines of a text from an offset on, with their position: csv.reader doesn't report it."""

    def __init__(self, text: str, start: int, longest_record: int) -> None:
        self.position = start
        """The offset of the next line."""
        self.record = 0
        """The number of lines in the current record."""
        self.was_too_long = False
        self._text, self._longest_record = text, longest_record

    def __iter__(self) -> Iterator[str]:
        while self.position < len(self._text) and not self.was_too_long:
            end = self._text.find("\n", self.position) + 1 or len(self._text)
            line = self._text[self.position : end]
            self.position = end
            self.record += 1
            self.was_too_long = self.record > self._longest_record
            yield line


def _names(row: list[str]) -> list[str]:
    """The names of the columns, if the first row has them; otherwise empty."""
    names = [cell.strip().lower().removeprefix("\ufeff") for cell in row]
    is_head = all(name and len(name) <= 60 and "://" not in name and not host_url(name) for name in names)
    return names if is_head else []


def _url_columns(rows: list[list[str]], names: list[str], text: str, start: int, separator: str) -> frozenset[int]:
    """The numbers of the columns with URLs. Without column names, a comma may be part of a URL, so it isn't enough."""
    body = rows[1:] if names else rows
    found = set()
    for column in range(len(rows[0])):
        cells = [cell for row in body if (cell := row[column].strip())]
        is_called_so = bool(names) and not NAMES_OF_URLS.isdisjoint(_WORDS.findall(names[column]))
        # In source code, the closing bracket of a call follows the quote.
        with_scheme = sum(has_scheme(cell) for cell in cells if "://" in cell and cell.count(")") <= cell.count("("))
        if with_scheme or (cells and (is_called_so or len(cells) > 1) and all(map(host_url, cells))):
            is_sure = bool(names) or column > 0 or separator == "\t" or text.startswith('"', start)
            if (
                is_sure
                or not any("/" in cell for cell in cells)
                # or an HTTP status of three digits follows the URL
                or (with_scheme == len(cells) and all(re.fullmatch(r"\s*\d{3}\s*", row[1]) for row in body))
            ):
                found.add(column)
    return frozenset(found)
