"""A check box that can be read without colour."""

from __future__ import annotations

from textual.widgets import Checkbox


class TickBox(Checkbox):
    """A check box that is empty while it is off. Textual's own shows on and off by colour alone."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Draw an X, or nothing."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()
