"""A life in sentences, from its beginning to its end or to the present."""

from __future__ import annotations

from asynclab.model.state import LabState
from asynclab.model.story.beginning import beginning, home_of
from asynclab.model.story.ending import ending, headline, totals
from asynclab.model.story.life import Life
from asynclab.model.story.middle import Teller
from asynclab.model.story.sentences import Sentence, Story


def tell(life: Life, state: LabState, unread: int = 0) -> Story:
    """A life in at most some sixty sentences, however long it is.

    Args:
        life: Was followed up to the state's present, or up to so many events before.
        state: Has the names and the totals.
        unread: How many events that is; then nothing is told of the end.
    """
    task = state.tasks.get(life.task)
    name = state.task_name(life.task)
    home = home_of(life, task)
    has_begun = life.created is not None or bool(life.turns)
    paragraphs = (
        tuple(beginning(life, task, state)) if has_begun or not unread else (),
        tuple(Teller(life, state, home).tell()),
        (_still_read(unread, state),) if unread else tuple(ending(life, state, home)),
        tuple(totals(life, task, state.now)),
    )
    word = None if task is None else task.state
    return Story(name, word, headline(task, name, state), tuple(filter(None, paragraphs)))


def _still_read(unread: int, state: LabState) -> Sentence:
    return Sentence(None, "run", f"What comes then is being read: {unread:,} of {state.version:,} events are left.")
