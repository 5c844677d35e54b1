"""Which columns of the URL table fit, and how one URL fills them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from asynclab.model.amounts import rate_text, size_text
from asynclab.model.words import plural
from asynclab.widgets.fetch_row import MARKS, UrlRow
from asynclab.widgets.lines import Line, bar, left, left_cut_end, right
from asynclab.widgets.waterfall import legend, waterfall

MARK = 1
"""The cell of the cursor's mark."""

URL = 44
"""The cells of a URL before there are more columns than those of 80: enough for 50 characters with their scheme."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How many cells each column has, with the gap after it; 0 for one that is left out."""

    number: int
    url: int
    state: int
    bar: int
    figure: int
    size: int
    rate: int
    time: int
    left: int
    tries: int
    phases: int


@lru_cache(maxsize=32)
def columns_for(width: int) -> Columns:
    """The columns that fit in so many cells; the least important are left out first.

    They depend on the width alone, so that they never move while URLs come and go.
    """
    state = 16 if width >= 34 else 2
    bars = 7 if width >= 60 else 0
    time = 9 if width >= 69 else 0
    size = 9 if width >= 77 else 0
    number = 5 if width >= 91 else 0
    figure = 6 if width >= 97 else 0
    phases = 20 if width >= 117 else 0
    rate = 11 if width >= 128 else 0
    left = 8 if width >= 160 else 0
    tries = 7 if width >= 170 else 0
    spare = width - MARK - URL - state - bars - time - number - figure - size - phases - rate - left - tries
    if phases:  # all others are there: they share what is left
        phases += min(40, spare // 2)
        bars += min(14, spare // 6)
    url = width - MARK - state - bars - time - number - figure - size - phases - rate - left - tries
    return Columns(number, max(1, url), state, bars, figure, size, rate, time, left, tries, phases)


def header(columns: Columns, scale: float | None) -> Line:
    """The names of the columns.

    Args:
        columns: Which there are.
        scale: The seconds that a whole waterfall stands for; None while there is none.
    """
    text = "".join(
        (
            " " * MARK,
            f"{right('#', columns.number - 1)} " if columns.number else "",
            left_cut_end("url", columns.url),
            left_cut_end("state" if columns.state > 2 else "", columns.state),
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


def cells(row: UrlRow, columns: Columns, scale: float | None) -> Line:
    """What the table says of one URL; without the cursor's mark."""
    mark, part = MARKS[row.state]
    word = f"{mark} {row.word}" if columns.state > 2 else mark
    quiet = "past" if row.state in ("queued", "cancelled") else ""
    return (
        (f"{right(str(row.number), columns.number - 1)} " if columns.number else "", "past"),
        (f"{left(without_scheme(row.url), columns.url - 1)} ", quiet),
        (left_cut_end(word, columns.state - 1) + " ", part),
        *_progress(row, columns, part),
        (right(size_text(row.received) if row.received else "", columns.size), quiet),
        (right(rate_text(row.rate) if row.rate else "", columns.rate), "past"),
        (right("" if row.seconds is None else f"{row.seconds:.2f} s", columns.time), quiet),
        (right("" if row.left is None else f"{row.left:.1f} s", columns.left), "past"),
        (right(str(row.tries) if row.tries > 1 else "", columns.tries), "ready"),
        ("  " if columns.phases else "", ""),
        *(waterfall(row.phases, scale, columns.phases - 2) if columns.phases and scale else ()),
    )


def without_scheme(url: str) -> str:
    """The URL without what nearly all begin with."""
    return url.removeprefix("https://").removeprefix("http://")


def in_words(row: UrlRow) -> str:
    """A row as text to be copied: what it is, how it ended, and its figures."""
    tries = plural(row.tries, "attempt") if row.tries > 1 else ""
    time = "" if row.seconds is None else f"{row.seconds:.3f} s"
    return "\t".join(filter(None, (row.url, row.word, size_text(row.received), time, tries)))


def _progress(row: UrlRow, columns: Columns, part: str) -> Line:
    """The bar and its figure; where the size is not known, the bar is all rest until the URL has ended."""
    fraction = 1.0 if row.state == "ok" else row.fraction
    drawn = bar(fraction, columns.bar - 1, part) if columns.bar else ()
    if row.state == "retrying":
        figure = f"try {row.tries + 1}"
    else:
        figure = "" if fraction is None else f"{int(fraction * 100)}%"
    gap = " " if columns.bar else ""
    return (*drawn, (f"{gap}{left_cut_end(figure, columns.figure - 1)} " if columns.figure else gap, part))
