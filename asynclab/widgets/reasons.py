"""Why a task is in its state, in as many words as there is room for."""

from __future__ import annotations

from asynclab.model.events import Wait
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.text import cell_width, one_line
from asynclab.model.words import describe_ending, describe_wait

TEXT_LIMIT = 200
"""The characters of a detail that are looked at; more never fit in a column."""

UNSEEN = "…"
"""Stands for what a task waits for while nobody has looked."""

SHORTER_WAITS = (
    ("queue.", ""),
    (" on queue#", " queue#"),
    (" (full)", ""),
    ("task group of ", "group of "),
    ("inside ", "in "),
    ("reads from a stream", "a stream"),
    (" in wait_for", ""),
)
"""What is said shorter of a wait where room is short, the first things first."""


def reason(task: TaskState, state: LabState, width: int) -> str:
    """What a task waits for, who woke it, or how it ended; where the words don't fit into `width` cells, fewer."""
    match task.state:
        case "waiting":
            return _waits_for(task.waits_for, state, width)
        case "ready":
            return _why_ready(task, state, width)
        case "running":
            return ""
        case "cancelled" if task.cancel_requested_by is not None:
            return f"by {one_line(state.task_name(task.cancel_requested_by), TEXT_LIMIT)}"
        case "cancelled":
            return ""
        case ended:
            return _how_ended(describe_ending(ended, task.detail), width)


def _waits_for(wait: Wait | None, state: LabState, width: int) -> str:
    if wait is None:
        return UNSEEN
    text = describe_wait(wait, state)
    for longer, shorter in SHORTER_WAITS:
        if cell_width(text) <= width:
            break
        text = text.replace(longer, shorter, 1)
    return text


def _why_ready(task: TaskState, state: LabState, width: int) -> str:
    match task.wake_cause:
        case "created":
            return "" if task.steps else _fitting(width, "not started yet", "not started")
        case "task" if task.waker is not None:
            name = one_line(state.task_name(task.waker), TEXT_LIMIT)
            return _fitting(width, f"woken by {name}", f"by {name}")
        case "timer" if _has_timed_out(task, state):
            return _fitting(width, "its timeout expired", "timed out")
        case "timer" if task.waited_for == "sleep":
            return _fitting(width, "its sleep is over", "sleep over")
        case "timer":
            return _fitting(width, "woken by a timer", "by a timer")
        case "cancel":
            return _fitting(width, "cancel() was called", "cancel()")
        case _:
            return _fitting(width, "woken from outside", "from outside")


def _has_timed_out(task: TaskState, state: LabState) -> bool:
    """Whether it was a timeout around the task that made it ready."""
    return any(
        timeout.task == task.id and timeout.outcome == "expired" and timeout.ended_at == task.since
        for timeout in state.timeouts.values()
    )


def _how_ended(text: str, width: int) -> str:
    """Such as "returned 'tea'"; where that is too long only what was returned, as the state is said beside it."""
    how, _, what = text.partition(" ")
    shorter = f"→ {what}" if how == "returned" else what if how == "raised" else text
    return _fitting(width, text, shorter)


def _fitting(width: int, *texts: str) -> str:
    """The first text that fits, else the last."""
    return next((text for text in texts if cell_width(text) <= width), texts[-1])
