"""An app that draws on stdout, and only what the terminal doesn't show yet."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen

from asynclab.terminal.shown_cells import ShownCells


class TerminalApp(App[None]):
    """Sends the cells that change, and no frame while the terminal is behind."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = ShownCells(has_colour=not os.environ.get("NO_COLOR"))
        self._held_frames = ExitStack()

    def get_driver_class(self) -> type[Driver]:
        """A driver that draws on stdout; Textual's own draws on stderr."""
        driver = super().get_driver_class()
        if driver.__name__ == "LinuxDriver":
            from asynclab.terminal.driver import StdoutDriver

            return StdoutDriver
        return driver

    def on_resize(self) -> None:
        """Draw everything again: terminals differ in what they do with their lines at a new size."""
        self._shown.forget()

    def terminal_was_cleared(self) -> None:
        """Make the next frame a whole one."""
        self._shown.forget()

    def terminal_is_behind(self, is_behind: bool) -> None:
        """Leave frames out until the terminal has taken the last one; then show how things are by then."""
        self._held_frames.close()
        if is_behind:
            self._held_frames.enter_context(self.batch_update())
        else:
            self.screen.check_idle()  # which only then looks for what was left out

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Show a frame, or a part of one: of its cells, send those that the terminal doesn't show yet."""
        if isinstance(renderable, CompositorUpdate):
            renderable = self._shown.only_changes(renderable)
        super()._display(screen, renderable)
