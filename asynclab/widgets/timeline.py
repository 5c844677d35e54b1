"""Shows when each task ran, was ready and waited: one lane per task, with time from left to right."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import MouseDown, MouseEvent, MouseMove, MouseUp

from asynclab.model.lanes import Lane, Timeline
from asynclab.model.state import LabState
from asynclab.model.task_tree import TaskRows
from asynclab.model.text import cell_width, one_line
from asynclab.model.timeline.columns import landing
from asynclab.model.timeline.explanation import explain_moment
from asynclab.model.wording.grammar import fitting
from asynclab.widgets.lane_painter import LanePainter, legend, spans
from asynclab.widgets.messages import MomentChosen
from asynclab.widgets.spans import Filled, Line, left
from asynclab.widgets.task_view import TaskTreeView
from asynclab.widgets.time_window import Window, pointer, ruler, width_text

TEXT_LIMIT = 200
"""The most characters of a name or explanation. Longer texts never fit."""

AROUND_SUMMARY = 6
"""Cells of the lower border that the name of a task and its explanation can't use."""


class TimelineView(TaskTreeView):
    """The lanes of a lab's tasks, in the order of the task table. Posts `MomentChosen`.

    The whole run is in sight, until the user scrolls or zooms in time. The part after the moment being viewed is grey.
    Arrows show which tasks woke the task under the cursor.
    """

    BORDER_TITLE = "Timeline"
    ALLOW_SELECT = False  # dragging the mouse moves in time
    HEADER_HEIGHT = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "shift(-1)", "Earlier", show=False),
        Binding("right,l", "shift(1)", "Later", show=False),
        Binding("shift+left,H", "shift(-10)", "Ten columns earlier", show=False),
        Binding("shift+right,L", "shift(10)", "Ten columns later", show=False),
        Binding("home", "begin", "Beginning", show=False),
        Binding("end", "end", "Now", show=False),
        Binding("ctrl+left,less_than_sign", "scroll_time(-1)", "Scroll back", show=False),
        Binding("ctrl+right,greater_than_sign", "scroll_time(1)", "Scroll on", show=False),
        Binding("plus,equals_sign", "zoom_time(1)", "Zoom in", show=False),
        Binding("minus", "zoom_time(-1)", "Zoom out", show=False),
        Binding("F,o", "follow", "Whole run", show=False),
        Binding("e", "go_to_event(1)", "Next event", show=False),
        Binding("E", "go_to_event(-1)", "Event before", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._timeline = Timeline()
        self._now = 0.0
        self.moment: float | None = None
        """The lab time being viewed; None for the present."""
        self._placed_among: TaskRows | None = None
        """The rows for which the cursor was last placed."""
        self.window = Window()
        """The columns in sight."""
        self._painter = LanePainter(self.window)
        self._is_dragging = False

    def show(self, state: LabState, timeline: Timeline, now: float, moment: float | None = None) -> None:
        """Show a run up to lab time `now`.

        `state` is the state at `moment`, the lab time being viewed, or at `now` if that is None.
        """
        if not self.is_news(id(state), id(timeline), state.version, timeline.version, now, moment):
            return
        before, moment_before = self._timeline, self.moment
        self._state, self._timeline, self._now, self.moment = state, timeline, now, moment
        if timeline is not before:
            self._painter.start_over()
            self.window.is_following = True
            self._fit()
        if moment is not None and moment != moment_before:
            self.window.reveal(moment)
        if self._rows is not self._placed_among:
            self._placed_among = self._rows
            self.place_cursor()
        self.repaint()

    def summary(self) -> Line:
        """What the selected task did at the moment being viewed; without one, the meaning of the glyphs."""
        if not self._timeline.version:
            return ()
        task = self.selected
        if task not in self._state.tasks:
            return legend(self.content_width())
        name = one_line(self._state.task_name(task), 30)
        forms = explain_moment(self._timeline, task, self._at, self._state)
        text = fitting(forms, self.content_width() - cell_width(name) - AROUND_SUMMARY)
        return ((name, ""), (f": {one_line(text, TEXT_LIMIT)}", "past"))

    def repaint(self) -> None:
        self.lay_out()
        self.set_subtitle(self.summary())
        super().repaint()

    @property
    def footer_height(self) -> int:
        """1 for a line that names the moment being viewed; 0 if it would hide a lane, so that the ruler names it."""
        lanes = len(self._timeline.lanes)  # of the whole run, so that lines don't jump while the user moves in time
        return int(lanes + self.HEADER_HEIGHT < self.scrollable_content_region.height)

    def compose_header(self, width: int) -> Line:
        """The line with the length of time of a column, and the ruler."""
        if not self._rows:
            return ()
        names = names_width(width)
        window = self.window
        blocked = [(block.begin, block.end) for block in self._state.blocks]
        moment = None if self.footer_height else self._at
        told = f"{width_text(window.scale)}{' a cell' if names > 13 else '/cell' if names > 10 else ''}"
        return (
            (left(f" {told}", names + 1), "past"),
            *ruler(window.scale, window.first, max(0, width - names - 1), blocked, moment),
        )

    def compose_footer(self, width: int) -> Line:
        """The line that names the moment being viewed."""
        names = names_width(width)
        window = self.window
        shown = pointer(window.scale, window.first, max(0, width - names - 1), self._at)
        return ((" " * (names + 1), ""), *shown) if self._rows else ()

    def compose_line(self, index: int, width: int) -> Line:
        row = self._rows[index]
        task = self._state.tasks[row.task]
        names = names_width(width)
        guide = row.guide[-(names // 4 * 2) :]
        name = left(one_line(task.name, TEXT_LIMIT), names - 1 - len(guide))
        cells = self._painter.paint(row.task, index, max(0, width - names - 1))
        head = (self.mark(index), (guide, "past"), (f"{name} ", "past" if task.has_ended else ""))
        return Filled((*head, *spans(cells))) if width > names else head

    def action_shift(self, by: int) -> None:
        """Go some columns earlier or later. After the end, go to the present."""
        column = self.window.scale.column(self._at) + by
        self._look_at(self._landing(max(0, column)))

    def action_begin(self) -> None:
        """Go to the start of the run."""
        self._look_at(0.0)

    def action_end(self) -> None:
        """Go to the present."""
        self._look_at(None)

    def action_scroll_time(self, by: int) -> None:
        """Scroll by half a page."""
        self.window.scroll(by * max(1, self.window.width // 2), self._now)
        self.repaint()

    def action_zoom_time(self, by: int) -> None:
        """Zoom in or out."""
        self.window.zoom(by, self._at)
        self.repaint()

    def action_follow(self) -> None:
        """Show the whole run from now on."""
        self.window.is_following = True
        self._fit()
        self.repaint()

    def action_go_to_event(self, by: int) -> None:
        """Go to the next event of the selected task, or the previous one. If no task is selected, select the first."""
        if self.selected is None:
            self.action_move_to(0)
        lane = self._selected_lane
        at = None if lane is None else lane.time_beside(self._at, by)
        if at is not None:
            self._look_at(at)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Start to drag the moment being viewed."""
        if event.button == 1 and self._look_where(event):
            self._is_dragging = True
            self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """While dragging, go to the moment under the mouse."""
        if self._is_dragging:
            self._look_where(event)

    def on_mouse_up(self, event: MouseUp) -> None:
        """Stop dragging."""
        if self._is_dragging:
            self._is_dragging = False
            self.release_mouse()

    @property
    def _selected_lane(self) -> Lane | None:
        return self._timeline.lanes.get(self.selected or 0)

    @property
    def _at(self) -> float:
        return self._now if self.moment is None else self.moment

    def lay_out_for(self, width: int) -> None:
        """Choose the columns in sight, before lines are composed."""
        columns = max(1, width - names_width(width) - 1)
        if self.moment is None or self.window.width != columns:
            self.window.width = columns
            self._fit()
        self._painter.prepare(self._timeline, self._now, self.moment)
        self._painter.draw_arrows(self.selected, self._rows)

    def _fit(self) -> None:
        """Show the whole run, if the window follows it."""
        goes_on = self._state.outcome is None and not self._state.clock.paused
        self.window.fit(max(self._now, self._timeline.now), goes_on=goes_on)

    def _look_at(self, at: float | None) -> None:
        """Go to a lab time, and post a message. None stands for the present."""
        moment = None if at is None or at >= self._now else at
        if moment == self.moment:
            return
        self.moment = moment
        self.window.reveal(self._at)
        self.repaint()
        self.post_message(MomentChosen(moment))

    def _landing(self, column: int) -> float:
        """The lab time to go to for a column: the start of the interval that the selected task's lane shows there."""
        scale = self.window.scale
        lane = self._selected_lane
        return scale.round_time(column) if lane is None else landing(lane, scale, column)

    def _look_where(self, event: MouseEvent) -> bool:
        """Go to the moment under the mouse, and select the task of its lane. False if no lane or ruler is under it."""
        offset = event.get_content_offset_capture(self)
        width = self.content_width()
        column = offset.x - names_width(width) - 1
        if self._is_dragging:
            column = max(0, min(self.window.width - 1, column))
        else:
            index = offset.y - self.HEADER_HEIGHT
            is_in_a_lane = 0 <= index < self.page_height and index + self.scroll_offset.y < self.line_count()
            is_on_the_ruler = index == -1 and self.line_count() > 0
            if column < 0 or not (is_in_a_lane or is_on_the_ruler):
                return False
            if is_in_a_lane:
                self.move_cursor(index + self.scroll_offset.y, scroll=False)
        self._look_at(self._landing(self.window.first + column))
        return True


def names_width(width: int) -> int:
    """The width of the names in cells. It depends only on the width of the view, so that lanes never move."""
    return max(8, min(24, width // 4))
