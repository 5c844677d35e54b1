"""Shows the clock of a lab in one line."""

from __future__ import annotations

from dataclasses import dataclass

from asynclab.model.events import Outcome
from asynclab.model.state import ClockState
from asynclab.model.text import cell_width
from asynclab.model.wording.forms import Forms, fitting
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.model.wording.quantities import measured, speed_text
from asynclab.widgets.lines import Line, joined, width_of


@dataclass(frozen=True, slots=True)
class ClockReading:
    """A lab's clock, and the tasks that it holds back, at one moment."""

    clock: ClockState
    now: float
    """Lab seconds."""
    held: int = 0
    """How many ready tasks a paused lab holds back."""
    outcome: Outcome | None = None
    """How the run ended; None while it runs."""
    chosen: str = ""
    """The name of the task chosen to run next; empty if the loop's own order holds."""
    pursued: str = ""
    """The name of the task to whose next event the lab runs."""
    is_cleaning_up: bool = False
    """Whether the run was cancelled and is cleaning up."""
    is_stalled: bool = False
    """Whether every task is waiting, and nothing could wake one."""
    blocked: Forms = ("",)
    """What blocked the loop, and for how long; empty for nothing."""
    is_over: bool = False
    """Whether no more events will come, although none said that it ended."""


def clock_and_block(reading: ClockReading, width: int) -> Line:
    """What blocked the loop, if there is room for it, and the clock."""
    clock = clock_line(reading)
    blocked = f"! {fitting(reading.blocked, width - width_of(clock) - 5)}"
    if not any(reading.blocked) or cell_width(blocked) + 3 + width_of(clock) > width:
        return clock
    return joined((((blocked, "failed"),), clock))


def clock_line(reading: ClockReading) -> Line:
    """How lab time runs, and what holds it up.

    Such as "► 1× · 1.240 s", "paused at 1.204 s · ▸ 3 ready · next worker-2 (chosen)", "✓ done at 2.003 s", or
    "◌ stuck: nothing ready, no timer set · 1.204 s".
    """
    now = (measured(reading.now), "text")
    if reading.outcome is not None:
        return ((f"{GLYPHS[reading.outcome]} {reading.outcome}", reading.outcome), (" at ", "past"), now)
    if reading.pursued:
        return joined((((f"{GLYPHS['running']} to the next event of {reading.pursued}", "accent"),), (now,)))
    if reading.is_cleaning_up:
        return joined((((f"{GLYPHS['cancelled']} cancelled, cleaning up", "cancelled"),), (now,)))
    if reading.is_stalled:
        return joined((((f"{GLYPHS['waiting']} stuck: nothing ready, no timer set", "failed"),), (now,)))
    if reading.is_over and not reading.clock.paused:
        return joined(((("no more events", "past"),), (now,)))
    if not reading.clock.paused:
        speed = "instant" if reading.clock.instant else speed_text(reading.clock.speed)
        return joined((((f"{GLYPHS['running']} {speed}", "past"),), ((measured(reading.now), "past"),)))
    count = f"{GLYPHS['ready']} {reading.held} ready"
    ready: Line = ((count, "ready"),) if reading.held else (("nothing ready", "past"),)
    chosen: Line = (("next ", "past"), (reading.chosen, "running"), (" (chosen)", "past"))
    return joined(((("paused at ", "ready"), now), ready, *((chosen,) if reading.chosen else ())))
