"""A story that is told again and again while its task lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from asynclab.model.events import Event
from asynclab.model.state import LabState
from asynclab.model.story.following import follow
from asynclab.model.story.life import Life
from asynclab.model.story.sentences import Story
from asynclab.model.story.telling import tell

READ_AT_ONCE = 10_000
"""How many events are read before there is something to show: of a long run the story is told before all of it is."""


class Recorded(Protocol):
    """The events of a run, as `model.history.History` keeps them."""

    @property
    def events(self) -> Sequence[Event]:
        """Those that are kept, oldest first."""

    @property
    def first(self) -> int:
        """How many events happened before those that are kept."""


class Retelling:
    """Tells one task's story at any moment of its run, and reads each event once while time goes on."""

    def __init__(self, task: int) -> None:
        self.task = task
        self._life = Life(task)
        self._recorded: Recorded | None = None
        self._followed = 0
        """The moment up to which the life was followed, counted in events."""
        self.unread = 0
        """How many events are yet to be read for the story to be complete: tell it again, then."""

    def tell(self, recorded: Recorded, state: LabState) -> Story:
        """The story at the moment of a state.

        Args:
            recorded: The run's events, up to that moment or further.
            state: After so many of them as its version says.
        """
        is_other = recorded is not self._recorded
        if is_other or not recorded.first <= self._followed <= state.version:
            self._recorded, self._followed, self._life = recorded, recorded.first, Life(self.task)
        until = min(state.version, self._followed + READ_AT_ONCE)
        follow(self._life, recorded.events[self._followed - recorded.first : until - recorded.first])
        self._followed = until
        self.unread = state.version - until
        return tell(self._life, state, self.unread)
