"""Shows the totals of a fetch, and compares its time with that of a sequential one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from asynclab.fetch.row_lines import comparison, seconds_text
from asynclab.fetch.rows import RowState
from asynclab.fetch.totals import Totals
from asynclab.model.wording.quantities import rate_text, size_text
from asynclab.widgets.fetch.url_words import PARTS
from asynclab.widgets.spans import Line, bar, fit, joined, width_of

GAP = "  "

LAB_TIME = " lab time"
"""Added to times that aren't in real seconds, because the clock was paused or changed."""

COUNTED: dict[RowState, str] = {
    "ok": "ok",
    "failed": "failed",
    "running": "in flight",
    "retrying": "retrying",
    "queued": "queued",
    "cancelled": "cancelled",
}
"""The states in the order of the line, with the word for each."""


class Racer(NamedTuple):
    """One of the ways to fetch a list that are compared."""

    name: str
    totals: Totals
    is_running: bool


def totals_line(totals: Totals, width: int, *, is_running: bool) -> Line:
    """All totals in one line. In a narrow view, the sequential time is left out first."""
    counts = joined(_counts(totals), GAP)
    rate = f" · {rate_text(totals.rate)}" if is_running and totals.is_real_time and totals.rate else ""
    for size in (f"{size_text(totals.wire)}{rate}", size_text(totals.wire)):
        line = joined((counts, ((size, ""),)), GAP) if totals.wire else counts
        if width_of(line) <= width:
            break
    else:
        line = counts
    for end in (_saved(totals, is_running=is_running), _not_real(totals), _took(totals)):
        if end and width_of(line) + width_of(end) + 3 <= width:
            return (*line, ("   ", ""), *end)
    return fit(line, width)


def race_lines(racers: Sequence[Racer], width: int) -> list[Line]:
    """A line for each way to fetch a list, with a bar whose length is its time.

    The longest bar stands for the time of a sequential fetch, or for the longest time so far, if that is longer.
    """
    longest = max(racers[0].totals.one_by_one, *(racer.totals.took for racer in racers)) or 1.0
    remark = 0 if all(racer.totals.is_real_time for racer in racers) else len(LAB_TIME)
    room = max(4, width - 44 - remark)
    return [_lane(racer, longest, room) for racer in racers]


def _lane(racer: Racer, longest: float, room: int) -> Line:
    totals = racer.totals
    done = totals.ended - totals.counts["cancelled"]
    state = f"{done:,} of {totals.rows:,}" if racer.is_running or done < totals.rows else "done"
    return (
        (f"{racer.name:<18} ", "past"),
        *bar(totals.took / longest, room, "waiting" if racer.is_running else "done"),
        (f" {totals.took:8.2f} s", ""),
        (f"  {state}", "past"),
        *(() if totals.is_real_time else ((LAB_TIME, "ready"),)),
    )


def _counts(totals: Totals) -> Iterator[Line]:
    """The counts of ok and failed URLs, and those of other states if they aren't 0."""
    for state, word in COUNTED.items():
        count = totals.counts[state]
        if count or state in ("ok", "failed"):
            yield ((f"{count:,} {word}", PARTS[state] if count or state == "ok" else "past"),)


def _saved(totals: Totals, *, is_running: bool) -> Line:
    times, faster = comparison(totals)
    if not times:
        return ()
    so_far = " so far" if is_running else ""
    return ((f"{times}{so_far}", "past"), *(((faster[:2], "past"), (faster[2:], "strong accent")) if faster else ()))


def _not_real(totals: Totals) -> Line:
    """The time of a fetch whose clock was paused or changed, which can't be compared."""
    if not totals.took or totals.is_real_time:
        return ()
    return ((f"{seconds_text(totals.took)} lab time: ", "past"), ("the clock was paused or changed", "ready"))


def _took(totals: Totals) -> Line:
    if not totals.took:
        return ()
    return ((seconds_text(totals.took), "past"), *(() if totals.is_real_time else ((LAB_TIME, "ready"),)))
