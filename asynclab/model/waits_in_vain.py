"""Defines records of past waits, which the rules for findings use: waits in vain, and results that were lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from asynclab.model.events import Wait, WaitKind
from asynclab.model.tasks import Place

WaitKey: TypeAlias = tuple[WaitKind, int, Place]
"""A key that is equal for waits that the same code, queue or primitive can end."""

ACQUIRES = frozenset({"Lock.acquire", "Semaphore.acquire", "Queue.get"})
"""Coroutines that acquire something, and do nothing else."""

MOST_KEPT = 100
"""How many of the latest waits in vain are kept, and how many of the first lost results."""

_NUMBERED = frozenset({"lock", "semaphore", "condition", "queue.get", "queue.put"})

_EACH_ITS_OWN = frozenset({"event", "future"})
"""Kinds of waits for an object that each waiting task may have for itself, as in a hand-written lock."""


@dataclass(frozen=True, slots=True)
class WaitInVain:
    """A wait that was given up, and that only a timeout could have ended: no code and nothing outside the program."""

    task: int
    wait: Wait
    since: float
    until: float


LEFT_SECONDS = 0.5
"""For how many lab seconds a task must have continued since the task that waited for it was cancelled."""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What a task was doing when its gather() failed, its wait() returned, or its waiter was cancelled."""

    waiter: int
    """The number of the task that waited."""
    steps: int
    """How many steps the left task had made by then, or was about to make."""
    is_orphan: bool
    """Whether only that call had the task, so that nobody else can wait for it."""
    cause: Literal["gather failed", "wait returned", "waiter cancelled"] = "gather failed"
    since: float = 0.0
    """Lab seconds at which the waiter ended cancelled."""
    called_at: Place | None = None
    """Where the gather() was called."""
    is_called_again: bool = False
    """Whether the waiter has called that gather() again, for example to retry: then the work is done twice."""
    acts_at: Place | None = None
    """Where the left task changes or prints something after its present wait; None if nowhere."""


@dataclass(frozen=True, slots=True)
class LostHandover:
    """A result that a task never got, because it was cancelled after it was woken and before it ran."""

    task: int
    by: int | None
    """The task that had woken it."""
    result: str
    wait: Wait
    at: float
    version: int
    """The number of the event in the run, counted from 1."""


def key_of(wait: Wait) -> WaitKey | None:
    """The key of a wait; None if it is unknown what could end the wait."""
    if wait.kind in _NUMBERED and wait.number:
        return wait.kind, wait.number, ("", 0)
    if wait.kind in _EACH_ITS_OWN and wait.line:
        return wait.kind, 0, (wait.file, wait.line)
    return None
