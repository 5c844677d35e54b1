"""Defines the lines of the activity log, which tells what the tasks do."""

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
"""The subject of a line, for its colour and for filters."""

ALWAYS_TOLD: frozenset[ActivityKind] = frozenset({"printed", "failed", "warned", "blocked"})
"""The kinds that are logged even for a library's internal tasks."""


class ActivityLine(msgspec.Struct, frozen=True, gc=False):
    """One line of the log. Its text is clean and short, and doesn't contain the task's name."""

    number: int
    """The number of the line in its run, from 0. Dropped lines count too."""
    at: float
    """Lab seconds."""
    task: int | None
    """The task that the line is about; None for the run itself, or for code outside of all tasks."""
    kind: ActivityKind
    forms: tuple[str, ...]
    """The text, followed by shorter forms of it for narrow panes, if there are any."""

    @property
    def text(self) -> str:
        """The full text."""
        return self.forms[0]
