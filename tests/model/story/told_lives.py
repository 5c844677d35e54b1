"""Makes the stories of tasks from real runs and from events."""

import inspect
from collections.abc import Callable

from asynclab.model.events import Event
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story import Retelling, Story
from tests.model.short_histories import lab_with_timeline, timeline_of
from tests.trace.fast_labs import Observed


def tell_life(timeline: Timeline, task: int, state: LabState) -> Story:
    """The story of a task up to the state's time."""
    retelling = Retelling(task)
    story = retelling.tell(timeline, state)
    while retelling.unread:
        story = retelling.tell(timeline, state)
    return story


def story_of(seen: Observed, name: str) -> Story:
    """The story of the task with this name."""
    return tell_life(timeline_of(*seen.events), seen.task(name).id, seen.state)


def told(story: Story) -> list[str]:
    """The sentences of a story, without the totals."""
    return [sentence.text for paragraph in story.paragraphs for sentence in paragraph if sentence.kind != "progress"]


def story_from(task: int, *events: Event) -> Story:
    """The story of a task in a run with only these events."""
    state, timeline = lab_with_timeline(*events)
    return tell_life(timeline, task, state)


def told_of(task: int, *events: Event) -> list[str]:
    """The sentences of a task's story in a run with only these events."""
    return told(story_from(task, *events))


def line_of(function: Callable[..., object], text: str) -> int:
    """The number of a function's first line that contains a text."""
    lines, first = inspect.getsourcelines(function)
    return next(number for number, line in enumerate(lines, first) if text in line)
