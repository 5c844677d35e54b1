"""A life in sentences, from its beginning to its end or to the present."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asynclab.model.story.beginning import beginning, home_of
from asynclab.model.story.ending import ending, headline, totals
from asynclab.model.story.life import Life
from asynclab.model.story.middle import Teller
from asynclab.model.story.sentences import Story

if TYPE_CHECKING:
    from asynclab.model.state import LabState


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
