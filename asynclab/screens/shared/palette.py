"""The command palette, which finds the commands that apply now on the screen below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.content import Content

from asynclab.screens.shared.command import PaletteEntry

LEAST_SCORE = 0.01
"""The score of a match in the help text. Matches in names have higher scores."""


class Palette(CommandPalette):
    """Textual's palette, but it can be dismissed only once.

    Textual's own handles a second enter or click as another choice, and then also removes the screen below.
    """

    DEFAULT_CSS = """
    Palette SearchIcon {
        color: $foreground;
    }
    Palette CommandList {
        min-width: 8;  /* Textual can't wrap text in a width of 0 */
    }
    """

    def on_mount(self) -> None:
        """Show an icon that all terminals draw one cell wide, and not an emoji."""
        self.query_one(SearchIcon).icon = ">"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key of the palette does anything now. Textual can't move in a list of no height."""
        if action == "command_list" and any(not each.scrollable_content_region for each in self.query(CommandList)):
            return False
        return super().check_action(action, parameters)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette. If it is closed already, only make sure that no command is run."""
        if self.is_current:
            return super().dismiss(result)
        self._selected_command = DiscoveryHit("", _do_nothing)
        return AwaitComplete()


def _do_nothing() -> None:
    pass


class CommandProvider(Provider):
    """Provides Textual's palette with the entries of a screen."""

    async def discover(self) -> Hits:
        """All entries, to show before something is typed."""
        for found in self._all():
            yield DiscoveryHit(Content(found.text), found.run, text=found.text, help=found.help)

    async def search(self, query: str) -> Hits:
        """The entries whose name is similar to the query, or whose help text contains it."""
        matcher = self.matcher(query)
        for found in self._all():
            said = query.casefold() in found.help.casefold()
            score = matcher.match(found.text) or (LEAST_SCORE if said else 0)
            if score > 0:
                yield Hit(score, matcher.highlight(found.text), found.run, text=found.text, help=found.help)

    def _all(self) -> Iterator[PaletteEntry]:
        screen: Any = self.screen  # a CommandScreen, because only these use this provider
        return iter(screen.palette_entries())
