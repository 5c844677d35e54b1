"""The base of screens with panes: moves the focus, zooms, filters and copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.events import Resize

from asynclab.screens.lab.layout import MIDDLE, next_to_show
from asynclab.screens.shared.command import BarEntry, Command
from asynclab.screens.shared.command_screen import CommandScreen, filter_entries

if TYPE_CHECKING:
    from asynclab.screens.lab.run_record import Record
    from asynclab.screens.lab.stage import Stage
    from asynclab.screens.lab.staged_run import StagedRun

command = Command["PaneScreen"]

NARROW, LOW = 100, 30
"""With fewer columns or lines than these, one pane is shown at a time, with tabs for the others."""


class PaneScreen(CommandScreen):
    """A screen with a program on its stage, and a list beside it."""

    list_panes: ClassVar[tuple[str, ...]] = ("demos",)
    """The ids of the panes beside the stage."""
    least_height = LOW
    """From this many lines on, all panes are shown."""
    stage: Stage
    """The panes that show a run. They may be mounted after the first paint."""
    is_staged = True
    """Whether the stage is shown."""
    is_zoomed = False
    """Whether the pane in front has the whole screen."""

    @property
    def program(self) -> StagedRun:
        """The program on the stage."""
        raise NotImplementedError

    @property
    def timed(self) -> Sequence[StagedRun]:
        """The programs that are paused, resumed and sped up together."""
        return (self.program,)

    @property
    def record(self) -> Record:
        """The record of the program's present or latest run."""
        return self.program.record

    @property
    def running(self) -> Record | None:
        """The record of the first running program of `timed`; None if none runs."""
        return next((program.record for program in self.timed if program.is_running), None)

    @property
    def is_paused(self) -> bool:
        """Whether a program runs and its lab time is paused."""
        return self.running is not None and self.running.present.clock.paused

    @property
    def is_furnished(self) -> bool:
        """Whether the stage was created."""
        return "stage" in vars(self)

    @property
    def is_single(self) -> bool:
        """Whether one pane is shown at a time."""
        return self.is_zoomed or self.size.width < NARROW or self.size.height < self.least_height

    @property
    def is_in_list(self) -> bool:
        """Whether the list beside the stage has the focus."""
        return self.focused_pane in self.list_panes

    @property
    def is_hiding(self) -> bool:
        """Whether the zoomed pane or the filter hides something."""
        return self.is_zoomed or self.stage.log_pane.is_filtering

    @property
    def has_lines(self) -> bool:
        """Whether the activity log has lines to filter or copy."""
        return bool(self.record.present.activity)

    @property
    def focused_pane(self) -> str:
        """The id of the pane that has the focus. A filter belongs to its pane."""
        focused = "" if self.focused is None else self.focused.id or ""
        return focused.removesuffix("-filter")

    def lay_out(self) -> None:
        """Show all panes, or one at a time."""
        if self.is_furnished:
            self.set_class(self.is_zoomed, "-zoomed")
            self.stage.is_zoomed = self.is_zoomed
            self.stage.lay_out(self.stage.front, is_single=self.is_single)

    def on_resize(self, event: Resize) -> None:
        self.lay_out()

    def keep_focus(self) -> None:
        """Give the focus to a visible pane if none has it, because Textual removes it from a pane that is hidden."""
        if self.focused is None and self.app.app_focus:
            shown = (self.stage.front,) if self.is_single else self.stage.shown_panes
            self.action_show_pane(next(pane for pane in (self.stage.front, *MIDDLE, "tasks") if pane in shown))

    def action_show_pane(self, pane: str) -> None:
        """Bring a pane to the front and give it the focus."""
        if pane not in self.list_panes:
            self.stage.lay_out(pane, is_single=self.is_single)
        self.set_focus(self.query_one(f"#{pane}"))  # at once, because the next key may already wait
        for view in self.stage.chosen_from:
            if view is self.focused:
                view.begin_somewhere()

    @command("zoom", key="z,m", group="Looking", rank=11, when=lambda screen: not screen.is_in_list or screen.is_zoomed)
    def action_zoom(self) -> None:
        """Give the focused pane the whole screen, and take it back."""
        self.is_zoomed = not self.is_zoomed
        if self.focused_pane in self.stage.panes:
            self.action_show_pane(self.focused_pane)
        self.lay_out()

    @command(
        "view",
        key="w",
        group="Looking",
        rank=10,
        when=lambda screen: screen.is_single or screen.stage.has_turns,
        explains=True,
    )
    def action_view(self) -> None:
        """Show the next of timeline, queues and event loop: in the middle row, or in front."""
        if self.is_single:
            self.action_show_pane(next_to_show(self.stage.front))
        elif self.stage.has_turns:
            self.stage.show_next_in_the_middle()
            self._leave_hidden()
        else:
            self.host.tell("all panes are visible already")

    @command(
        "all tasks",
        key="A",
        group="Looking",
        rank=9,
        bar=lambda screen: ("A", "living" if screen.stage.keeps_ended else "all tasks"),
        when=lambda screen: screen.is_staged and screen.stage.has_too_many_tasks,
    )
    def action_keep_ended(self) -> None:
        """List all tasks, or hide ended ones when there is no room."""
        self.stage.keep_ended(not self.stage.keeps_ended)

    def bar(self) -> tuple[BarEntry, ...]:
        """The entries of the key bar. While a filter is typed, only keys that work then."""
        if self.stage.log_pane.is_typing:
            return self.bar_while_typing(*filter_entries("lines"))
        return super().bar()

    async def action_leave(self) -> None:
        """Clear the filter, or leave the zoomed pane."""
        if self.stage.log_pane.is_filtering:
            await self.stage.log_pane.close_filter()
        else:
            self.is_zoomed = False
            self.lay_out()

    @command(
        "filter",
        key="slash",
        group="Looking",
        rank=14,
        when=lambda screen: screen.has_lines or screen.stage.log_pane.is_filtering,
    )
    async def action_filter(self) -> None:
        """Show only the activity that contains a text, and, if any match, only the tasks whose names contain it."""
        self.action_show_pane("activity")
        await self.stage.log_pane.open_filter()

    @command(
        "copy", key="y", group="Looking", rank=15, when=lambda screen: not screen.is_in_list or bool(screen.selections)
    )
    def action_copy(self) -> None:
        """Copy the text that is selected with the mouse, or else the selected line of the focused pane."""
        self.copy(self.get_selected_text() or self.stage.selected_text(self.focused_pane))

    @command("copy all activity", key="Y", group="Looking", when=lambda screen: screen.has_lines)
    def action_copy_activity(self) -> None:
        """Copy all lines of the activity that the filter shows."""
        self.copy(self.stage.activity.visible_text())

    def _leave_hidden(self) -> None:
        """If the focused pane is hidden now, give the focus to the pane that replaced it."""
        if not self.is_single and self.focused_pane in MIDDLE and self.focused_pane not in self.stage.shown_panes:
            self.action_show_pane(next(pane for pane in MIDDLE if pane in self.stage.shown_panes))

    def go_to_pane(self, by: int) -> None:
        """Move the focus by some panes, among those that can have it."""
        panes = [pane for pane in (*self.list_panes, *self.stage.panes) if self.can_go_to(pane)]
        at = panes.index(self.focused_pane) if self.focused_pane in panes else 0
        self.action_show_pane(panes[(at + by) % len(panes)])

    def can_go_to(self, pane: str) -> bool:
        """Whether the focus can be moved to a pane."""
        if pane in self.list_panes:
            return not self.is_zoomed
        if pane == "concept":
            return self.is_single or self.stage.concept.max_scroll_y > 0
        if pane == "findings" and self.stage.findings.selected is None:
            return not self.is_single and pane in self.stage.shown_panes
        return self.is_single or pane in self.stage.shown_panes
