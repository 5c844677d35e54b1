"""Describes why a task is in its state, for a column of the task table."""

from __future__ import annotations

from asynclab.model.events import Wait
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.wording.grammar import fitting
from asynclab.model.wording.outcome import ending
from asynclab.model.wording.wait import short_wait
from asynclab.model.wording.wake import Wake, short_wake

UNSEEN = "…"
"""Replaces a wait that was not inspected yet."""


def reason(task: TaskState, state: LabState, width: int) -> str:
    """What a task waits for, what woke it, or how it ended, in the longest form that fits into `width` cells."""
    match task.state:
        case "waiting":
            return UNSEEN if task.waits_for is None else fitting(short_wait(task.waits_for, state), width)
        case "ready":
            return _why_ready(task, state, width)
        case "running":
            return ""
        case "cancelled" if task.cancel_requested_by is None:
            return "leaked" if task.id in state.leaked else ""
        case "cancelled":
            return f"by {state.task_name(task.cancel_requested_by)}"
        case ended:
            return fitting(ending(ended, task.detail), width)


def _why_ready(task: TaskState, state: LabState, width: int) -> str:
    if task.wake_cause == "created" and task.steps:
        return ""  # it has run since, and yielded
    wait = None if task.waited_for is None else Wait(task.waited_for)
    wake = Wake(task.wake_cause, task.waker, wait, timed_out=_has_timed_out(task, state))
    return fitting(short_wake(wake, state), width)


def _has_timed_out(task: TaskState, state: LabState) -> bool:
    """Whether a timeout of the task made it ready."""
    return task.wake_cause == "timer" and any(
        timeout.task == task.id and timeout.outcome == "expired" and timeout.ended_at == task.since
        for timeout in state.timeouts.values()
    )
