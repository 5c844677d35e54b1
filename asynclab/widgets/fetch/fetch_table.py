"""Shows a table of URLs with their states, progress and phases, in the columns that fit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from textual.message import Message
from textual.widget import Widget

from asynclab.fetch.row_lines import GLYPHS
from asynclab.fetch.rows import Row
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import rate_text, size_text
from asynclab.widgets.cursor_view import SelectionView
from asynclab.widgets.fetch.url_words import (
    PARTS,
    URL_LIMIT,
    marked,
    progress,
    rate_of,
    received,
    without_scheme,
    word_of,
)
from asynclab.widgets.fetch.waterfall import legend, waterfall
from asynclab.widgets.spans import Line, bar, left, left_cut_end, right


@dataclass
class UrlSelected(Message):
    """The user selected a URL."""

    view: Widget
    number: int | None
    """The number of the URL; None if none is selected now."""

    @property
    def control(self) -> Widget:
        """The table, which the decorator `on` needs to distinguish tables."""
        return self.view


class FetchTable(SelectionView):
    """A table with a line for each URL. Posts `UrlSelected`. Only rows in sight are read."""

    HEADER_HEIGHT = 1
    entries: Sequence[int] = ()
    """The numbers of the URLs, in the order of the lines."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._now = 0.0
        self._scale: float | None = None

    def show(self, numbers: Sequence[int], rows: Sequence[Row], now: float, scale: float | None) -> None:
        """Show the rows with these numbers, from 1, in this order.

        `numbers` must be a new object if its content has changed. The width of a waterfall stands for `scale` seconds.
        """
        if numbers is not self.entries:
            self.entries = numbers
            self.place_cursor()
        self._rows, self._now, self._scale = rows, now, scale
        self.repaint()

    def line_of(self, number: int) -> int | None:
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
        """Post the URL under the cursor."""
        self.selected = None if index is None else self.entries[index]
        self.post_message(UrlSelected(self, self.selected))


MARK = 1
"""The width of the cursor's mark in cells."""

MARK_OF_STATE = 2
"""The width of a state without its word, in cells."""

WIDE_URL = 44
"""The cells for the URL beside other columns: enough for a URL of 50 characters, shown without its scheme."""

BY_IMPORTANCE = (
    ("state", 16, 17),
    ("bar", 7, 35),
    ("time", 9, 35),
    ("size", 9, 35),
    ("number", 5, WIDE_URL),
    ("figure", 6, WIDE_URL),
    ("phases", 20, WIDE_URL),
    ("rate", 11, WIDE_URL),
    ("left", 8, 68),
    ("tries", 7, 68),
)
"""The other columns, by importance: name, cells, and the cells that the URL must keep for the column to be shown."""


@dataclass(frozen=True, slots=True)
class UrlColumns:
    """The width in cells of each column, including the gap after it; 0 if the column is left out."""

    url: int
    state: int
    number: int = 0
    bar: int = 0
    figure: int = 0
    size: int = 0
    rate: int = 0
    time: int = 0
    left: int = 0
    tries: int = 0
    phases: int = 0


@lru_cache(maxsize=32)
def columns_for(width: int) -> UrlColumns:
    """The columns that fit into `width` cells. The least important columns are left out first.

    They depend only on the width, so that they never move when URLs change.
    """
    taken = {"state": MARK_OF_STATE}
    for name, cells, least_url in BY_IMPORTANCE:
        more = taken | {name: cells}
        if _rest(width, more) < least_url:
            break
        taken = more
    if "phases" in taken:  # the phases and the bar get what is left
        spare = _rest(width, taken) - WIDE_URL
        taken["phases"] += min(40, spare // 2)
        taken["bar"] += min(14, spare // 6)
    return UrlColumns(max(1, _rest(width, taken)), **taken)


def header(columns: UrlColumns, scale: float | None) -> Line:
    """The names of the columns. The width of a waterfall stands for `scale` seconds; None without waterfalls."""
    text = "".join(
        (
            " " * MARK,
            f"{right('#', columns.number - 1)} " if columns.number else "",
            left_cut_end("url", columns.url),
            left_cut_end("state" if columns.state > MARK_OF_STATE else "", columns.state),
            left_cut_end("progress" if columns.figure else "done", columns.bar + columns.figure),
            right("size", columns.size),
            right("rate", columns.rate),
            right("time", columns.time),
            right("left", columns.left),
            right("tries", columns.tries),
        )
    )
    phases = legend(columns.phases - 2, scale) if columns.phases else ()
    return ((text, "past"), ("  " if phases else "", ""), *phases)


def cells(row: Row, now: float, columns: UrlColumns, scale: float | None) -> Line:
    """The row of a URL at lab time `now`, in seconds, without the mark of the cursor."""
    part = PARTS[row.state]
    word = marked(row, word_of(row, now)) if columns.state > MARK_OF_STATE else GLYPHS[row.state]
    quiet = "past" if row.state in ("queued", "cancelled") else ""
    size, rate = received(row), rate_of(row, now) if columns.rate else None
    left_over = None if row.has_ended else row.time_left(now)
    return (
        (f"{right(str(row.number), columns.number - 1)} " if columns.number else "", "past"),
        (f"{_address(row.url, columns.url - 1)} ", quiet),
        (left_cut_end(word, columns.state - 1) + " ", part),
        *_progress(row, columns, part),
        (right(size_text(size) if size else "", columns.size), quiet),
        (right(rate_text(rate) if rate else "", columns.rate), "past"),
        (right("" if row.started_at is None else f"{row.elapsed(now):.2f} s", columns.time), quiet),
        (right("" if left_over is None else f"{left_over:.1f} s", columns.left), "past"),
        (right(str(row.attempts) if row.attempts > 1 else "", columns.tries), "ready"),
        ("  " if columns.phases else "", ""),
        *(waterfall(row.phases.items(now), scale, columns.phases - 2) if columns.phases and scale else ()),
    )


@lru_cache(maxsize=1_024)
def _address(url: str, width: int) -> str:
    """A URL in `width` cells. Cached, because cutting all URLs in sight took half of each frame's time."""
    return left(without_scheme(one_line(url, URL_LIMIT)), width)


def _progress(row: Row, columns: UrlColumns, part: str) -> Line:
    """The bar and its percentage. If the size is unknown, the bar is empty until the URL has ended."""
    fraction = progress(row)
    drawn = bar(fraction, columns.bar - 1, part) if columns.bar else ()
    if row.state == "retrying":
        figure = f"try {row.attempts + 1}"
    else:
        figure = "" if fraction is None else f"{int(fraction * 100)}%"
    gap = " " if columns.bar else ""
    return (*drawn, (f"{gap}{left_cut_end(figure, columns.figure - 1)} " if columns.figure else gap, part))


def _rest(width: int, taken: dict[str, int]) -> int:
    """The cells that other columns leave for the URL."""
    return width - MARK - sum(taken.values())
