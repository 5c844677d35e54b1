"""Tests the form of a fetch's options: the values that it accepts, and its messages for others."""

from dataclasses import fields
from pathlib import Path

import click
import pytest
from textual.widgets import Checkbox, Select

from asynclab.cli.fetch_command import fetch
from asynclab.fetch.options import OPTIONS, Options
from asynclab.screens.fetch.fetch_options import ALSO, SUMMARY, options_form, summary_lines
from asynclab.screens.shared.form import Field
from asynclab.widgets.spans import plain
from tests.document_tables import check_table
from tests.screens.forms import FormStage, form_on_stage


def options_of(stage: FormStage) -> Options:
    """What came out last."""
    assert stage.results[-1] is not None
    return Options(**stage.results[-1])


def test_every_option_is_in_form_and_summary_or_only_seldom_of_interest() -> None:
    assert list(OPTIONS) == [field.name for field in fields(Options)]
    assert {*SUMMARY, *ALSO, "save_to"} == {*OPTIONS} - {"connect_timeout"}


async def test_enter_gives_all_options_as_they_were() -> None:
    options = Options(concurrency=3, rate=2.5, headers=(("A", "b"), ("C", "d")), save_to=Path("/tmp/x"), method="HEAD")
    async with form_on_stage(options_form(options)) as stage:
        await stage.pilot.press("enter")
        assert options_of(stage) == options


async def test_what_is_entered_comes_out() -> None:
    async with form_on_stage(options_form(Options())) as stage:
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
        assert options_of(stage) == Options(
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
    async with form_on_stage(options_form(Options())) as stage:
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
        assert options_of(stage) == Options()


async def test_all_fields_fit_at_80_by_24() -> None:
    async with form_on_stage(options_form(Options()), size=(80, 24)) as stage:
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
    async with form_on_stage(options_form(Options(block_private=True))) as stage:
        boxes = [f"{box._button.plain} {box.label}" for box in stage.form.query(Checkbox)]
        assert boxes == ["▐ ▌ no", "▐X▌ yes", "▐ ▌ no"]


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
