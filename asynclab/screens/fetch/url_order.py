"""Sorts and filters the rows of the URL table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

from asynclab.fetch.rows import Row, RowState
from asynclab.widgets.fetch.url_words import received, word_of

Sort: TypeAlias = Literal["order", "state", "time", "size", "url"]

SORTS: dict[Sort, str] = {
    "order": "in the order of the text",
    "state": "sorted by state, failed first",
    "time": "sorted by time, slowest first",
    "size": "sorted by size, largest first",
    "url": "sorted by URL",
}
"""The ways to sort, with a description of each."""

_STATE_RANKS: dict[RowState, int] = {"failed": 0, "retrying": 1, "running": 2, "queued": 3, "cancelled": 4, "ok": 5}

_Key: TypeAlias = Callable[[Row, float], Any]

_KEYS: dict[Sort, _Key] = {
    "state": lambda row, now: _STATE_RANKS[row.state],
    "time": lambda row, now: -row.elapsed(now),
    "size": lambda row, now: -received(row),
    "url": lambda row, now: row.url,
}


def next_sort(sort: Sort) -> Sort:
    """The next way to sort."""
    sorts = list(SORTS)
    return sorts[(sorts.index(sort) + 1) % len(sorts)]


def arrange(rows: Sequence[Row], sort: Sort, wanted: str, now: float) -> Sequence[int]:
    """The numbers of the rows to show.

    Args:
        rows: All rows, by their numbers.
        sort: The order. Equal rows keep the order of the list.
        wanted: A text that the URL, state, status or title must contain, in any case; empty for all rows.
        now: The lab time in seconds.
    """
    if sort == "order" and not wanted:
        return range(1, len(rows) + 1)
    shown = [row for row in rows if not wanted or _has(row, wanted.casefold(), now)]
    if sort != "order":
        key = _KEYS[sort]
        shown.sort(key=lambda row: key(row, now))
    return [row.number for row in shown]


def _has(row: Row, wanted: str, now: float) -> bool:
    texts = (row.url, row.state, word_of(row, now), row.page.title)
    return any(wanted in text.casefold() for text in texts)
