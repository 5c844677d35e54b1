"""A form to change values, such as the parameters of a demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label, Select, TextArea

from asynclab.model.text import one_line
from asynclab.widgets.paste_area import PasteArea


@dataclass(frozen=True, slots=True)
class Entry:
    """A value that a field of the form changes."""

    name: str
    """The name in the form's result."""
    label: str
    hint: str
    """A description of the allowed values."""
    value: Any
    default: Any
    parse: Callable[[Any], Any]
    """Converts a text or a Boolean to a value. Raises a ValueError whose message says what is wrong."""
    show: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()
    has_lines: bool = False
    """Whether the text may have several lines."""


class TickBox(Checkbox):
    """A check box with an X and "yes", or empty with "no". Textual's own shows its state only by colour."""

    DEFAULT_CSS = """
    TickBox > .toggle--button { background: $state-row; }
    """
    BUTTON_INNER = " "

    def __init__(self, *, value: bool) -> None:
        """Make a check box that is on or off."""
        super().__init__("yes" if value else "no", value=value, compact=True, classes="control")

    def watch_value(self) -> None:
        """Draw an X and "yes", or no X and "no"."""
        self.BUTTON_INNER, self.label = ("X", "yes") if self.value else (" ", "no")
        super().watch_value()


class Field(Vertical):
    """A label, a control, and a hint, which says what values are allowed, or what is wrong."""

    DEFAULT_CSS = """
    Field {
        height: auto;
        & > Horizontal { height: auto; }
        .name { width: 18; }
        .control { width: 1fr; }
        .hint { width: 1fr; height: auto; color: $state-past; }
        & > .hint { padding: 0 0 0 18; }
        &.-wrong .hint { color: $state-failed; }
        Input { background: $panel; color: $state-text; }
        Input:focus { background: $state-row; }
        Input > .input--selection { background: $state-cell; color: $state-cell-text; }
        PasteArea { height: 3; background: $panel; border: none; }
        PasteArea .text-area--cursor-line { background: $panel; }
        PasteArea:focus { border: none; background: $state-row; }
        PasteArea:focus .text-area--cursor-line { background: $state-row; }
        &.-compact .name { width: 16; }
        &.-compact .control { width: 20; margin: 0 2 0 0; }
    }
    """

    def __init__(self, entry: Entry, *, is_compact: bool = False) -> None:
        """Make a field. In a compact field, the hint is beside the control, and not below it."""
        super().__init__(classes="-compact" if is_compact else "")
        self.entry = entry

    def compose(self) -> ComposeResult:
        """The label and the control in a row, and the hint beside or below them."""
        hint = Label(Content(self.entry.hint), classes="hint")
        with Horizontal():
            yield Label(Content(self.entry.label), classes="name")
            yield self._control()
            if self.has_class("-compact"):
                yield hint
        if not self.has_class("-compact"):
            yield hint

    def set_value(self, value: Any) -> None:
        """Put a value into the control."""
        match self.query_one(".control"):
            case Checkbox() | Select() as control:
                control.value = value
            case Input() as line:
                line.value = self.entry.show(value)
            case TextArea() as area:
                area.load_text(self.entry.show(value))

    def read(self) -> Any:
        """The value that was entered.

        Raises:
            ValueError: The value is not allowed. The field shows why.
        """
        hint = self.query_one(".hint", Label)
        try:
            value = self.entry.parse(self._entered())
        except ValueError as error:
            hint.update(Content(f"✗ {one_line(str(error))}"))
            self.add_class("-wrong")
            raise
        hint.update(Content(self.entry.hint))
        self.remove_class("-wrong")
        return value

    def _entered(self) -> Any:
        match self.query_one(".control"):
            case Checkbox() | Select() as control:
                return control.value
            case Input() as line:
                return line.value.strip()
            case TextArea() as area:
                return area.text

    def _control(self) -> Input | Checkbox | Select[Any] | TextArea:
        entry = self.entry
        if isinstance(entry.value, bool):
            return TickBox(value=entry.value)
        if entry.choices:
            choices = [(choice, choice) for choice in entry.choices]
            return Select(choices, value=entry.value, allow_blank=False, compact=True, classes="control")
        if entry.has_lines:
            return PasteArea(entry.show(entry.value), compact=True, classes="control")
        return Input(entry.show(entry.value), compact=True, classes="control")


class Form(ModalScreen[dict[str, Any] | None]):
    """A form with fields. Its result is the values by the names of the fields, or None if the user closes it."""

    DEFAULT_CSS = """
    Form {
        align: center middle;
        & > VerticalScroll {
            width: 76;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            border: round $state-accent;
            border-title-color: $state-accent;
            border-subtitle-color: $state-past;
            background: $background;
            padding: 1 2 0 2;
        }
        .buttons { height: auto; margin: 1 0 0 0; }
        Button { margin: 0 2 0 0; }
        #defaults, #leave { background: $panel; color: $state-text; }
        #accept { background: $state-accent; color: $state-step-text; }
        &.-tall Field { margin: 0 0 1 0; }
        &.-tall .buttons { margin: 0; }
        &.-compact > VerticalScroll { width: 90; padding: 0 2; }
        &.-compact Field { margin: 0; }
        &.-compact .buttons { margin: 1 0 0 0; }
    }
    """

    AUTO_FOCUS = ".control"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", show=False),
        Binding("ctrl+r", "accept", "accept", show=False),
    ]

    def __init__(self, title: str, verb: str, entries: Sequence[Entry], *, is_compact: bool = False) -> None:
        """Make a form. The verb says what enter does with the values. In a compact form, a field takes one line."""
        super().__init__(classes="-compact" if is_compact else "")
        self._title, self._verb, self._entries, self._is_compact = title, verb, entries, is_compact

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content(f"enter: {self._verb} · esc: close")
            for entry in self._entries:
                yield Field(entry, is_compact=self._is_compact)
            with Horizontal(classes="buttons"):
                yield Button(self._verb.capitalize(), variant="primary", id="accept", compact=True)
                yield Button("Defaults", id="defaults", compact=True)
                yield Button("Close", id="leave", compact=True)

    @on(Input.Changed)
    @on(TextArea.Changed)
    def check(self, event: Input.Changed | TextArea.Changed) -> None:
        """Show what is wrong while text is typed."""
        control = event.control
        for field in self.query(Field):
            if control is not None and field in control.ancestors:
                _value_of(field)

    @on(Input.Submitted)
    @on(Button.Pressed, "#accept")
    def action_accept(self) -> None:
        """Close the form with its values, or go to the first field that is wrong."""
        read = [(field, _value_of(field)) for field in self.query(Field)]
        wrong = [field for field, value in read if value is None]
        if wrong:
            wrong[0].query_one(".control").focus()
        else:
            self.dismiss({field.entry.name: value[0] for field, value in read if value is not None})

    @on(Button.Pressed, "#defaults")
    def restore_defaults(self) -> None:
        """Set all fields to their defaults."""
        for field in self.query(Field):
            field.set_value(field.entry.default)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Close the form, and change nothing."""
        self.dismiss(None)


def _value_of(field: Field) -> tuple[Any] | None:
    """The value of a field, in a tuple; None if it is wrong. Then the field shows why."""
    try:
        return (field.read(),)
    except ValueError:
        return None
