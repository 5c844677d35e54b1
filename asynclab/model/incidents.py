"""Incidents: mistakes that leave no other trace in the state, each with its task's place at that time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asynclab.model.events import Event, Wait
from asynclab.model.tasks import Place

INCIDENTS_KEPT = 500
"""How many of the first incidents are kept."""

ALIKE_KEPT = 25
"""How many of a kind at one place are kept: later ones seldom add anything, and would crowd out others."""

IncidentKind: TypeAlias = Literal[
    "told",
    "left_behind",
    "cancel_shared",
    "cancel_raised_again",
    "cancel_kept",
    "cancel_of_another",
    "given_up",
    "block_robbed",
]
"""The kind of an incident: its event itself ("told"), or the meaning of a task's end."""

Likeness: TypeAlias = tuple[type[Event], IncidentKind, bool, Place]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that should not happen."""

    event: Event
    version: int = field(compare=False)
    """The number of the event in the run, counted from 1."""
    at: float
    """Lab seconds."""
    place: Place | None = None
    """Where the task stood, or was made."""
    others: tuple[int, ...] = ()
    """The other tasks involved."""
    kind: IncidentKind = "told"
    is_sure: bool = True
    """Whether only a mistake can explain it."""

    @property
    def likeness(self) -> Likeness | None:
        """Equal for incidents that are alike; None if no place is known."""
        return None if self.place is None else (type(self.event), self.kind, self.is_sure, self.place)


@dataclass(frozen=True, slots=True)
class IgnoredCancel:
    """A cancel that a task has ignored, which may be intended."""

    incident: Incident
    wait: Wait
    """What the task waited for when it was cancelled."""
    began: float
    """When that wait had begun, in lab seconds."""
    is_endless: bool = False
    """Whether it runs in a loop that never ends by itself."""
