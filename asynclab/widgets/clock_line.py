"""Shows the clock of a lab in one line."""

from __future__ import annotations

from asynclab.model.state import LabState
from asynclab.model.text import cell_width
from asynclab.model.wording.forms import Forms, fitting
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.model.wording.quantities import measured, speed_text
from asynclab.widgets.lines import Line, joined, width_of


def clock_and_block(clock: Line, blocked: Forms, width: int) -> Line:
    """What blocked the loop, if anything did and there is room for it, and the clock."""
    said = f"! {fitting(blocked, width - width_of(clock) - 5)}"
    if not any(blocked) or cell_width(said) + 3 + width_of(clock) > width:
        return clock
    return joined((((said, "failed"),), clock))


def clock_line(state: LabState, now: float, *, chosen: int | None = None, is_over: bool = False) -> Line:
    """How lab time runs, and what holds it up.

    Such as "► 1× · 1.240 s", "paused at 1.204 s · ▸ 3 ready · next worker-2 (chosen)", "✓ done at 2.003 s", or
    "◌ stuck: nothing ready, no timer set · 1.204 s".

    Args:
        state: The state of the present.
        now: Lab seconds.
        chosen: The task that the user chose to run next; None if the loop's own order holds.
        is_over: Whether no more events will come, although none may have said that the run ended.
    """
    at, clock = (measured(now), "text"), state.clock
    if state.outcome is not None:
        ended = (measured(state.ended_at), "text")
        return ((f"{GLYPHS[state.outcome]} {state.outcome}", state.outcome), (" at ", "past"), ended)
    if state.running_to is not None:
        pursued = f"{GLYPHS['running']} to the next event of {state.task_name(state.running_to)}"
        return joined((((pursued, "accent"),), (at,)))
    if state.is_cleaning_up:
        return joined((((f"{GLYPHS['cancelled']} cancelled, cleaning up", "cancelled"),), (at,)))
    if state.is_stalled:
        return joined((((f"{GLYPHS['waiting']} stuck: nothing ready, no timer set", "failed"),), (at,)))
    if is_over and not clock.paused:
        return joined(((("no more events", "past"),), (at,)))
    if not clock.paused:
        speed = "instant" if clock.instant else speed_text(clock.speed)
        return joined((((f"{GLYPHS['running']} {speed}", "past"),), ((measured(now), "past"),)))
    count = len(state.ready_queue)
    ready: Line = ((f"{GLYPHS['ready']} {count:,} ready", "ready"),) if count else (("nothing ready", "past"),)
    following: Line = (("next ", "past"), (state.task_name(chosen), "running"), (" (chosen)", "past"))
    is_chosen = chosen in state.held and chosen != next(iter(state.held))
    return joined(((("paused at ", "ready"), at), ready, *((following,) if is_chosen else ())))
