"""What the activity log says: one short line for each thing worth telling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from asynclab.model.events import Wait
from asynclab.model.words import describe_wait, length

if TYPE_CHECKING:
    from asynclab.model.state import LabState

ActivityKind: TypeAlias = Literal[
    "created",
    "waits",
    "woke",
    "put",
    "got",
    "task_done",
    "lock",
    "event",
    "timeout",
    "expired",
    "met",
    "cancel",
    "printed",
    "done",
    "failed",
    "cancelled",
    "warned",
    "blocked",
    "progress",
    "run",
    "clock",
    "chosen",
]
"""What a line is about, for its colour and for filters."""

ALWAYS_TOLD: frozenset[ActivityKind] = frozenset({"printed", "failed", "warned", "blocked"})
"""Kinds that are told even of a task that a library created for itself."""


class ActivityLine(msgspec.Struct, frozen=True, gc=False):
    """One line of the log. Its text is clean and short, and doesn't name its subject."""

    number: int
    """Counts from 0 in a run, also over lines that were dropped since."""
    at: float
    """Lab seconds."""
    task: int | None
    """Who it is about; None for the run itself or other code on the loop."""
    kind: ActivityKind
    text: str


def wait_text(wait: Wait, state: LabState) -> str:
    """What is said of a task that begins to wait: "sleeps 1.00 s", "waits for queue.get on queue#1"."""
    match wait.kind:
        case "sleep":
            return "sleeps" if wait.seconds is None else f"sleeps {length(wait.seconds)}"
        case "stream":
            return describe_wait(wait, state)
        case "async_generator" | "library":
            return f"waits {describe_wait(wait, state)}"
        case "unknown":
            return "waits; can't tell for what"
        case "future" | "socket" | "process" | "thread":
            return f"waits for a {describe_wait(wait, state)}"
        case _:
            return f"waits for {describe_wait(wait, state)}"
