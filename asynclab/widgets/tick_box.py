"""A box to tick."""

from __future__ import annotations

from textual.widgets import Checkbox


class TickBox(Checkbox):
    """A check box that is empty where it is off: Textual's own tells on from off by colour alone."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Draw the mark, or nothing."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()
