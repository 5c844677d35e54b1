"""The form of a fetch's options: what it takes, what it refuses and how it says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click
import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Label, Select, TextArea

from asynclab.app import AsyncLabApp
from asynclab.cli.fetch_command import fetch
from asynclab.fetch.options import OPTIONS, Options
from asynclab.screens.fetch.fetch_options import ALSO, SUMMARY, options_form, summary_lines
from asynclab.screens.shared.form import Field, Form
from asynclab.widgets.lines import plain
from tests.tables import check_table


@dataclass
class FormStage:
    """A form, and what came out of it."""

    form: Form
    pilot: Pilot[None]
    results: list[dict[str, Any] | None]

    @property
    def options(self) -> Options | None:
        """What came out last; None where nothing did."""
        return Options(**self.results[-1]) if self.results and self.results[-1] is not None else None

    def field(self, name: str) -> Field:
        return next(field for field in self.form.query(Field) if field.entry.name == name)

    def hint(self, name: str) -> str:
        return str(self.field(name).query_one(".hint", Label).render())

    async def enter(self, name: str, text: str) -> str:
        """Put a text into a field; what was in it before."""
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
async def opened_form(options: Options | None = None, size: tuple[int, int] = (120, 40)) -> AsyncIterator[FormStage]:
    app = AsyncLabApp()
    async with app.run_test(size=size) as pilot:
        stage = FormStage(options_form(options or Options()), pilot, [])
        app.push_screen(stage.form, stage.results.append)
        await pilot.pause()
        yield stage


def test_every_option_is_in_form_and_summary_or_only_seldom_of_interest() -> None:
    assert list(OPTIONS) == [field.name for field in fields(Options)]
    assert {*SUMMARY, *ALSO, "save_to"} == {*OPTIONS} - {"connect_timeout"}


async def test_enter_gives_all_options_as_they_were() -> None:
    options = Options(concurrency=3, rate=2.5, headers=(("A", "b"), ("C", "d")), save_to=Path("/tmp/x"), method="HEAD")
    async with opened_form(options) as stage:
        await stage.pilot.press("enter")
        assert stage.options == options


async def test_what_is_entered_comes_out() -> None:
    async with opened_form() as stage:
        for name, text in (
            ("concurrency", "50"),
            ("deadline", "90"),
            ("max_bytes", "500 kB"),
            ("headers", "Accept: text/html\nX-Key: 1"),
            ("save_to", "~/bodies"),
        ):
            await stage.enter(name, text)
        stage.field("block_private").query_one(Checkbox).value = True
        stage.field("method").query_one(Select).value = "HEAD"
        await stage.pilot.press("enter")
        assert stage.options == Options(
            concurrency=50,
            deadline=90.0,
            max_bytes=500_000,
            headers=(("Accept", "text/html"), ("X-Key", "1")),
            save_to=Path.home() / "bodies",
            block_private=True,
            method="HEAD",
        )


NOT_ALLOWED = [
    ("concurrency", "x", "a whole number"),
    ("concurrency", "0", "from 1 to 1,000"),
    ("timeout", "-1", "timeout must be"),
    ("timeout", "nan", "timeout must be"),
    ("max_bytes", "many", "a size is"),
    ("headers", "no colon", "a header is"),
    ("headers", "A: b\nC[/]: d", "can't be the name"),
]


async def test_what_is_not_allowed_is_said_and_not_used() -> None:
    async with opened_form() as stage:
        for name, text, why in NOT_ALLOWED:
            before = await stage.enter(name, text)
            assert why in stage.hint(name)
            stage.form.action_accept()
            await stage.pilot.pause()
            assert stage.results == []
            assert stage.form.focused in stage.field(name).walk_children()
            await stage.enter(name, before)
        stage.form.action_accept()
        await stage.pilot.pause()
        assert stage.options == Options()


async def test_all_fields_fit_at_80_by_24() -> None:
    async with opened_form(size=(80, 24)) as stage:
        controls = [field.query_one(".control") for field in stage.form.query(Field)]
        assert all(control.region.height for control in controls)
        assert stage.form.query_one("#accept").region.bottom <= 24


def test_the_summary_has_the_limits_and_what_else_is_set() -> None:
    lines = [plain(line) for line in summary_lines(Options(rate=2, save_to=Path("x")), 48)]
    assert lines[0].split() == ["at", "once", "20", "deadline", "none"]
    assert any("2 /s" in line for line in lines)


def test_the_summary_says_where_bodies_are_saved_and_names_what_else_is_set() -> None:
    options = Options(save_to=Path("/home/me/a/very/long/way/down/to/the/bodies"), headers=(("A", "b"),))
    save, also = [plain(line) for line in summary_lines(options, 40)][-2:]
    assert save == "save to      /home/me/a/ve…to/the/bodies"
    assert also == "also headers"


def test_where_room_is_short_the_summary_has_one_column() -> None:
    assert len(summary_lines(Options(), 30)) == 8


async def test_a_box_that_is_off_is_empty_and_not_only_of_another_colour() -> None:
    async with opened_form(Options(block_private=True)) as stage:
        boxes = [str(box._button.plain) for box in stage.form.query(Checkbox)]
        assert boxes == ["▐ ▌", "▐X▌", "▐ ▌"]


def test_every_option_is_on_the_command_line() -> None:
    parameters = {parameter.name: parameter for parameter in fetch.params}
    for name, option in OPTIONS.items():
        assert [*parameters[name].opts] == option.flag.split()
        assert option.help in str(getattr(parameters[name], "help", ""))


def test_the_page_about_fetching_lists_the_options(request: pytest.FixtureRequest) -> None:
    lines = ["| option | meaning |", "|---|---|"]
    for parameter in fetch.params:
        if isinstance(parameter, click.Option):
            choices = "|".join(getattr(parameter.type, "choices", ()))
            metavar = parameter.metavar or choices
            flags = f"{', '.join(parameter.opts)} {metavar}".strip().replace("|", "\\|")
            lines.append(f"| `{flags}` | {parameter.help} |")
    check_table("docs/fetching.md", "options", "\n".join(lines), request)
