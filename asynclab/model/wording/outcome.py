"""Words for the ends of tasks and runs."""

from __future__ import annotations

from asynclab.model.events import Outcome
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import Forms
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
