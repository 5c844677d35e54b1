"""What is known of one task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asynclab.model.events import Wait, WakeCause

StateWord: TypeAlias = Literal["ready", "running", "waiting", "done", "failed", "cancelled"]
"""The states of a task, in the words that every view uses."""

ENDED: frozenset[StateWord] = frozenset({"done", "failed", "cancelled"})


@dataclass(slots=True)
class Progress:
    """How far a task says it is."""

    done: float
    total: float | None = None
    unit: str = ""


@dataclass(slots=True)
class TaskState:
    """A task as the events so far describe it. Times are lab seconds unless they say otherwise."""

    id: int
    name: str
    coroutine: str = ""
    parent: int | None = None
    children: list[int] = field(default_factory=list)
    file: str = ""
    line: int = 0
    internal: bool = False
    state: StateWord = "ready"
    since: float = 0.0
    """When the present state began."""
    created_at: float = 0.0
    ended_at: float | None = None
    running_seconds: float = 0.0
    """Real seconds spent in its steps."""
    ready_seconds: float = 0.0
    """Spent in the ready queue, up to `since`."""
    waiting_seconds: float = 0.0
    """Spent suspended, up to `since`."""
    steps: int = 0
    wakes: int = 0
    self_wakes: int = 0
    """Steps that ended by asking for another turn at once."""
    waker: int | None = None
    """The task that last made it ready."""
    wake_cause: WakeCause = "created"
    waits_for: Wait | None = None
    """Known while it waits and was looked at since it began to; None otherwise."""
    progress: Progress | None = None
    last_fraction: float | None = None
    """How far it was, from 0 to 1, when it last stopped waiting; None where that can't be told."""
    cancel_requested_by: int | None = None
    cancel_requested: bool = False
    woken_in_step: bool = False
    """Whether it became ready again while its own step still ran."""
    detail: str = ""
    """Once ended: the repr of its result, or its exception in one line."""
    tree: tuple[str, ...] = ()
    """What is in that exception, or caused it, drawn as a tree in some lines."""

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED
