"""What the events of a run say of one task: folded once, in their order, into turns and notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from asynclab.model.events import (
    Event,
    LoopBlocked,
    Progressed,
    TaskCollected,
    TaskCreated,
    TaskEnded,
)
from asynclab.model.story.summary import Summary
from asynclab.model.story.turns import Turn, Verb

TURNS_KEPT = 1_000
"""How many turns are kept one by one at the beginning of a life, and at least at its end; others are summed up."""


@dataclass(slots=True)
class Timeout:
    """A deadline that runs."""

    task: int | None
    started: float
    """Lab seconds, as all moments are."""
    deadline: float | None
    """None for one that never comes."""

    @property
    def length(self) -> float | None:
        """Seconds from its start to its deadline."""
        return None if self.deadline is None else self.deadline - self.started


@dataclass(slots=True)
class Life:
    """One task's life as far as it has been followed; `following.follow` takes in more of it."""

    task: int
    turns: list[Turn] = field(default_factory=list)
    """Those that have come to their step, up to now; of a long life the first `TURNS_KEPT` and the last ones."""
    between: Summary = field(default_factory=Summary)
    """The turns between the first and the last ones, if any."""
    created: TaskCreated | None = None
    """None where the events do not go back so far."""
    is_main: bool = False
    """Whether it was the run's first task."""
    turn: Turn | None = None
    """The turn that has not come to its step yet, or whose step is under way."""
    phase: Literal["unknown", "ready", "running", "waiting", "ended"] = "unknown"
    ended: TaskEnded | TaskCollected | None = None
    end: Turn = field(default_factory=lambda: Turn(0.0))
    """Has what its end brought about."""
    complaints: list[tuple[float, str]] = field(default_factory=list)
    """What was complained about when it had ended, and when; the first few."""
    progress: Progressed | None = None
    """Its latest report."""
    blocking: LoopBlocked | None = None
    """The latest report that its step, still under way, blocks the loop."""
    lines_printed: int = 0
    last_cancel: float | None = None
    """When it was last asked to end."""
    steps_since_cancel: int = 0
    failed: set[int] = field(default_factory=set)
    """The tasks that failed."""
    main_has_ended: bool = False
    anybody_created: bool = False
    woken_in_step: Turn | None = None
    """The turn that was made sure of while its step was still under way."""
    speed: float = 1.0
    """Lab seconds per real second; 0 while the lab is paused."""
    timeouts: dict[int, Timeout] = field(default_factory=dict)
    """Everybody's that run."""
    just_expired: dict[int, float] = field(default_factory=dict)
    """The lengths of others' timeouts that expired, until the step of theirs in which they see to that has ended."""
    values: dict[int, int] = field(default_factory=dict)
    """What each primitive's value was last."""
    last_deed: Event | None = None
    """The latest thing that anybody did to a queue or primitive."""

    def come_to(self, turn: Turn) -> None:
        """Let the step of a turn begin."""
        turns = self.turns
        turns.append(turn)
        if len(turns) >= 3 * TURNS_KEPT:
            self.between.add(turns[TURNS_KEPT : 2 * TURNS_KEPT])
            del turns[TURNS_KEPT : 2 * TURNS_KEPT]

    def did(self, verb: Verb, resource: int = 0, thing: str | int | None = None) -> None:
        """Note what the task did in its latest step."""
        if self.turns:
            self.turns[-1].did(verb, resource, thing)

    @property
    def is_forgotten(self) -> bool:
        """Whether its beginning is not among the events."""
        return self.created is None
