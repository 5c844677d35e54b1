"""Defines rules, which recognise kinds of bugs, and findings, which are bugs found in a run."""

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
""""proved" if the recorded events have no other explanation than a bug; otherwise "likely"."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One bug that a rule has found in a run."""

    rule: str
    """The name of the rule that found it."""
    text: str
    """The bug in one sentence, with names, numbers and lines."""
    at: float
    """When the bug was seen, in lab seconds."""
    evidence: tuple[int, ...]
    """The numbers of the events that show the bug; the run's first event is 1."""
    task: int | None = None
    place: Place | None = None
    certainty: Certainty = "proved"
    moves: bool = False
    """Whether `place` is only the last known line of running code, so that it differs each time."""

    @property
    def line(self) -> str:
        """The finding as one line of text."""
        likely = " (likely)" if self.certainty == "likely" else ""
        return f"{self.rule}{likely}: {self.text}"

    @property
    def key(self) -> tuple[str, int | None, Place | None]:
        """Equal for each new finding of the same bug."""
        return self.rule, self.task, None if self.moves else self.place


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of bug, and how to recognise it."""

    name: str
    summary: str
    """The bug in one sentence."""
    why: str
    """The harm that the bug does."""
    mend: str
    """How to fix the bug."""
    check: Callable[[LabState], Iterator[Finding]]
    """Yields the findings in a state. It changes nothing, and is fast enough to be called while the program runs."""
    demo: str = ""
    """The name of the demo that teaches the bug; empty if none does."""


def finding_of(
    rule: str, text: str, incident: Incident, task: int | None, certainty: Certainty | None = None
) -> Finding:
    """The finding for an incident. By default it is proved if the incident is sure: then only a bug can explain it."""
    certainty = certainty or ("proved" if incident.is_sure else "likely")
    return Finding(rule, text, incident.at, (incident.version,), task, incident.place, certainty)


def incidents_of(state: LabState, kind: type[AnyEvent]) -> Iterator[tuple[Incident, AnyEvent]]:
    """The incidents whose event is of one kind, each with its event."""
    return ((each, each.event) for each in state.incidents if isinstance(each.event, kind))
