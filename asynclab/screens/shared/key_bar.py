"""The key bar at the bottom of a screen, which shows the keys that work now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from asynclab.screens.shared.command import GAP, BarEntry, fit


class KeyBar(Widget):
    """A line of keys and their commands. Entries that don't fit are left out, those with the highest ranks first."""

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $surface;
        color: $state-past;
    }
    """

    auto_links = False  # or entries would look like links
    _entries: tuple[BarEntry, ...] = ()

    def show(self, entries: Sequence[BarEntry]) -> None:
        """Show these entries, and repaint only if they changed."""
        if self._entries != tuple(entries):
            self._entries = tuple(entries)
            self.refresh()

    def render(self) -> Content:
        """The entries that fit."""
        shown = fit(self._entries, self.content_size.width + GAP)
        return Content(" " * GAP).join(map(_drawn, shown))


def _drawn(entry: BarEntry) -> Content:
    """The keys and the name of an entry. A click on them runs the command."""
    drawn = Content.assemble((entry.keys, "bold $state-accent"), (f" {entry.name}", "$state-past"))
    if not entry.action:
        return drawn
    action = entry.action if "." in entry.action else f"screen.{entry.action}"
    return drawn.stylize(Style.from_meta({"@click": action}))
