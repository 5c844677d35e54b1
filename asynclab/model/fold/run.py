"""Folds events of the whole run into the state of a lab: start and end, clock, and blocks and lags of the loop."""

from __future__ import annotations

from itertools import islice

from asynclab.model import events
from asynclab.model.fold.output import finish_all_lines
from asynclab.model.state import Block, LabState
from asynclab.model.tasks import COROUTINES_COUNTED
from asynclab.model.text import one_line
from asynclab.model.wording import deed
from asynclab.model.wording.grammar import names_of
from asynclab.model.wording.outcome import ending
from asynclab.model.wording.quantities import plural


def run_started(state: LabState, event: events.RunStarted, at: float) -> None:
    """Begin a run: forget how an earlier one ended."""
    state.name = event.name
    state.epoch = event.epoch - at
    state.started = True
    state.outcome, state.detail, state.leaked, state.blocks = None, "", (), ()
    _reset_run(state)
    state.tell(at, None, "run", ("run started",))


def run_ended(state: LabState, event: events.RunEnded, at: float) -> None:
    """Note how the run ended."""
    finish_all_lines(state, at)
    state.outcome, state.ended_at = event.outcome, at
    state.detail = event.detail
    state.leaked = event.leaked
    _reset_run(state)
    state.tell(at, None, "run", (f"run ended: {ending(event.outcome, event.detail)[0]}",))
    if event.leaked:
        text = f"{plural(len(event.leaked), 'task')} leaked: {names_of(event.leaked, state)}"
        state.tell(at, None, "run", (text,))


def clock_changed(state: LabState, event: events.ClockChanged, at: float) -> None:
    """Note that the clock was paused, resumed or set to another speed."""
    changes = deed.clock_changed(event, state.clock, is_over=_is_over(state))
    state.clock.paused = event.paused
    state.clock.speed = event.speed
    state.clock.instant = event.instant
    state.clock.kept_real_time &= not (event.paused or event.instant or event.stopped) and event.speed == 1
    if not event.paused:
        state.held.clear()
    if changes:
        state.tell(at, None, "clock", (changes,))


def task_chosen(state: LabState, event: events.TaskChosen, at: float) -> None:
    """Note that the user chose a task to run next."""
    state.mark(event.task, "chosen", at, event)
    state.tell(at, event.task, "chosen", deed.chosen(event, state))


def task_held(state: LabState, event: events.TaskHeld, at: float) -> None:
    """Add a task to the held ones."""
    task = state.tasks.get(event.task)
    if task is not None and not task.has_ended:
        state.held[event.task] = None


def task_released(state: LabState, event: events.TaskReleased, at: float) -> None:
    """Remove a task from the held ones."""
    state.held.pop(event.task, None)


def step_reported(state: LabState, event: events.StepReported, at: float) -> None:
    """Note the result of a request to step."""
    state.step_report = event.outcome
    state.step_reports += 1


def running_to(state: LabState, event: events.RunningTo, at: float) -> None:
    """Note that a paused lab starts to run to a task's next event, or stops doing so."""
    state.running_to = event.task


def end_requested(state: LabState, event: events.EndRequested, at: float) -> None:
    """Note that the run cleans up from now on."""
    state.is_cleaning_up = True


def run_stalled(state: LabState, event: events.RunStalled, at: float) -> None:
    """Note that nothing can wake any task, or that a task was woken after all."""
    state.is_stalled = event.stalled


def warned(state: LabState, event: events.Warned, at: float) -> None:
    """Log a warning of Python or asyncio."""
    state.mark(event.task, "warned", at, event)  # if the task is pending
    state.mark(event.task, "complained", at, event)  # if it has ended
    state.tell(at, event.task, "warned", (one_line(event.text),))


def loop_blocked(state: LabState, event: events.LoopBlocked, at: float) -> None:
    """Note that something blocks the loop. Only the first report of a block is logged."""
    state.blocked = event
    state.mark(event.task, "blocked", at, event)
    state.keeps_others = event.late + event.ready > 0 or _keeps_others(state, event.task, at)
    if state.is_blocking:
        return
    state.is_blocking = True
    state.tell(at, event.task, "blocked", deed.blocks_loop(event))


def loop_freed(state: LabState, event: events.LoopFreed, at: float) -> None:
    """Note that the callback that blocked the loop has ended."""
    report = state.blocked if state.is_blocking else None
    kept_others = report is not None and state.keeps_others
    state.block(Block(None, max(0.0, at - event.seconds), at, event.seconds, report, kept_others, state.version))
    state.is_blocking = False
    state.tell(at, None, "blocked", deed.blocked_loop(event.seconds, event.function))


def loop_lagged(state: LabState, event: events.LoopLagged, at: float) -> None:
    """Keep a measurement of the lag. The loop itself has sent it, so no callback blocks it now."""
    state.lag.append(event.seconds)
    if state.is_blocking and state.blocked is not None and state.blocked.task is None:
        state.is_blocking = False  # no end of a step will report this


def events_dropped(state: LabState, event: events.EventsDropped, at: float) -> None:
    """Count events that were lost."""
    state.dropped.events += event.count
    state.named_after.update(islice(event.named.items(), COROUTINES_COUNTED))
    for outcome, count in event.ended.items():
        state.counts[outcome] += max(0, count)
        state.dropped.tasks += max(0, count)
    state.tell(at, None, "warned", (f"{plural(event.count, 'event')} lost",))


_OUTSIDE = frozenset({"stream", "socket", "process", "thread", "library"})
"""The kinds of waits that may end unnoticed while the loop is blocked."""


def _keeps_others(state: LabState, blocking: int | None, at: float) -> bool:
    """Whether a block delays something: a ready task, a timer that is due, or a wait that may have ended.

    Tasks that wait for other tasks, such as the blocking one, aren't delayed by the block itself.
    """
    for number in state.ready_queue:
        if number != blocking:
            return True
    timers = [call.deadline for call in state.calls.values() if not call.library]
    timers += [each.deadline for each in state.timeouts.values() if each.outcome == "running" and each.task != blocking]
    if any(due is not None and due <= at for due in timers):
        return True
    for task in state.tasks.values():
        wait = task.waits_for
        if wait is not None and (wait.kind in _OUTSIDE or (wait.deadline is not None and wait.deadline <= at)):
            return True
    return False


def _reset_run(state: LabState) -> None:
    """Reset the fields that are only valid during a run."""
    state.held.clear()
    state.running_to = None
    state.is_cleaning_up = state.is_stalled = False


def _is_over(state: LabState) -> bool:
    """Whether the main task has ended."""
    main = state.tasks.get(events.MAIN)
    return main is not None and main.has_ended
