"""Many turns in a few figures: which kinds there were, how often each came, and how long it waited."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from asynclab.model.story.turns import Turn


@dataclass(slots=True)
class Alike:
    """Turns that are alike."""

    example: Turn
    """The first of them."""
    count: int = 0
    waited: float = 0.0
    """How long they waited, all together."""
    longest: float = 0.0
    """How long the one waited that did longest."""

    def add(self, turn: Turn) -> None:
        """Count another one."""
        waited = turn.waited
        self.count += 1
        self.waited += waited
        if waited > self.longest:
            self.longest = waited

    def absorb(self, others: Alike) -> None:
        """Count others of the same kind."""
        self.count += others.count
        self.waited += others.waited
        self.longest = max(self.longest, others.longest)


@dataclass(slots=True)
class Summary:
    """A sum of consecutive turns; its memory grows with the number of their kinds, not of the turns."""

    kinds: dict[Hashable, Alike] = field(default_factory=dict)
    """By kind, in the order of first appearance."""
    count: int = 0
    began: float = float("inf")
    """When the first of them began."""
    until: float = 0.0
    """When the step of the last one began."""

    def add(self, turns: Sequence[Turn]) -> None:
        """Sum up more turns, in the order in which they came."""
        for turn in turns:
            alike = self.kinds.get(turn.key)
            if alike is None:
                alike = self.kinds[turn.key] = Alike(turn)
            alike.add(turn)
        if turns:
            self.count += len(turns)
            self.began = min(self.began, turns[0].began)
            self.until = max(self.until, turns[-1].came)

    def absorb(self, other: Summary) -> None:
        """Sum up what another one has summed up."""
        for key, others in other.kinds.items():
            self.kinds.setdefault(key, Alike(others.example)).absorb(others)
        self.count += other.count
        self.began = min(self.began, other.began)
        self.until = max(self.until, other.until)


def alike(turns: Iterable[Turn]) -> Alike:
    """Turns that are known to be alike, at least one, in figures."""
    first, *rest = turns
    found = Alike(first)
    for turn in (first, *rest):
        found.add(turn)
    return found
