"""The life of one task, told in sentences from the events of its run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from asynclab.model.story.beginning import beginning, home_of
from asynclab.model.story.ending import ending, headline, totals
from asynclab.model.story.following import follow
from asynclab.model.story.life import Life
from asynclab.model.story.middle import Teller
from asynclab.model.story.sentences import Sentence, Story

if TYPE_CHECKING:
    from asynclab.model.events import Event
    from asynclab.model.state import LabState

__all__ = ["Life", "Sentence", "Story", "follow", "tell", "tell_life"]


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


def tell(life: Life, state: LabState) -> Story:
    """A life that was followed up to the state's present; at most some sixty sentences, however long it is."""
    task = state.tasks.get(life.task)
    name = state.task_name(life.task)
    home = home_of(life, task)
    paragraphs = (
        tuple(beginning(life, task, state)),
        tuple(Teller(life, state, home).tell(life.turns)),
        tuple(ending(life, state, home)),
        tuple(totals(life, task, state.now)),
    )
    word = None if task is None else task.state
    return Story(name, word, headline(task, name, state), tuple(filter(None, paragraphs)))
