"""Many turns in a few figures: which kinds there were, how often each came, and how long it waited."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

from asynclab.model.story.turns import Turn


@dataclass(slots=True)
class Alike:
    """Turns that are alike."""

    example: Turn
    """The first of them."""
    count: int = 0
    waited: float = 0.0
    """How long they waited in total."""
    longest: float = 0.0
    """The longest wait of one of them."""

    def add(self, turn: Turn) -> None:
        """Count another one."""
        waited = turn.waited
        self.count += 1
        self.waited += waited
        if waited > self.longest:
            self.longest = waited


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

    def copy(self) -> Summary:
        """The same sum, to which more can be added."""
        return replace(self, kinds={key: replace(kind) for key, kind in self.kinds.items()})


def alike(turns: Sequence[Turn]) -> Alike:
    """Turns that are known to be alike, at least one, in figures."""
    summary = Summary()
    summary.add(turns)
    (found,) = summary.kinds.values()
    return found
