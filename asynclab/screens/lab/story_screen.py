"""Shows the story of a task: its life in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

import msgspec
from textual.binding import Binding, BindingType

from asynclab.findings.live_findings import Found
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story import Retelling, Sentence, Story
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import sentence
from asynclab.screens.shared.text_modal import MARGIN, ReadingScreen
from asynclab.widgets.spans import Line
from asynclab.widgets.static_lines import StaticLines
from asynclab.widgets.story_lines import WIDEST, story_lines

FoundOf: TypeAlias = Callable[[int], Sequence[Found]]
"""Returns the findings about a task."""

StorySource: TypeAlias = Callable[[], tuple[Timeline, LabState]]
"""Returns the timeline, and the state at the moment being viewed."""

SECONDS_BETWEEN = 0.3
"""Real seconds between two updates of a story."""

FINDING = 2_000
"""The most characters of a finding."""

READS_ON_AFTER = 0.01
"""Real seconds before more of a long life is read. Meanwhile frames are painted and keys are handled."""


class StoryScreen(ReadingScreen[int]):
    """The story of one task, updated while the task runs. The result is the number of the task that was shown last."""

    WIDEST = WIDEST + MARGIN
    KEYS = "tab next · ← parent · → child · y copy · esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "go(1)", "next task", show=False),
        Binding("shift+tab", "go(-1)", "previous task", show=False),
        Binding("left,h", "go_to_parent", "parent", show=False),
        Binding("right,l", "go_to_child", "first child", show=False),
    ]

    def __init__(self, task: int, source: StorySource, found_of: FoundOf = lambda _: ()) -> None:
        """Prepare the story of a task. `found_of` returns the findings about a task, which are added at the end."""
        super().__init__()
        self._source, self._found_of = source, found_of
        self._retelling = Retelling(task)
        self._story: Story | None = None
        self._seen: tuple[object, ...] | None = None
        """What the shown story was made from: the timeline, the version of the state, the task and the findings."""
        self._reads_on = False
        """Whether a timer is set to read more."""

    @property
    def task_id(self) -> int:
        return self._retelling.task

    @property
    def heading(self) -> str:
        return "" if self._story is None else self._story.name

    def text_lines(self, width: int) -> Sequence[Line]:
        return () if self._story is None else story_lines(self._story, width)

    def text_to_copy(self) -> str:
        """The story as text."""
        return "" if self._story is None else self._story.text()

    def on_mount(self) -> None:
        """Show the story, and update it regularly."""
        self.tell()
        self.set_interval(SECONDS_BETWEEN, self.tell)

    def tell(self) -> None:
        """Update the story."""
        timeline, state = self._source()
        found = tuple(self._found_of(self.task_id))
        seen = (timeline, state.version, self.task_id, found)
        if seen != self._seen or self._retelling.unread:
            self._seen = seen
            self._story = with_findings(self._retelling.tell(timeline, state), found)
            self.show_text()
        if self._retelling.unread and not self._reads_on:
            self._reads_on = True
            self.set_timer(READS_ON_AFTER, self._read_on)

    def _read_on(self) -> None:
        self._reads_on = False
        self.tell()

    def action_close(self) -> None:
        """Close the screen, and select the task whose story it showed."""
        self.dismiss(self.task_id)

    def action_go(self, by: int) -> None:
        """Go to the next task in the order of the table, or to the previous one."""
        rows = self._source()[1].rows()
        place = rows.position(self.task_id)
        if place is not None:
            self._turn_to(rows[(place + by) % len(rows)].task)

    def action_go_to_parent(self) -> None:
        """Go to the task that created this one."""
        task = self._task_state()
        if task is not None and task.parent is not None:
            self._turn_to(task.parent)

    def action_go_to_child(self) -> None:
        """Go to the first task that this one created."""
        task = self._task_state()
        if task is not None and task.children:
            self._turn_to(task.children[0])

    def _task_state(self) -> TaskState | None:
        return self._source()[1].tasks.get(self.task_id)

    def _turn_to(self, task: int) -> None:
        if task != self.task_id:
            self._retelling = Retelling(task)
            self.query_one(StaticLines).scroll_home(animate=False)
            self.tell()


def with_findings(story: Story, found: Sequence[Found]) -> Story:
    """The story of a task, with its findings at the end."""
    if not found:
        return story
    said = tuple(Sentence(each.finding.at, "warned", sentence(one_line(each.finding.line, FINDING))) for each in found)
    return msgspec.structs.replace(story, paragraphs=(*story.paragraphs, said))
