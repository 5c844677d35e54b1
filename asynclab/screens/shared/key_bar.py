"""The key bar: the line at the bottom of a screen with the keys that work now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
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

    auto_links = False  # entries don't look like links
    _entries: tuple[BarEntry, ...] = ()

    def show(self, entries: Sequence[BarEntry]) -> None:
        """Show these entries; repaints only if they changed."""
        if self._entries != tuple(entries):
            self._entries = tuple(entries)
            self.refresh()

    def render(self) -> Content:
        """The entries that fit."""
        shown = fit(self._entries, self.content_size.width + GAP)
        return Content(" " * GAP).join(map(_drawn, shown))


def _drawn(entry: BarEntry) -> Content:
    """Keys and name; a click on them runs the command."""
    drawn = Content.assemble((entry.keys, "bold $state-accent"), (f" {entry.name}", "$state-past"))
    if not entry.action:
        return drawn
    action = entry.action if "." in entry.action else f"screen.{entry.action}"
    return drawn.stylize(Style.from_meta({"@click": action}))
