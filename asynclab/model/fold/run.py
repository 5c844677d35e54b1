"""How the run as a whole goes: its beginning and end, its clock, and the health of the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asynclab.model.events import (
    ClockChanged,
    EventsDropped,
    LoopBlocked,
    LoopFreed,
    LoopLagged,
    RunEnded,
    RunStarted,
    TaskChosen,
    Warned,
)
from asynclab.model.fold.handler import Handlers
from asynclab.model.fold.output import finish_all_lines
from asynclab.model.tasks import MAIN
from asynclab.model.text import one_line
from asynclab.model.words import describe_ending, measured, names_of, plural, speed_text

if TYPE_CHECKING:
    from asynclab.model.state import LabState


def run_started(state: LabState, event: RunStarted, at: float) -> None:
    """The lab runs."""
    state.name = event.name
    state.epoch = event.epoch - at
    state.started = True
    state.outcome, state.detail, state.leaked = None, "", ()
    state.tell(at, None, "run", "run started")


def run_ended(state: LabState, event: RunEnded, at: float) -> None:
    """The lab has run, and this is how it went."""
    finish_all_lines(state, at)
    state.outcome = event.outcome
    state.detail = event.detail
    state.leaked = event.leaked
    state.tell(at, None, "run", f"run ended: {describe_ending(event.outcome, event.detail)}")
    if event.leaked:
        text = f"{plural(len(event.leaked), 'task')} leaked: {names_of(event.leaked, state)}"
        state.tell(at, None, "run", text)


def clock_changed(state: LabState, event: ClockChanged, at: float) -> None:
    """Lab time goes differently from here on."""
    changes = _clock_changes(state, event)
    state.clock.paused = event.paused
    state.clock.speed = event.speed
    state.clock.instant = event.instant
    if changes:
        state.tell(at, None, "clock", ", ".join(changes))


def task_chosen(state: LabState, event: TaskChosen, at: float) -> None:
    """The order of the ready queue was changed from outside."""
    state.tell(at, event.task, "chosen", f"chosen to go next, ahead of {state.task_name(event.ahead_of)}")


def warned(state: LabState, event: Warned, at: float) -> None:
    """Python or asyncio complained."""
    state.tell(at, event.task, "warned", one_line(event.text))


def loop_blocked(state: LabState, event: LoopBlocked, at: float) -> None:
    """Something keeps the loop from running; told once, until it ends."""
    state.blocked = event
    if state.is_blocking:
        return
    state.is_blocking = True
    file = one_line(event.file.replace("\\", "/").rpartition("/")[2])
    where = f"{f'at {file}:{event.line} ' if file else ''}in {one_line(event.function)}"
    what = "a callback blocks the loop" if event.task is None else "blocks the loop"
    state.tell(at, event.task, "blocked", f"{what}: {event.seconds:.2f} s so far {where}")


def loop_freed(state: LabState, event: LoopFreed, at: float) -> None:
    """The callback that kept the loop from running has ended."""
    state.is_blocking = False
    state.tell(
        at, None, "blocked", f"the callback {one_line(event.function)} blocked the loop for {measured(event.seconds)}"
    )


def loop_lagged(state: LabState, event: LoopLagged, at: float) -> None:
    """Keep a measurement."""
    state.lag.append(event.seconds)


def events_dropped(state: LabState, event: EventsDropped, at: float) -> None:
    """Something happened that nobody will know."""
    state.dropped.events += event.count
    state.tell(at, None, "warned", f"{plural(event.count, 'event')} lost")


def _clock_changes(state: LabState, event: ClockChanged) -> list[str]:
    clock, changes = state.clock, list[str]()
    if event.paused != clock.paused:
        main = state.tasks.get(MAIN)
        is_over = main is not None and main.has_ended  # nobody resumed it: what is left has to clean up
        changes.append("paused" if event.paused else "resumed, as main has ended" if is_over else "resumed")
    if event.speed != clock.speed:
        changes.append(f"speed {speed_text(event.speed)}")
    if event.instant != clock.instant:
        changes.append("idle time is skipped" if event.instant else "idle time is waited for")
    return changes


HANDLERS: Handlers = {
    RunStarted: run_started,
    RunEnded: run_ended,
    ClockChanged: clock_changed,
    TaskChosen: task_chosen,
    Warned: warned,
    LoopBlocked: loop_blocked,
    LoopFreed: loop_freed,
    LoopLagged: loop_lagged,
    EventsDropped: events_dropped,
}
