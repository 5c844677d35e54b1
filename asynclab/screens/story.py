"""The life of one task, to be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeAlias, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize

from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story import Retelling, Story
from asynclab.model.tasks import TaskState
from asynclab.model.wording.quantities import plural
from asynclab.screens.reading import TEXT, ReadingScreen
from asynclab.widgets.lines_view import LinesView
from asynclab.widgets.story_lines import WIDEST, story_lines

if TYPE_CHECKING:
    from asynclab.screens.host import Host

StorySource: TypeAlias = Callable[[], tuple[Timeline, LabState] | None]
"""The timeline and the state of the run that is looked at; None where there is none."""

SECONDS_BETWEEN = 0.3
"""How often the story is told anew while its run goes on."""

READS_ON_AFTER = 0.01
"""Seconds until more of a long run is read: frames are painted and keys are taken meanwhile."""

FRAME = 2
"""Lines of the frame."""


class StoryScreen(ReadingScreen[int]):
    """One task's story, kept up to date; gives back which task it was about at last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "close", show=False),
        Binding("y", "copy", "copy", show=False),
        Binding("tab", "go(1)", "next task", show=False),
        Binding("shift+tab", "go(-1)", "previous task", show=False),
        Binding("left,h", "go_to_parent", "parent", show=False),
        Binding("right,l", "go_to_child", "first child", show=False),
    ]

    def __init__(self, task: int, source: StorySource) -> None:
        """Prepare to tell.

        Args:
            task: Whose story.
            source: Is asked again and again.
        """
        super().__init__()
        self._source = source
        self._retelling = Retelling(task)
        self._story: Story | None = None
        self._seen: tuple[object, int, int] | None = None
        """Of what the story was told last: timeline, state's version, task."""
        self._reads_on = False
        """Whether it is told again soon, as it was not complete."""

    @property
    def task_id(self) -> int:
        """Whose story it is."""
        return self._retelling.task

    def compose(self) -> ComposeResult:
        """The lines."""
        yield LinesView(classes=TEXT)

    def on_mount(self) -> None:
        """Tell, and go on telling."""
        self.tell()
        self.set_interval(SECONDS_BETWEEN, self.tell)

    def on_resize(self, event: Resize) -> None:
        """Wrap the lines anew."""
        self._show()

    def tell(self) -> None:
        """Bring the story up to date."""
        found = self._source()
        if found is None:
            return
        timeline, state = found
        seen = (timeline, state.version, self.task_id)
        if seen != self._seen or self._retelling.unread:
            self._seen = seen
            self._story = self._retelling.tell(timeline, state)
            self._show()
        if self._retelling.unread and not self._reads_on:
            self._reads_on = True
            self.set_timer(READS_ON_AFTER, self._read_on)

    def _read_on(self) -> None:
        self._reads_on = False
        self.tell()

    def action_close(self) -> None:
        """Close, and tell which task it was about."""
        self.dismiss(self.task_id)

    def action_copy(self) -> None:
        """Copy the story as text."""
        if self._story is not None:
            text = self._story.text()
            self.app.copy_to_clipboard(text)
            cast("Host", self.app).tell(f"copied {plural(len(text.splitlines()), 'line')}")

    def action_go(self, by: int) -> None:
        """Tell the story of the next task in the table's order, or of the one before."""
        found = self._source()
        if found is None:
            return
        rows = found[1].rows()
        place = rows.position(self.task_id)
        if place is not None:
            self._turn_to(rows[(place + by) % len(rows)].task)

    def action_go_to_parent(self) -> None:
        """Tell the story of the task that created this one."""
        task = self._task_state()
        if task is not None and task.parent is not None:
            self._turn_to(task.parent)

    def action_go_to_child(self) -> None:
        """Tell the story of the first task that this one created."""
        task = self._task_state()
        if task is not None and task.children:
            self._turn_to(task.children[0])

    def _task_state(self) -> TaskState | None:
        found = self._source()
        return None if found is None else found[1].tasks.get(self.task_id)

    def _turn_to(self, task: int) -> None:
        if task != self.task_id:
            self._retelling = Retelling(task)
            self.query_one(LinesView).scroll_home(animate=False)
            self.tell()

    def _show(self) -> None:
        """Lay the story out for the room there is, and make the frame as high as it is."""
        if self._story is None:
            return
        view = self.query_one(LinesView)
        width = min(self.size.width * 9 // 10, WIDEST + 6)
        lines = story_lines(self._story, width - 5)  # the frame, the padding and the scrollbar
        view.styles.width = width
        view.styles.height = min(len(lines) + FRAME, self.size.height * 9 // 10)
        view.set_title(self._story.name)
        view.set_subtitle((("tab next task · ← parent · → child · y copy · esc close", "past"),))
        view.show(lines)
