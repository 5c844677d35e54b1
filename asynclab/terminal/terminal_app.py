"""A Textual app that draws on stdout, and sends only cells that the terminal doesn't show yet."""

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
    """Sends only cells that change, and no frames while the terminal is behind."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = ShownCells(has_colour=not os.environ.get("NO_COLOR"))
        self._held_frames = ExitStack()

    def get_driver_class(self) -> type[Driver]:
        """The driver class that draws on stdout; Textual's own draws on stderr."""
        driver = super().get_driver_class()
        if driver.__name__ == "LinuxDriver":
            from asynclab.terminal.driver import StdoutDriver

            return StdoutDriver
        return driver

    def on_resize(self) -> None:
        """Draw everything again: terminals differ in how they change their lines at a new size."""
        self._shown.forget()

    def terminal_was_cleared(self) -> None:
        """Draw the next frame completely."""
        self._shown.forget()

    def terminal_is_behind(self, is_behind: bool) -> None:
        """Leave out frames while the terminal is behind; when it has caught up, draw the current state."""
        self._held_frames.close()
        if is_behind:
            self._held_frames.enter_context(self.batch_update())
        else:
            self.screen.check_idle()  # it looks for skipped changes only when called

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Draw a frame or a part of one; send only cells that the terminal doesn't show yet."""
        if isinstance(renderable, CompositorUpdate):
            renderable = self._shown.only_changes(renderable)
        super()._display(screen, renderable)
