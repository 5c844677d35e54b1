"""Stories of tasks that really ran, and how to read them."""

import inspect
from collections.abc import Callable

from asynclab.model.events import Event
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story import Retelling, Story
from tests.model.short_histories import lab_with_timeline, timeline_of
from tests.trace.fast_labs import Observed


def tell_life(timeline: Timeline, task: int, state: LabState) -> Story:
    """The whole life of a task up to the moment of a state."""
    retelling = Retelling(task)
    story = retelling.tell(timeline, state)
    while retelling.unread:
        story = retelling.tell(timeline, state)
    return story


def story_of(seen: Observed, name: str) -> Story:
    """The story of the task with that name."""
    return tell_life(timeline_of(*seen.events), seen.task(name).id, seen.state)


def told(story: Story) -> list[str]:
    """Its sentences, without the totals."""
    return [sentence.text for paragraph in story.paragraphs for sentence in paragraph if sentence.kind != "progress"]


def story_from(task: int, *events: Event) -> Story:
    """The story of a task in a run of these events alone."""
    state, timeline = lab_with_timeline(*events)
    return tell_life(timeline, task, state)


def told_of(task: int, *events: Event) -> list[str]:
    """The sentences of a task's life in a run of these events alone."""
    return told(story_from(task, *events))


def line_of(function: Callable[..., object], text: str) -> int:
    """The number of the first line of a function that contains a text."""
    lines, first = inspect.getsourcelines(function)
    return next(number for number, line in enumerate(lines, first) if text in line)
