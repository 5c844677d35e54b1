"""Says that the screen shows the past, and which moment."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from asynclab.model.wording.quantities import measured
from asynclab.widgets.lines import Line

BACK = "esc now "
KEYS = f"[ ] event by event  {BACK}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the past."""

    number: int
    """The number of events up to it."""
    end: int
    """The number of events up to now."""
    now: float
    """Lab seconds at that moment."""
    what: str
    """The latest event."""


def banner(moment: Moment, width: int) -> Line:
    """The moment being viewed and the way back to the present, in exactly `width` cells.

    Where it is narrow, what had just happened goes first, then which keys lead to other moments, then the end.
    """
    name, event = "◂ the past", f"event {moment.number:,}"
    of, at = f" of {moment.end:,}", measured(moment.now)
    place = f" {name}  {event}{of} · {at}"
    what = f"  {moment.what}" if moment.what else ""
    forms = ((f"{place}{what}", KEYS), (place, KEYS), (place, BACK), (f" {name}  {event}{of}", BACK), ("", BACK))
    for said, keys in forms:
        gap = width - cell_len(said) - cell_len(keys)
        if gap >= 1:
            break
    return ((f"{said}{' ' * max(0, gap)}{keys}", "flag"),)
