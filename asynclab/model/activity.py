"""The lines of the activity log: one for each thing worth reading."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

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
    "late",
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
"""Kinds that are shown even for a task that a library created for itself."""


class ActivityLine(msgspec.Struct, frozen=True, gc=False):
    """One line of the log. Its text is clean and short, and doesn't name the task."""

    number: int
    """Counts from 0 in a run, lines that have been dropped included."""
    at: float
    """Lab seconds."""
    task: int | None
    """The task that it is about; None for the run itself, or for other code on the loop."""
    kind: ActivityKind
    forms: tuple[str, ...]
    """Its text, then shorter and shorter forms of it, if there are any, for narrow panes."""

    @property
    def text(self) -> str:
        """The text in full."""
        return self.forms[0]
