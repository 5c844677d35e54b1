"""Describes, as clauses, what ended the wait of a turn, and what the task did then."""

from __future__ import annotations

from asynclab.model.events import Event, TaskEnded
from asynclab.model.state import LabState
from asynclab.model.story.turns import CancelRequest, Turn
from asynclab.model.wording.grammar import joined, listed
from asynclab.model.wording.quantities import duration, length, measured, plural
from asynclab.model.wording.step_deeds import done
from asynclab.model.wording.wake import ENDED_BY_TASKS, Wake, ends, woke_it

SHOWN_FROM = 0.001
"""A task that was ready for fewer seconds than this, with no task ahead of it, "ran at once"."""


def ended_by(turn: Turn, state: LabState) -> str:
    """What ended the wait: "its timer woke it", "consumer-1 took 'A1' out and woke it"; empty if unknown."""
    expired, cancel = turn.expired, turn.cancel
    timeout = woken = request = ""
    if expired is not None:
        how = " and interrupted it" if turn.cause == "timer" else ""
        timeout = f"its timeout of {length(expired)} expired at {measured(turn.expired_at)}{how}"
    if cancel is not None:
        request = f"at {measured(cancel.at)} {cancelled_by(cancel, state)}"
    is_cut_short = (expired is not None and turn.cause == "timer") or (cancel is not None and cancel.interrupted)
    if not is_cut_short and not (turn.cause == "cancel" and cancel is not None):
        woken = woke_it(Wake(turn.cause, turn.waker, turn.wait, deed=_deed(turn, state)), state)
    return joined(timeout, woken, request)


def cancelled_by(request: CancelRequest, state: LabState) -> str:
    """Which task or code cancelled a task: "main called cancel() on it"."""
    if request.by is None:
        return "the lab cancelled it because main had ended" if request.after_main else "it was cancelled from outside"
    name = state.task_name(request.by)
    if request.timed_out is not None:
        return f"it was cancelled because {name}'s timeout of {length(request.timed_out)} had expired"
    if request.after_failure:
        return f"it was cancelled because {name} had failed"
    return f"{name} called cancel() on it"


def readiness(turn: Turn, state: LabState) -> str:
    """How long the task was ready, and which tasks ran first; empty if it ran at once."""
    time = f"ready for {duration(turn.was_ready)}"
    if turn.chosen_before is not None:
        return f"{time}, until you chose it ahead of {state.task_name(turn.chosen_before)}"
    if turn.went_first_count:
        return f"{time} behind {first_ones(turn, state)}"
    return f"{time} before it ran" if turn.was_ready >= SHOWN_FROM else ""


def first_ones(turn: Turn, state: LabState) -> str:
    """The tasks that ran while this one was ready."""
    names = [state.task_name(task) for task in turn.went_first]
    more = turn.went_first_count - len(names)
    return listed([*names, f"{more:,} more" if more > 0 else ""])


def did(turn: Turn, state: LabState) -> str:
    """What the task did in its step: "put 'A1' into queue#1, woke consumer-1 and printed “Produced A1”"."""
    deeds = [done(deed.verb, deed.resource, deed.objects, deed.count, state) for deed in turn.deeds.values()]
    return listed([*deeds, f"did {plural(turn.more_deeds, 'other thing')}" if turn.more_deeds else ""])


def _deed(turn: Turn, state: LabState) -> Event | None:
    """The event by which the waker ended the task's wait; None if unknown."""
    wait, waker = turn.wait, turn.waker
    if wait is None or waker is None:
        return None
    if waker in wait.tasks and wait.kind in ENDED_BY_TASKS:
        return TaskEnded(turn.came, waker, "done")
    return turn.reason if turn.reason is not None and ends(turn.reason, wait, state) else None
