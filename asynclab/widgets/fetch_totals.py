"""Shows the totals of a fetch, and the time that it would have taken sequentially."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asynclab.model.wording.quantities import rate_text, size_text
from asynclab.widgets.lines import Line, bar, fit, width_of

GAP: Line = (("  ", ""),)

LAB_TIME = " lab time"
"""Follows seconds that aren't real, because the clock was paused or changed."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over all URLs; times are in lab seconds."""

    ok: int = 0
    failed: int = 0
    cancelled: int = 0
    in_flight: int = 0
    retrying: int = 0
    queued: int = 0
    received: int = 0
    """Bytes."""
    rate: float | None = None
    """Bytes per second, now."""
    took: float = 0.0
    """Since the run began, or until it ended."""
    one_by_one: float = 0.0
    """The sum of all fetches' times, without their time in the queue."""
    is_real_time: bool = True
    """Whether lab time was real time: never paused, stepped or changed."""
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Racer:
    """One way to fetch the list, in a race."""

    name: str
    seconds: float
    """Lab seconds so far."""
    done: int
    of: int
    is_running: bool
    is_real_time: bool = True
    """Whether its lab time was real time."""


def totals_line(totals: Totals, width: int) -> Line:
    """All totals in one line; in a narrow place the sequential time is left out first."""
    counts: Line = ()
    for group in _counts(totals):
        counts = (*counts, *(GAP if counts else ()), *group)
    for received in (_bytes(totals, rate=True), _bytes(totals, rate=False), ()):
        line = (*counts, *(GAP if received else ()), *received)
        if width_of(line) <= width:
            break
    for end in (_saved(totals), _not_real(totals), _took(totals)):
        if end and width_of(line) + width_of(end) + 3 <= width:
            return (*line, ("   ", ""), *end)
    return fit(line, width)


def race_lines(racers: tuple[Racer, ...], expected: float, width: int) -> list[Line]:
    """The ways to fetch a list, one below the other, each with a bar as long as its time.

    Args:
        racers: At least one.
        expected: The seconds that the slowest is expected to take, as far as that is known: the scale of all bars,
            unless one has taken longer.
        width: Cells.
    """
    longest = max(expected, *(racer.seconds for racer in racers)) or 1.0
    remark = 0 if all(racer.is_real_time for racer in racers) else len(LAB_TIME)
    room = max(4, width - 44 - remark)
    return [_lane(racer, longest, room) for racer in racers]


def _lane(racer: Racer, longest: float, room: int) -> Line:
    state = f"{racer.done:,} of {racer.of:,}" if racer.is_running or racer.done < racer.of else "done"
    return (
        (f"{racer.name:<18} ", "past"),
        *bar(racer.seconds / longest, room, "waiting" if racer.is_running else "done"),
        (f" {racer.seconds:8.2f} s", ""),
        (f"  {state}", "past"),
        *(() if racer.is_real_time else ((LAB_TIME, "ready"),)),
    )


def _counts(totals: Totals) -> Iterator[Line]:
    yield ((f"{totals.ok:,} ok", "done"),)
    yield ((f"{totals.failed:,} failed", "failed" if totals.failed else "past"),)
    if totals.in_flight:
        yield ((f"{totals.in_flight:,} in flight", "waiting"),)
    if totals.retrying:
        yield ((f"{totals.retrying:,} retrying", "ready"),)
    if totals.queued:
        yield ((f"{totals.queued:,} queued", "past"),)
    if totals.cancelled:
        yield ((f"{totals.cancelled:,} cancelled", "cancelled"),)


def _bytes(totals: Totals, *, rate: bool) -> Line:
    if not totals.received:
        return ()
    speed = f" · {rate_text(totals.rate)}" if rate and totals.rate else ""
    return ((f"{size_text(totals.received)}{speed}", ""),)


def _saved(totals: Totals) -> Line:
    """Only fetches that succeeded are compared: failing is fast for other reasons."""
    if not (totals.ok and totals.took and totals.one_by_one and totals.is_real_time):
        return ()
    times = totals.one_by_one / totals.took
    faster: Line = ((": ", "past"), (f"{times:.1f}× faster", "strong accent")) if times >= 1.05 else ()
    alone, took = _seconds(totals.one_by_one), _seconds(totals.took)
    if totals.is_running:
        return ((f"one after another {alone}, so far {took}", "past"), *faster)
    return ((f"one after another this would have taken {alone}; took {took}", "past"), *faster)


def _not_real(totals: Totals) -> Line:
    """Times of a paused or changed clock aren't compared."""
    if not totals.took or totals.is_real_time:
        return ()
    return ((f"{_seconds(totals.took)} of the lab's clock, ", "past"), ("which was held or changed", "ready"))


def _took(totals: Totals) -> Line:
    if not totals.took:
        return ()
    return ((_seconds(totals.took), "past"), *(() if totals.is_real_time else ((LAB_TIME, "ready"),)))


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"
