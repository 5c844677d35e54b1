"""Words for the ends of tasks and runs."""

from __future__ import annotations

from asynclab.model.events import Outcome
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.text import one_line
from asynclab.model.waits_in_vain import ACQUIRES
from asynclab.model.wording.grammar import Forms, quoted
from asynclab.model.wording.places import in_brackets
from asynclab.model.wording.quantities import measured

COLLECTED = "garbage-collected while pending"

_OF_PROCESSES = ("exit code ", "killed by ")
"""How texts about the end of a process begin. No text of an exception and no repr begins like this."""


def ending(outcome: Outcome, detail: str) -> Forms:
    """How a task or a run ended: "returned 'tea'", "raised ValueError: boom", "cancelled", "exit code 3"."""
    if outcome == "cancelled" or not detail:
        return (outcome,)
    clean = one_line(detail)
    if clean.startswith(_OF_PROCESSES):
        return (clean,)
    return (f"returned {clean}", f"→ {clean}") if outcome == "done" else (f"raised {clean}", clean)


def how_ended(task: TaskState | None) -> str:
    """How and when a task ended: "ended at 0.200 s", "failed at 0.200 s with ValueError: no"."""
    if task is None or task.ended_at is None:
        return "has ended"
    detail = f" with {one_line(task.detail)}" if task.state == "failed" and task.detail else ""
    verb = {"done": "ended", "failed": "failed", "cancelled": "was cancelled"}[task.state]
    return f"{verb} at {measured(task.ended_at)}{detail}"


def unexpected_end(state: LabState, task: TaskState) -> str:
    """Says how a task failed or was cancelled; empty if it ended as it should."""
    how = how_ended(task)
    if task.state == "failed":
        return how
    if task.cancel_requested:
        stood = task.cancelled_in[0] if task.cancelled_in else task.last_wait
        if stood is None or task.cancelled_for is not None or task.coroutine in ACQUIRES:
            return ""
        asked_by, place = task.cancel_requested_by, place_in(stood)
        by = "" if asked_by is None else f" by {quoted(state, asked_by)}"  # unknown if the task was ready
        return f"was cancelled{by}{in_brackets(place)} and ended at {measured(task.ended_at or 0.0)}"
    waker = None if task.waker is None else state.tasks.get(task.waker)
    if waker is not None and waker.state == "cancelled" and task.last_wait and waker.id in task.last_wait.tasks:
        return f"{how}, as {quoted(state, waker.id)} was cancelled"
    return f"{how}, though nobody had asked for that" if task.state == "cancelled" else ""
