"""A life in sentences, from its beginning to its end or to the present."""

from __future__ import annotations

from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story.beginning import beginning, home_of
from asynclab.model.story.ending import ending, headline, totals
from asynclab.model.story.life import Life
from asynclab.model.story.middle import Teller
from asynclab.model.story.sentences import Sentence, Story
from asynclab.model.wording.quantities import plural

READ_AT_ONCE = 5_000
"""How many intervals are read before there is something to show: of a long life the first part is told early."""


def tell(life: Life, state: LabState, unread: int = 0) -> Story:
    """A life in some sixty sentences at most, however long it is.

    If `unread` intervals are left up to the moment of the state, only the beginning is told.
    """
    task = state.tasks.get(life.task)
    name = state.task_name(life.task)
    home = home_of(life, task)
    teller = Teller(life, state, home)
    has_begun = life.created is not None or bool(life.turns)
    paragraphs = (
        tuple(beginning(life, task, state)) if has_begun or not unread else (),
        tuple(teller.begin() if unread else teller.tell()),
        (_being_read(unread),) if unread else tuple(ending(life, state, home)),
        tuple(totals(life, task, state.now)),
    )
    word = None if task is None else task.state
    return Story(name, word, headline(task, name, state), tuple(filter(None, paragraphs)))


class Retelling:
    """Tells one task's story at any moment of its run. As time advances, each part of the lane is read once."""

    def __init__(self, task: int) -> None:
        self.task = task
        self._life = Life(task)
        self._timeline: Timeline | None = None
        self._version = 0
        """The moment up to which the life was told, counted in events."""
        self.unread = 0
        """How many intervals are still unread; while there are any, the story must be told again."""

    def tell(self, timeline: Timeline, state: LabState) -> Story:
        """The story at the moment of a state; the timeline may go further."""
        if timeline is not self._timeline or state.version < self._version or self._life.has_missed(timeline):
            self._timeline, self._life = timeline, Life(self.task)
        self._version = state.version
        self.unread = self._life.read(timeline, state, READ_AT_ONCE)
        return tell(self._life, state, self.unread)


def _being_read(unread: int) -> Sentence:
    return Sentence(None, "run", f"The rest is being read: {plural(unread, 'interval')} left.")
