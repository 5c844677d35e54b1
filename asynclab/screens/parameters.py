"""The form in which a demo's parameters are changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label, Select

from asynclab.curriculum.demo_parameters import ParameterError, Value
from asynclab.model.text import one_line
from asynclab.widgets.tick_box import TickBox

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo
    from asynclab.curriculum.demo_parameters import Parameter


class Field(Vertical):
    """One parameter: its name, a control, and below what is allowed or what is wrong with what was entered."""

    DEFAULT_CSS = """
    Field {
        height: auto;
        & > Horizontal { height: auto; }
        .name { width: 18; }
        .control { width: 1fr; }
        .hint { padding: 0 0 0 18; color: $state-past; }
        &.-wrong .hint { color: $state-failed; }
        Input { background: $panel; }
        Input:focus { background: $state-row; }
    }
    """

    def __init__(self, parameter: Parameter, value: Value) -> None:
        super().__init__()
        self.parameter = parameter
        self._initial = value

    def compose(self) -> ComposeResult:
        """Name and control in a row; the hint below."""
        with Horizontal():
            yield Label(Content(self.parameter.name), classes="name")
            yield self._control(self._initial)
        yield Label(Content(self.parameter.takes), classes="hint")

    def set_value(self, value: Value) -> None:
        """Put a value into the control."""
        control = self.query_one(".control")
        if isinstance(control, Input):
            control.value = self.parameter.show(value)
        elif isinstance(control, Checkbox | Select):
            control.value = value

    def read(self) -> Value:
        """What the control holds.

        Raises:
            ParameterError: It is not allowed; the field shows why.
        """
        hint = self.query_one(".hint", Label)
        try:
            value = self.parameter.parse(self._entered())
        except ParameterError as error:
            hint.update(Content(f"✗ {one_line(str(error))}"))
            self.add_class("-wrong")
            raise
        hint.update(Content(self.parameter.takes))
        self.remove_class("-wrong")
        return value

    def _entered(self) -> str:
        control = self.query_one(".control")
        if isinstance(control, Input):
            return control.value
        if isinstance(control, Checkbox):
            return self.parameter.show(control.value)
        assert isinstance(control, Select)
        return str(control.value)

    def _control(self, value: Value) -> Input | Checkbox | Select[Any]:
        if self.parameter.kind == "bool":
            return TickBox(value=bool(value), compact=True, classes="control")
        if self.parameter.choices:
            options = [(choice, choice) for choice in self.parameter.choices]
            return Select(options, value=value, allow_blank=False, compact=True, classes="control")
        return Input(self.parameter.show(value), compact=True, classes="control")


class ParameterForm(ModalScreen[dict[str, Value] | None]):
    """All parameters of a demo; its result is what to run it with, or None."""

    DEFAULT_CSS = """
    ParameterForm {
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
        &.-tall Field { margin: 0 0 1 0; }
        &.-tall .buttons { margin: 0; }
        Button { margin: 0 2 0 0; }
    }
    """

    AUTO_FOCUS = ".control"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", show=False),
        Binding("ctrl+r", "run", "run", show=False),
    ]

    def __init__(self, demo: Demo, values: Mapping[str, Value]) -> None:
        super().__init__()
        self._demo = demo
        self._values = values

    def compose(self) -> ComposeResult:
        """A field for each parameter that is not a mistake, and three buttons."""
        with VerticalScroll() as form:
            form.border_title = Content(f"{self._demo.key} {self._demo.name}: parameters")
            form.border_subtitle = "enter runs · esc closes"
            for parameter in self._demo.parameters:
                if not parameter.mistake:
                    yield Field(parameter, self._values.get(parameter.name, parameter.default))
            with Horizontal(classes="buttons"):
                yield Button("Run", variant="primary", id="run", compact=True)
                yield Button("Defaults", id="defaults", compact=True)
                yield Button("Close", id="leave", compact=True)

    @on(Input.Changed)
    def check(self, event: Input.Changed) -> None:
        """Say what is wrong while it is typed."""
        for field in self.query(Field):
            if field in event.input.ancestors:
                self._read(field, {})

    @on(Input.Submitted)
    @on(Button.Pressed, "#run")
    def action_run(self) -> None:
        """Run the demo with what was entered, or go to the first field that is wrong."""
        values: dict[str, Value] = {}
        wrong = [field for field in self.query(Field) if not self._read(field, values)]
        if wrong:
            wrong[0].query_one(".control").focus()
        else:
            self.dismiss(values)

    @on(Button.Pressed, "#defaults")
    def restore_defaults(self) -> None:
        """Put the defaults into all fields."""
        for field in self.query(Field):
            field.set_value(field.parameter.default)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Close without running."""
        self.dismiss(None)

    def _read(self, field: Field, values: dict[str, Value]) -> bool:
        try:
            values[field.parameter.name] = field.read()
        except ParameterError:
            return False
        return True
