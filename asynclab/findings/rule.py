"""Defines what a rule says of a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from asynclab.model.events import Event
from asynclab.model.incidents import Incident
from asynclab.model.state import LabState
from asynclab.model.tasks import Place

AnyEvent = TypeVar("AnyEvent", bound=Event)

Certainty: TypeAlias = Literal["proved", "likely"]
"""Whether what was recorded leaves no other explanation."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One bug that a rule has found in a run."""

    rule: str
    """The rule's name."""
    text: str
    """What is wrong, in a sentence with names, numbers and lines."""
    at: float
    """Lab seconds."""
    evidence: tuple[int, ...]
    """Which events of the run show it, counted from 1."""
    task: int | None = None
    place: Place | None = None
    certainty: Certainty = "proved"
    moves: bool = False
    """Whether the place is only where the code was last seen."""

    @property
    def line(self) -> str:
        """The finding in one line."""
        likely = " (likely)" if self.certainty == "likely" else ""
        return f"{self.rule}{likely}: {self.text}"

    @property
    def key(self) -> tuple[str, int | None, Place | None]:
        """The same for a bug that is found again."""
        return self.rule, self.task, None if self.moves else self.place


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of bug, and how to recognise it."""

    name: str
    summary: str
    """What is wrong, in one sentence."""
    why: str
    """Why that matters."""
    mend: str
    """How to mend it."""
    check: Callable[[LabState], Iterator[Finding]]
    """Finds it in a state; pure, and quick enough to be called while the program runs."""
    demo: str = ""
    """The name of the demo that teaches it; empty where none does."""


def finding_of(
    rule: str, text: str, incident: Incident, task: int | None, certainty: Certainty | None = None
) -> Finding:
    """What an incident shows; it is proved where nothing else than a mistake explains it, unless said otherwise."""
    certainty = certainty or ("proved" if incident.is_sure else "likely")
    return Finding(rule, text, incident.at, (incident.version,), task, incident.place, certainty)


def incidents_of(state: LabState, kind: type[AnyEvent]) -> Iterator[tuple[Incident, AnyEvent]]:
    """The incidents that events of one kind tell of, each with its event."""
    return ((each, each.event) for each in state.incidents if isinstance(each.event, kind))
