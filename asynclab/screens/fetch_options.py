"""The options of a fetch: in a few lines, and in the form in which they are changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label, Select, TextArea

from asynclab.fetch.options import MEBIBYTE, METHODS, Options, parse_header, parse_size
from asynclab.model.text import one_line
from asynclab.widgets.lines import Line
from asynclab.widgets.paste_area import PasteArea
from asynclab.widgets.tick_box import TickBox


@dataclass(frozen=True, slots=True)
class Choice:
    """One option: what it is called, and how its value becomes text and comes back from it."""

    name: str
    """The field of `Options`."""
    label: str
    hint: str
    parse: Callable[[str], Any]
    show: Callable[[Any], str] = str


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("takes a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("takes a number") from None


def _number_or_none(text: str) -> float | None:
    return _number(text) if text else None


def _path_or_none(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_header(line) for line in text.splitlines() if line.strip())


def _show_optional(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def show_size(size: int) -> str:
    """A number of bytes as `parse_size` takes it."""
    return f"{size // MEBIBYTE} MiB" if size and size % MEBIBYTE == 0 else str(size)


def _show_headers(headers: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers)


CHOICES: tuple[Choice, ...] = (
    Choice("concurrency", "at once", "requests under way at the same time", _whole),
    Choice("per_host", "per host", "of these, to one host", _whole),
    Choice("rate", "rate", "requests begun a second, or empty", _number_or_none, _show_optional),
    Choice("timeout", "timeout", "seconds for each attempt", _number, _show_optional),
    Choice("connect_timeout", "connect timeout", "seconds for a connection", _number, _show_optional),
    Choice("deadline", "deadline", "seconds for everything, or empty", _number_or_none, _show_optional),
    Choice("retries", "retries", "after a failure that may pass", _whole),
    Choice("max_bytes", "keep at most", "of a body, such as 500 kB or 10 MiB", parse_size, show_size),
    Choice("method", "method", "HEAD asks for headers alone", str),
    Choice("headers", "headers", "Name: value, one a line", _headers, _show_headers),
    Choice("save_to", "save to", "folder for bodies, or empty", _path_or_none, _show_optional),
    Choice("proxy_from_environment", "proxy", "use HTTP_PROXY and the like", bool),
    Choice("block_private", "block private", "refuse this machine and network", bool),
)
"""Every field of `Options`, in the order of the form."""


def summary_lines(options: Options, width: int) -> list[Line]:
    """The options in a few lines; in two columns where there is room."""
    pairs = [(choice.label, _short(options, choice.name)) for choice in CHOICES[:3]]
    pairs += [
        (choice.label, _short(options, choice.name)) for choice in CHOICES[3:9] if choice.name != "connect_timeout"
    ]
    columns = 2 if width >= 40 else 1
    rows = -(-len(pairs) // columns)
    lines: list[Line] = []
    for index in range(rows):
        row = pairs[index::rows]
        spans = tuple(span for name, value in row for span in ((f"{name:<13}", "past"), (f"{value:<10}", "")))
        lines.append((*spans[:-1], (spans[-1][0].rstrip(), "")))
    extra = [choice.label for choice in CHOICES[9:] if getattr(options, choice.name)]
    if extra:
        lines.append((("also " + ", ".join(extra), "accent"),))
    return lines


def _short(options: Options, name: str) -> str:
    value = getattr(options, name)
    match name:
        case "rate":
            return "no limit" if value is None else f"{value:g} /s"
        case "timeout":
            return f"{value:g} s"
        case "deadline":
            return "none" if value is None else f"{value:g} s"
        case "max_bytes":
            return show_size(value)
    return str(value)


class OptionField(Horizontal):
    """One option: its name, a control, and what it takes or what is wrong with what was entered."""

    DEFAULT_CSS = """
    OptionField {
        height: auto;
        .name { width: 16; }
        .control { width: 20; margin: 0 2 0 0; }
        .hint { width: 1fr; color: $state-past; }
        &.-wrong .hint { color: $state-failed; }
        Input { background: $panel; }
        Input:focus { background: $state-row; }
        PasteArea { height: 3; background: $panel; border: none; }
        PasteArea:focus { border: none; background: $state-row; }
    }
    """

    def __init__(self, choice: Choice, value: Any) -> None:
        super().__init__()
        self.choice = choice
        self._initial = value

    def compose(self) -> ComposeResult:
        """All in a row."""
        yield Label(Content(self.choice.label), classes="name")
        yield self._control(self._initial)
        yield Label(Content(self.choice.hint), classes="hint")

    def set_value(self, value: Any) -> None:
        """Put a value into the control."""
        match self.query_one(".control"):
            case Checkbox() as box:
                box.value = value
            case Select() as select:
                select.value = value
            case Input() as line:
                line.value = self.choice.show(value)
            case TextArea() as area:
                area.load_text(self.choice.show(value))

    def read(self) -> Any:
        """What the control holds.

        Raises:
            ValueError: It is not allowed; the field shows why.
        """
        hint = self.query_one(".hint", Label)
        try:
            value = self._entered()
            replace(Options(), **{self.choice.name: value})
        except ValueError as error:
            hint.update(Content(f"✗ {one_line(str(error))}"))
            self.add_class("-wrong")
            raise
        hint.update(Content(self.choice.hint))
        self.remove_class("-wrong")
        return value

    def _entered(self) -> Any:
        match self.query_one(".control"):
            case Checkbox() as box:
                return box.value
            case Select() as select:
                return select.value
            case Input() as line:
                return self.choice.parse(line.value.strip())
            case TextArea() as area:
                return self.choice.parse(area.text)

    def _control(self, value: Any) -> Input | Checkbox | Select[Any] | TextArea:
        if isinstance(value, bool):
            return TickBox(value=value, compact=True, classes="control")
        if self.choice.name == "method":
            methods = [(method, method) for method in METHODS]
            return Select(methods, value=value, allow_blank=False, compact=True, classes="control")
        if self.choice.name == "headers":
            return PasteArea(self.choice.show(value), compact=True, classes="control")
        return Input(self.choice.show(value), compact=True, classes="control")


class OptionsForm(ModalScreen[Options | None]):
    """All options of a fetch; its result is what was entered, or None."""

    DEFAULT_CSS = """
    OptionsForm {
        align: center middle;
        & > VerticalScroll {
            width: 90;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            border: round $state-accent;
            border-title-color: $state-accent;
            border-subtitle-color: $state-past;
            background: $background;
            padding: 0 2;
        }
        .buttons { height: auto; margin: 1 0 0 0; }
        Button { margin: 0 2 0 0; }
    }
    """

    AUTO_FOCUS = ".control"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", show=False),
        Binding("ctrl+r", "use", "use", show=False),
    ]

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._options = options

    def compose(self) -> ComposeResult:
        """A field for each option, and three buttons."""
        with VerticalScroll() as form:
            form.border_title = "Options"
            form.border_subtitle = "enter uses them · esc closes"
            for choice in CHOICES:
                yield OptionField(choice, getattr(self._options, choice.name))
            with Horizontal(classes="buttons"):
                yield Button("Use", variant="primary", id="use", compact=True)
                yield Button("Defaults", id="defaults", compact=True)
                yield Button("Close", id="leave", compact=True)

    @on(Input.Changed)
    def check_input(self, event: Input.Changed) -> None:
        """Say what is wrong while it is typed."""
        self._check(event.input.parent)

    @on(TextArea.Changed)
    def check_area(self, event: TextArea.Changed) -> None:
        """Say what is wrong while it is typed."""
        self._check(event.text_area.parent)

    @on(Input.Submitted)
    @on(Button.Pressed, "#use")
    def action_use(self) -> None:
        """Use what was entered, or go to the first field that is wrong."""
        values: dict[str, Any] = {}
        wrong = [field for field in self.query(OptionField) if not self._read(field, values)]
        if wrong:
            wrong[0].query_one(".control").focus()
        else:
            self.dismiss(Options(**values))

    @on(Button.Pressed, "#defaults")
    def restore_defaults(self) -> None:
        """Put the defaults into all fields."""
        defaults = Options()
        for field in self.query(OptionField):
            field.set_value(getattr(defaults, field.choice.name))

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Close, and leave the options as they were."""
        self.dismiss(None)

    def _check(self, field: object) -> None:
        if isinstance(field, OptionField):
            self._read(field, {})

    def _read(self, field: OptionField, values: dict[str, Any]) -> bool:
        try:
            values[field.choice.name] = field.read()
        except ValueError:
            return False
        return True
