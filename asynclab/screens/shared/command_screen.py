"""The base of all screens, with a title bar, a key bar, help and a command palette."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from textual.binding import BindingType
from textual.events import Key
from textual.screen import Screen

from asynclab.screens.shared.command import (
    BarEntry,
    Command,
    Commanding,
    Offer,
    PaletteEntry,
    bar_entries,
    entries_while_typing,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asynclab.model.source import Source
    from asynclab.model.tasks import StateWord
    from asynclab.screens.shared.command import Offer
    from asynclab.screens.shared.help_page import Sign
    from asynclab.screens.shared.key_bar import KeyBar
    from asynclab.widgets.title_bar import TitleBar


class Monitor(Protocol):
    """Measures the lag of the app's own event loop."""

    @property
    def lags(self) -> Sequence[float]:
        """The latest lags in seconds, newest last."""


class AppProtocol(Protocol):
    """The interface of the app to its screens."""

    monitor: Monitor | None
    """The monitor of the app's loop; None until it is started."""
    latest_event: float
    """When the terminal last had input, such as a key or click, by `time.monotonic()`."""

    @property
    def own_offers(self) -> list[Offer]:
        """The app's own commands."""

    @property
    def tabs(self) -> Mapping[str, str]:
        """The tabs of all screens, each with its mode."""

    @property
    def sources(self) -> list[Source]:
        """The sources of everything that runs on any screen. A program has a source for each of its loops."""

    @property
    def run_count(self) -> int:
        """The number of running demos, fetches and programs."""

    def tell(self, text: str, *, is_problem: bool = False) -> None:
        """Show a short notice. Its text is not parsed as markup."""

    def begin_to_measure(self) -> None:
        """Start to measure the lag of the loop."""

    async def leave_fetch(self) -> None:
        """Return to the screen that was shown before the Fetch screen."""


command = Command["CommandScreen"]

TABS = {"Learn": "learn", "Fetch": "fetch"}
"""The tabs of the title bar, each with its mode of the app."""


LIVE: tuple[StateWord, ...] = ("ready", "running", "waiting")
"""The states of a task that has not ended."""


def _provider() -> type[Any]:
    # Imported when the palette is opened, because the import is slow, and the first paint doesn't need it.
    from asynclab.screens.shared.palette import CommandProvider

    return CommandProvider


class CommandScreen(Commanding, Screen[None]):
    """A screen with commands, which are shown by the key bar, the palette and the help page."""

    COMMANDS: ClassVar[set[Any]] = {_provider}

    title_bar: TitleBar
    key_bar: KeyBar

    @property
    def host(self) -> AppProtocol:
        """The interface of the app to its screens."""
        return cast("AppProtocol", self.app)

    @property
    def is_furnished(self) -> bool:
        """Whether the views that the commands act on exist yet."""
        return True

    def takes_key(self, event: Key) -> bool:
        """Handle a key before commands do. Returns whether it was handled."""
        return False

    @property
    def offers(self) -> list[Offer]:
        """All commands of this screen and of the app, in the order of the key bar."""
        return [*self.own_offers, *self.host.own_offers]

    def palette_entries(self) -> Iterator[PaletteEntry]:
        """The entries of the palette: the screen's commands that apply now, its other entries, and the app's commands.

        Commands with the lowest ranks in the key bar come first.
        """
        if self.is_furnished:
            yield from map(self._palette_entry, sorted(filter(_is_found, self.own_offers), key=_place_in_palette))
        yield from self.other_palette_entries()
        yield from map(self._palette_entry, filter(_is_found, self.host.own_offers))

    def other_palette_entries(self) -> Iterator[PaletteEntry]:
        """The entries of the palette that aren't commands. By default, none."""
        yield from ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now. Until the views exist, commands don't."""
        is_command = any(command.action == action for command in self.commands)
        return not is_command or (self.is_furnished and self.answers(action))

    def paint_bars(self) -> None:
        """Update the title bar and the key bar."""
        live = sum(source.state.counts[word] for source in self.host.sources for word in LIVE)
        monitor = self.host.monitor
        self.title_bar.show(() if monitor is None else monitor.lags, self.host.run_count, live)
        self.key_bar.show(self.bar())

    def bar(self) -> tuple[BarEntry, ...]:
        """The entries of the key bar."""
        return bar_entries(self.offers)

    def bar_while_typing(self, *entries: BarEntry) -> tuple[BarEntry, ...]:
        """The entries of the key bar while text is typed: these, and keys that type no character."""
        return (*entries, *entries_while_typing(self.offers))

    def view_bindings(self) -> dict[str, list[BindingType]]:
        """The bindings of the views on this screen, by their heading on the help page."""
        from asynclab.widgets.cursor_view import CursorView

        return {"Lists": CursorView.BINDINGS}

    def marks(self) -> Sequence[Sign]:
        """The marks on this screen, with their meanings."""
        raise NotImplementedError

    @command("help", key="question_mark,f1", group="App", rank=1, shown="?")
    def action_help(self) -> None:
        """Show every key and what the marks mean."""
        from asynclab.screens.shared.help_page import HelpScreen

        offered = [offer.command for offer in self.offers if offer.is_offered]
        self.app.push_screen(HelpScreen(offered, self.view_bindings(), self.marks()))

    @command("pane", key="tab", group="Looking", rank=7, in_palette=False)
    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self.go_to_pane(1)

    @command("previous pane", key="shift+tab", group="Looking", in_palette=False)
    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self.go_to_pane(-1)

    def go_to_pane(self, by: int) -> None:
        """Move the focus by some panes."""
        raise NotImplementedError

    def copy(self, text: str, *, if_nothing: str = "nothing is selected here") -> None:
        """Copy a text to the clipboard. If it is empty, show `if_nothing` in a notice."""
        if text:
            self.app.copy_to_clipboard(text)
        else:
            self.host.tell(if_nothing)

    def _palette_entry(self, offer: Offer) -> PaletteEntry:
        action = offer.command.action if "." in offer.command.action else f"screen.{offer.command.action}"
        return PaletteEntry(offer.command.title, offer.command.help, partial(self.app.run_action, action))


def _is_found(offer: Offer) -> bool:
    return offer.command.in_palette and offer.applies


def _place_in_palette(offer: Offer) -> tuple[bool, float]:
    rank = offer.rank
    return offer.command.group == "App", inf if rank is None else rank


def filter_entries(lines: str) -> tuple[BarEntry, BarEntry]:
    """The entries of the key bar while a filter is typed. `lines` names what is filtered, in the plural."""
    return BarEntry("enter", "keep the filter", "", rank=0), BarEntry("esc", f"show all {lines}", "leave", rank=0)
