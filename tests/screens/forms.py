"""Opens a form in the app, and keeps its result."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Label, TextArea

from asynclab.app import AsyncLabApp
from asynclab.screens.shared.form import Field, Form


@dataclass
class FormStage:
    """A form and its result."""

    form: Form
    pilot: Pilot[None]
    results: list[dict[str, Any] | None] = field(default_factory=list)

    def field(self, name: str) -> Field:
        return next(shown for shown in self.form.query(Field) if shown.entry.name == name)

    def hint(self, name: str) -> str:
        return str(self.field(name).query_one(".hint", Label).render())

    async def enter(self, name: str, text: str) -> str:
        """Put text into a field; return the field's earlier text."""
        control = self.field(name).query_one(".control")
        if isinstance(control, TextArea):
            before = control.text
            control.load_text(text)
        else:
            assert isinstance(control, Input)
            before, control.value = control.value, text
        await self.pilot.pause()
        return before


@asynccontextmanager
async def form_on_stage(form: Form, size: tuple[int, int] = (120, 40)) -> AsyncIterator[FormStage]:
    app = AsyncLabApp()
    async with app.run_test(size=size) as pilot:
        stage = FormStage(form, pilot)
        app.push_screen(form, stage.results.append)
        await pilot.pause()
        yield stage
