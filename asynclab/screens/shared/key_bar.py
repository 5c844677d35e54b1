"""The key bar: the line at the bottom of a screen with the keys that work now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from asynclab.screens.shared.command import GAP, BarEntry, fit


class KeyBar(Widget):
    """A line of keys and what they do; entries that don't fit are left out, the least used ones first."""

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $surface;
        color: $state-past;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[BarEntry, ...] = ()

    def show(self, entries: Sequence[BarEntry]) -> None:
        """Show these entries; repaints only if they changed."""
        if self._entries != tuple(entries):
            self._entries = tuple(entries)
            self.refresh()

    def render(self) -> Content:
        """The entries that fit."""
        drawn = [
            Content.assemble((entry.keys, "bold $state-accent"), (f" {entry.name}", "$state-past"))
            for entry in self._shown()
        ]
        return Content(" " * GAP).join(drawn)

    async def on_click(self, event: Click) -> None:
        """Run the command of the entry under the mouse."""
        offset = event.get_content_offset(self)
        at = 0
        for entry in self._shown() if offset is not None else ():
            if offset is not None and at <= offset.x < at + entry.width - GAP:
                if entry.action:
                    await self.run_action(entry.action if "." in entry.action else f"screen.{entry.action}")
                return
            at += entry.width

    def _shown(self) -> list[BarEntry]:
        return fit(self._entries, self.content_size.width + GAP)
