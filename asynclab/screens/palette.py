"""What the command palette finds: the demos, and every command that applies now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.content import Content

if TYPE_CHECKING:
    from asynclab.screens.command_screen import CommandScreen
    from asynclab.screens.learn import LearnScreen


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


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the palette."""

    text: str
    help: str
    run: Callable[[], Awaitable[Any] | Any]


class CommandProvider(Provider):
    """Finds the commands of a screen."""

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

    def _all(self) -> Iterator[Found]:
        screen: Any = self.screen
        yield from self._commands(screen)

    def _commands(self, screen: CommandScreen) -> Iterator[Found]:
        for command in screen.commands_now():
            if command.in_palette:
                action = command.action if "." in command.action else f"screen.{command.action}"
                yield Found(f"{command.name} ({command.label})", command.help, partial(self.app.run_action, action))


class LearnProvider(CommandProvider):
    """Finds the demos, too."""

    def _all(self) -> Iterator[Found]:
        learn = self._learn_screen
        for run in learn.runs:
            demo = run.demo
            yield Found(f"{demo.key} {demo.name}", demo.concept, partial(learn.action_start_demo, demo.key))
        yield from super()._all()

    @property
    def _learn_screen(self) -> LearnScreen:
        screen: Any = self.screen
        found: LearnScreen = screen
        return found
