"""Defines incidents: mistakes of the program that no other field of the state shows.

The findings are made from them, and from the rest of the state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from asynclab.model.events import Event, Wait
from asynclab.model.tasks import Place

INCIDENTS_KEPT = 500
"""The most incidents that are kept; later ones are not."""

ALIKE_KEPT = 25
"""The most incidents of one likeness that are kept. More of them would leave no room for others."""

IncidentKind: TypeAlias = Literal[
    "told",
    "left_behind",
    "left_by_wait",
    "cancel_shared",
    "cancel_raised_again",
    "cancel_kept",
    "cancel_of_another",
    "given_up",
    "block_robbed",
]
"""The kind of an incident: the mistake that its event reports ("told"), or one that was concluded from its event."""

Likeness: TypeAlias = tuple[type[Event], IncidentKind, bool, Place]


@dataclass(frozen=True, slots=True)
class Incident:
    """A mistake of the program, or something that is likely to be one."""

    event: Event
    version: int = field(compare=False)
    """The number of the event in the run, counted from 1."""
    at: float
    """Lab seconds."""
    place: Place | None = None
    """The line of code, such as where the task waited or was created; None if unknown."""
    others: tuple[int, ...] = ()
    """The other tasks involved."""
    kind: IncidentKind = "told"
    is_sure: bool = True
    """Whether it is certainly a mistake."""

    @property
    def likeness(self) -> Likeness | None:
        """A key that is equal for incidents that are alike; None if no line of code is known."""
        return None if self.place is None else (type(self.event), self.kind, self.is_sure, self.place)


@dataclass(frozen=True, slots=True)
class IgnoredCancel:
    """A cancel that a task has ignored, perhaps on purpose."""

    incident: Incident
    wait: Wait
    """What the task waited for when it was cancelled."""
    began: float
    """When that wait began, in lab seconds."""
    is_endless: bool = False
    """Whether it runs in a loop that never ends by itself."""
