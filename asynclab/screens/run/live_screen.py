"""The Run screen for a program that asynclab has started. A pane shows the program's terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key
from textual.geometry import Size
from textual.getters import query_one

from asynclab.screens.lab.layout import FRAME, STAGE_PANES
from asynclab.screens.lab.pane_screen import LOW
from asynclab.screens.lab.stage import Stage
from asynclab.screens.run.live_program import LiveProgram
from asynclab.screens.run.run_screen import RunScreen
from asynclab.screens.run.terminal_pane import WAY_OUT, TerminalPane
from asynclab.screens.shared.command import BarEntry, Command, shown_key

command = Command["LiveScreen"]

LEAST_TERMINAL = 6
"""The fewest lines of the terminal if all panes are shown, without its frame."""

AROUND_TERMINAL = Size(3, 5)
"""The columns and lines around a terminal that is shown alone: frame, scrollbar, title bar, tabs and key bar."""


class LiveStage(Stage):
    """The panes that show a loop, and the terminal of its program below them."""

    panes: ClassVar[Mapping[str, str]] = STAGE_PANES | {"terminal": "terminal"}
    terminal = query_one(TerminalPane)

    def __init__(self, live: LiveProgram, *, id: str | None = None) -> None:
        """Make the panes."""
        super().__init__(files=live.files, in_the_middle="timeline", keeps_ended=False, id=id)
        self._live = live

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield TerminalPane(self._live, id="terminal")

    @property
    def said_of_nothing(self) -> Mapping[str, str]:
        if self._live.has_ended:
            said = "ran no asyncio task"
        else:
            said = "is starting" if self._live.is_starting else "has run no asyncio task so far"
        return {**super().said_of_nothing, "tasks": f"The program {said}. Press o for its terminal."}

    @property
    def shown_panes(self) -> frozenset[str]:
        return super().shown_panes | {"terminal"}

    def is_seen(self, pane: str) -> bool:
        """Whether a pane is shown. The lesson isn't, if the terminal is the pane in front."""
        is_alone = self.is_single and self.front == "terminal"
        return super().is_seen(pane) and not (is_alone and pane == "concept")

    def _share_the_room(self) -> None:
        """Give the terminal a quarter of the lines, and divide the other lines."""
        self.lines_below = max(LEAST_TERMINAL, self.screen.size.height // 4 - FRAME) + FRAME
        self._set_height(self.terminal, self.lines_below)
        super()._share_the_room()
        if self.is_single and not self.is_zoomed and self.front != "terminal":
            # The size that it will have in front, because a full-screen program would notice a change of size.
            columns, lines = self.screen.size - AROUND_TERMINAL
            self._live.resize(max(1, columns), max(1, lines))


class LiveScreen(RunScreen):
    """A program that runs, its loops and its terminal."""

    least_height = LOW + LEAST_TERMINAL + FRAME

    def __init__(self, live: LiveProgram) -> None:
        super().__init__(live)
        self.live = live
        self._told_end = False

    def make_stage(self) -> Stage:
        return LiveStage(self.live, id="stage")

    def begin(self) -> None:
        """Start the program when its terminal has its size."""
        self.call_after_refresh(super().begin)

    @property
    def is_typing(self) -> bool:
        """Whether keys go to the program."""
        return self.live.is_live and self.focused_pane == "terminal"

    def takes_key(self, event: Key) -> bool:
        """Pass a key to the program if its terminal has the focus. Returns whether it has."""
        if not self.is_typing or event.key == WAY_OUT:
            return False
        self.query_one(TerminalPane).take_key(event)
        return True

    @command("terminal", key="o", group="Looking", rank=5, when=lambda screen: not screen.is_typing)
    def action_terminal(self) -> None:
        """Type into the program's terminal: until ctrl+], all keys go there, even ctrl+c. The mouse wheel scrolls."""
        self.action_show_pane("terminal")

    @command(
        "leave the terminal",
        key=WAY_OUT,
        group="Looking",
        rank=0,
        when=lambda screen: screen.is_typing,
        in_palette=False,
    )
    def action_leave_terminal(self) -> None:
        """Leave the terminal: keys are asynclab's again."""
        self.action_show_pane("tasks")

    def bar(self) -> tuple[BarEntry, ...]:
        """The entries of the key bar. In the terminal, they say how to leave it."""
        if self.is_typing:
            return (
                BarEntry(shown_key(WAY_OUT), "leave the terminal", "leave_terminal", rank=0),
                BarEntry("all other keys", f"go to {self.live.command}", "", rank=1),
            )
        return super().bar()

    def can_go_to(self, pane: str) -> bool:
        """Whether the tab key can go to a pane; not to the terminal, which would pass the key to the program."""
        return pane != "terminal" and super().can_go_to(pane)

    def paint(self) -> None:
        super().paint()
        self.query_one(TerminalPane).show()
        if self.live.has_ended and not self._told_end:
            self._told_end = True
            self.host.tell(f"{self.live.command}: {self.live.ending_words}; q leaves")
