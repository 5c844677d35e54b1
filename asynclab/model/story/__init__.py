"""The life of one task, told in sentences from the events of its run."""

from __future__ import annotations

from collections.abc import Iterable

from asynclab.model.events import Event
from asynclab.model.state import LabState
from asynclab.model.story.following import follow
from asynclab.model.story.life import Life
from asynclab.model.story.retelling import Recorded, Retelling
from asynclab.model.story.sentences import Sentence, Story
from asynclab.model.story.telling import tell

__all__ = ["Recorded", "Retelling", "Sentence", "Story", "tell_life"]


def tell_life(events: Iterable[Event], task: int, state: LabState) -> Story:
    """The life of a task, from events.

    Args:
        events: All of the run's, or the later part of them, in their order.
        task: Whose life.
        state: The run's state after these events: it has the names and the totals.
    """
    life = Life(task)
    follow(life, events)
    return tell(life, state)
