"""The command palette, and what it finds: whatever the screen behind it offers now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.content import Content

from asynclab.screens.palette_entry import PaletteEntry

LEAST_SCORE = 0.01
"""For what is found by its description; names score higher."""


class Palette(CommandPalette):
    """Textual's palette, to be dismissed but once.

    Textual's own takes what was typed or clicked before it was gone for another choice, and the screen below away.
    """

    def on_mount(self) -> None:
        """Have a mark that every terminal draws one cell wide, and no emoji."""
        self.query_one(SearchIcon).icon = ">"

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Go away, if that is still to be done; else do nothing, and let nothing be run after it."""
        if self.is_current:
            return super().dismiss(result)
        self._selected_command = DiscoveryHit("", _do_nothing)
        return AwaitComplete()


def _do_nothing() -> None:
    pass


class CommandProvider(Provider):
    """Finds what a screen offers."""

    async def discover(self) -> Hits:
        """Everything, while nothing is typed."""
        for found in self._all():
            yield DiscoveryHit(Content(found.text), found.run, text=found.text, help=found.help)

    async def search(self, query: str) -> Hits:
        """What has a name like the query; after those, what is described with these very words."""
        matcher = self.matcher(query)
        for found in self._all():
            said = query.casefold() in found.help.casefold()
            score = matcher.match(found.text) or (LEAST_SCORE if said else 0)
            if score > 0:
                yield Hit(score, matcher.highlight(found.text), found.run, text=found.text, help=found.help)

    def _all(self) -> Iterator[PaletteEntry]:
        screen: Any = self.screen  # a CommandScreen: no other names this provider
        return iter(screen.palette_entries())
