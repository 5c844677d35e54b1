"""A form to choose one of a few items, by key or mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from asynclab.model.text import one_line


class Choice(NamedTuple):
    """An item to choose."""

    key: str
    """The key that chooses the item."""
    name: str
    """The result of the form if the item is chosen."""
    hint: str


class ChoiceForm(ModalScreen[str | None]):
    """A list of choices. Its result is the name of the chosen item, or None if the user closes it."""

    DEFAULT_CSS = """
    ChoiceForm {
        align: center middle;
        OptionList, OptionList:focus {
            width: 66;
            max-width: 100%;
            height: auto;
            border: round $state-accent;
            border-title-color: $state-accent;
            border-subtitle-color: $state-past;
            background: $background;
            background-tint: $background 0%;
            padding: 0 1;
        }
    }
    """
    BINDINGS = [Binding("escape", "dismiss(None)", "close", show=False)]  # noqa: RUF012 - as Textual declares it

    def __init__(self, title: str, choices: Sequence[Choice], *, subtitle: str = "", chosen: str = "") -> None:
        """Make a form with the cursor on the choice named `chosen`."""
        super().__init__()
        self._title, self._choices, self._subtitle, self._chosen = title, choices, subtitle, chosen

    def compose(self) -> ComposeResult:
        box = OptionList(*(Option(_described(choice), id=choice.name) for choice in self._choices), markup=False)
        names = [choice.name for choice in self._choices]
        box.highlighted = names.index(self._chosen) if self._chosen in names else 0
        box.border_title = self._title
        box.border_subtitle = Content(one_line(self._subtitle, 59))
        yield box

    @on(OptionList.OptionSelected)
    def take(self, event: OptionList.OptionSelected) -> None:
        """Close the form with the selected item."""
        self.dismiss(event.option.id)

    def on_key(self, event: Key) -> None:
        """Close the form with the item of a key."""
        for choice in self._choices:
            if event.character == choice.key:
                event.stop()
                self.dismiss(choice.name)


def _described(choice: Choice) -> Content:
    return Content.assemble(
        (f"{choice.key}  ", "bold $state-accent"), (f"{choice.name:<10}", "bold"), (choice.hint, "$state-past")
    )
