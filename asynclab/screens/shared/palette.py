"""The command palette: finds the commands that apply now on the screen behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.content import Content

from asynclab.screens.shared.command import PaletteEntry

LEAST_SCORE = 0.01
"""The score of a match in the description; names score higher."""


class Palette(CommandPalette):
    """Textual's palette, dismissed only once.

    Textual's own would take a second enter or click for another choice, and remove the screen below as well.
    """

    DEFAULT_CSS = """
    Palette SearchIcon {
        color: $foreground;
    }
    """

    def on_mount(self) -> None:
        """Show a mark that every terminal draws one cell wide, not an emoji."""
        self.query_one(SearchIcon).icon = ">"

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, unless that has happened already; then nothing is run either."""
        if self.is_current:
            return super().dismiss(result)
        self._selected_command = DiscoveryHit("", _do_nothing)
        return AwaitComplete()


def _do_nothing() -> None:
    pass


class CommandProvider(Provider):
    """Finds commands, and demos if there are any."""

    async def discover(self) -> Hits:
        """Everything, until something is typed."""
        for found in self._all():
            yield DiscoveryHit(Content(found.text), found.run, text=found.text, help=found.help)

    async def search(self, query: str) -> Hits:
        """Entries with a name like the query, then those with the query in their description."""
        matcher = self.matcher(query)
        for found in self._all():
            said = query.casefold() in found.help.casefold()
            score = matcher.match(found.text) or (LEAST_SCORE if said else 0)
            if score > 0:
                yield Hit(score, matcher.highlight(found.text), found.run, text=found.text, help=found.help)

    def _all(self) -> Iterator[PaletteEntry]:
        screen: Any = self.screen  # a CommandScreen: no other names this provider
        return iter(screen.palette_entries())
