"""A screen between a title bar and a key bar: which commands apply on it, and what each screen does alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType
from textual.screen import Screen

from asynclab.screens.app_commands import APP_COMMANDS
from asynclab.screens.commands import BarEntry, Command, Situation, bar_entries
from asynclab.screens.meter import show_meter
from asynclab.screens.palette_entry import PaletteEntry

if TYPE_CHECKING:
    from asynclab.screens.help import Mark
    from asynclab.screens.host import Host
    from asynclab.screens.key_bar import KeyBar
    from asynclab.widgets.title_bar import TitleBar


def _provider() -> type[Any]:
    # Imported when the palette is opened: its widgets take a while, and the first paint needs none of them.
    from asynclab.screens.palette import CommandProvider

    return CommandProvider


class CommandScreen(Screen[None]):
    """A screen on which commands apply, depending on its situation."""

    COMMANDS: ClassVar[set[Any]] = {_provider}
    own_commands: ClassVar[tuple[Command, ...]] = ()
    """What can be done here and not everywhere in the app; its bindings are made of these."""

    title_bar: TitleBar
    key_bar: KeyBar

    @property
    def host(self) -> Host:
        """The app, as what it is."""
        return cast("Host", self.app)

    @property
    def is_furnished(self) -> bool:
        """Whether what the commands act on is there."""
        return True

    @property
    def commands(self) -> tuple[Command, ...]:
        """All that can be done here, in the order of the key bar."""
        return (*self.own_commands, *APP_COMMANDS)

    def situation(self) -> Situation:
        """What decides which commands apply now."""
        raise NotImplementedError

    def commands_now(self) -> Sequence[Command]:
        """The commands that apply now."""
        situation = self.situation()
        return [command for command in self.commands if command.applies_now(situation)]

    def palette_entries(self) -> Iterator[PaletteEntry]:
        """What the palette finds here: the commands that apply now."""
        for command in self.commands_now():
            if command.in_palette:
                action = command.action if "." in command.action else f"screen.{command.action}"
                run = partial(self.app.run_action, action)
                yield PaletteEntry(f"{command.name} ({command.label})", command.help, run)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now, by the commands' own word."""
        declared = [command for command in self.own_commands if command.action == action]
        if not declared:
            return True
        if not self.is_furnished:
            return False
        situation = self.situation()
        return any(command.answers(situation) for command in declared)

    def paint_bars(self) -> None:
        """Bring the loop's meter and the key bar up to date."""
        show_meter(self.title_bar, self.host)
        self.key_bar.show(self.bar())

    def bar(self) -> tuple[BarEntry, ...]:
        """What the key bar says."""
        return bar_entries(self.commands, self.situation())

    def view_bindings(self) -> dict[str, list[BindingType]]:
        """The keys of the views on this screen, by the heading under which help lists them."""
        from asynclab.widgets.cursor_view import CursorView

        return {"Lists": CursorView.BINDINGS}

    def marks(self) -> Sequence[Mark]:
        """What the marks on this screen mean."""
        raise NotImplementedError

    def action_help(self) -> None:
        """Show every key that there is here, and what the marks mean."""
        from asynclab.screens.help import HelpScreen

        situation = self.situation()
        offered = [command for command in self.commands if command.is_offered(situation)]
        self.app.push_screen(HelpScreen(offered, self.view_bindings(), self.marks()))

    def copy(self, text: str, *, if_nothing: str = "nothing is selected here") -> None:
        """Put a text on the clipboard and say how much that is; or, where there is none, say `if_nothing`."""
        from asynclab.model.wording.quantities import plural

        if not text:
            self.host.tell(if_nothing)
            return
        self.app.copy_to_clipboard(text)
        self.host.tell(f"copied {plural(len(text.splitlines()), 'line')}, {plural(len(text), 'character')}")
