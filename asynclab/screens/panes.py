"""Which pane has the focus or the screen, what is filtered, and what is copied out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.css.scalar import Scalar
from textual.events import Resize
from textual.getters import query_one
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from asynclab.model.words import plural
from asynclab.screens.pane_tabs import PaneTabs
from asynclab.widgets.activity_log import ActivityLog
from asynclab.widgets.concept import ConceptPane
from asynclab.widgets.demo_list import DemoList
from asynclab.widgets.gauges import Gauges
from asynclab.widgets.line_view import LineView
from asynclab.widgets.source_view import GUTTER, SourceView
from asynclab.widgets.task_table import TaskTable

if TYPE_CHECKING:
    from asynclab.app import AsyncLabApp

NARROW, LOW = 100, 30
"""Columns and lines below which one pane shows at a time, the others on tabs."""

PANES = {
    "demos": "demos",
    "tasks": "tasks",
    "gauges": "queues",
    "source": "code",
    "activity": "activity",
    "concept": "lesson",
}
"""What can have the focus, in the order of the tab key: ids, and what the tabs call them."""


class PaneScreen(Screen[None]):
    """A screen of panes: a list, and views of one lab."""

    demo_list = query_one(DemoList)
    concept = query_one(ConceptPane)
    tabs = query_one(PaneTabs)
    tasks = query_one(TaskTable)
    gauges = query_one(Gauges)
    source = query_one(SourceView)
    activity = query_one(ActivityLog)

    front = "tasks"
    """The pane that shows where one shows at a time."""
    is_zoomed = False
    """Whether the pane in front has the whole screen."""

    @property
    def lab_app(self) -> AsyncLabApp:
        """The app, as what it is."""
        return cast("AsyncLabApp", self.app)

    @property
    def is_single(self) -> bool:
        """Whether one pane shows at a time."""
        return self.is_zoomed or self.size.width < NARROW or self.size.height < LOW

    @property
    def is_filtering(self) -> bool:
        """Whether the filter is open."""
        return bool(self.query("#filter"))

    def compose_panes(self) -> ComposeResult:
        """The list on the left, the views on the right."""
        with Horizontal(id="body"):
            yield DemoList(id="demos")
            with Vertical(id="stage"):
                yield ConceptPane(id="concept")
                yield PaneTabs({pane: name for pane, name in PANES.items() if pane != "demos"})
                yield TaskTable(id="tasks")
                yield Gauges(id="gauges")
                with Horizontal(id="lower"):
                    yield SourceView(id="source")
                    with Vertical(id="log"):
                        yield ActivityLog(id="activity")

    def on_mount(self) -> None:
        """Let a long lesson be scrolled with keys."""
        self.concept.can_focus = True

    def show_gauges(self, lines: int) -> None:
        """Make room for queues and deadlines, as they come up.

        Args:
            lines: How many lines they take; 0 where there are none.
        """
        self.set_class(lines > 0, "-has-gauges")
        room = min(max(lines, 3), self.size.height // 5) + 2
        height = "1fr" if self.is_single else room
        if self.gauges.styles.height != Scalar.parse(str(height)):
            self.gauges.styles.height = height

    def lay_out(self) -> None:
        """Choose between all panes and one at a time."""
        self.set_class(self.is_single, "-single")
        self.set_class(self.is_zoomed, "-zoomed")
        for pane in PANES:
            self.set_class(pane == self.front, f"-front-{pane}")
        self.tabs.show(self.front)

    def on_resize(self, event: Resize) -> None:
        """Use the room there is."""
        self.lay_out()

    @on(Input.Changed, "#filter")
    def use_filter(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.activity.set_filter(event.value)

    @on(Input.Submitted, "#filter")
    async def keep_filter(self) -> None:
        """Go back to the activity; an empty filter goes away."""
        self.activity.focus()
        if not self.activity.filter_text:
            await self.query("#filter").remove()

    def action_show_pane(self, pane: str) -> None:
        """Bring a pane to the front and give it the focus."""
        if pane != "demos":
            self.front = pane
        self.lay_out()
        self.query_one(f"#{pane}").focus()

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._go(1)

    def action_previous_pane(self) -> None:
        """Go to the pane before."""
        self._go(-1)

    def action_zoom(self) -> None:
        """Give the whole screen to the focused pane, or take it back."""
        focused = self._focused_pane()
        if focused is not None and focused.id != "demos":
            self.front = str(focused.id)
        self.is_zoomed = not self.is_zoomed
        self.lay_out()

    async def action_leave(self) -> None:
        """Drop the filter, or leave the zoomed pane."""
        if self.is_filtering:
            self.activity.focus()
            await self.query("#filter").remove()
            self.activity.set_filter("")
        else:
            self.is_zoomed = False
            self.lay_out()

    async def action_filter(self) -> None:
        """Open the filter of the activity."""
        self.action_show_pane("activity")
        if not self.is_filtering:
            # Only now: with eager tasks, Textual can't mount an Input before its screen is on the stack.
            await self.query_one("#log").mount(Input(placeholder="show lines with …", id="filter", compact=True))
        self.query_one("#filter").focus()

    def action_copy(self) -> None:
        """Copy what the focused pane has selected."""
        pane = self._focused_pane()
        if pane is not None:
            self._copy(selected_text(pane))

    def action_copy_activity(self) -> None:
        """Copy every line of the activity that the filter lets through."""
        self._copy(self.activity.visible_text())

    def _copy(self, text: str) -> None:
        if not text:
            self.lab_app.tell("nothing is selected here")
            return
        self.app.copy_to_clipboard(text)
        self.lab_app.tell(f"copied {plural(len(text.splitlines()), 'line')}, {plural(len(text), 'character')}")

    def _go(self, by: int) -> None:
        panes = [pane for pane in PANES if self._can_go_to(pane)]
        focused = self._focused_pane()
        at = panes.index(str(focused.id)) if focused is not None and focused.id in panes else 0
        self.action_show_pane(panes[(at + by) % len(panes)])

    def _can_go_to(self, pane: str) -> bool:
        if pane == "demos":
            return not self.is_zoomed
        if pane == "concept":
            return self.is_single or self.concept.max_scroll_y > 0
        return self.is_single or self.query_one(f"#{pane}").display

    def _focused_pane(self) -> LineView | None:
        focused = self.focused
        return self.activity if isinstance(focused, Input) else focused if isinstance(focused, LineView) else None


def selected_text(pane: Widget) -> str:
    """What is selected in a pane; where nothing can be, all of it."""
    if isinstance(pane, ActivityLog):
        return pane.cursor_text()
    if isinstance(pane, TaskTable):
        return "" if pane.cursor is None else pane.line_text(pane.cursor)
    if isinstance(pane, SourceView):
        return "\n".join(pane.line_text(index)[GUTTER:] for index in range(pane.line_count())) + "\n"
    if isinstance(pane, LineView):
        return "\n".join(pane.line_text(index) for index in range(pane.line_count()))
    return ""
