"""Tests the form of a demo's parameters: the values that it accepts, and its messages for others."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from textual.widgets import Checkbox, Input, Label, Select, TextArea

from asynclab.curriculum.catalogue import find
from asynclab.curriculum.practice_pages import Pages
from asynclab.screens.learn.demo_actions import parameter_form
from asynclab.screens.learn.demo_runs import Run
from asynclab.screens.shared.form import Entry, Field, Form
from tests.screens.forms import FormStage, form_on_stage


def opened_form(name: str, size: tuple[int, int] = (80, 24), **values: Any) -> AbstractAsyncContextManager[FormStage]:
    """The form of a demo's parameters, with values that were chosen before."""
    run = Run(find(name), Pages())
    run.take(values)
    return form_on_stage(parameter_form(run), size)


@pytest.mark.parametrize(
    ("name", "values", "keys", "clicked", "results"),
    [
        ("gather", {}, "5 enter", "", [{"tasks": 5, "seconds": 1.0, "first": "longest"}]),
        ("gather", {}, "8 escape", "", [None]),
        ("coroutines", {"seconds": 2.5}, "", "#accept", [{"seconds": 2.5}]),
        ("coroutines", {}, "", "#leave", [None]),
    ],
    ids=["enter_gives_all", "escape_leaves", "the_run_button_runs", "the_close_button_closes"],
)
async def test_the_result_is_all_values_with_their_types_or_none(
    name: str, values: dict[str, Any], keys: str, clicked: str, results: list[dict[str, Any] | None]
) -> None:
    async with opened_form(name, **values) as stage:
        await stage.pilot.press(*keys.split())
        if clicked:
            await stage.pilot.click(clicked)
        assert stage.results == results


async def test_the_first_field_has_the_focus_and_typing_replaces_its_value_and_mistakes_have_none() -> None:
    async with opened_form("gather", tasks=7) as stage:
        assert [field.entry.name for field in stage.form.query(Field)] == ["tasks", "seconds", "first"]
        focused = stage.form.focused
        assert isinstance(focused, Input)
        assert focused.value == "7"
        await stage.pilot.press("4")
        assert focused.value == "4"


async def test_what_is_not_allowed_is_said_while_it_is_typed_and_does_not_run() -> None:
    async with opened_form("gather") as stage:
        focused = stage.form.focused
        assert isinstance(focused, Input)
        for typed in ("0", "99999", "x", "1.5", "[/]"):
            focused.value = typed
            await stage.pilot.pause()
            assert stage.hint("tasks").startswith("✗ tasks must be a whole number"), typed
            await stage.pilot.press("tab", "enter")
            assert stage.results == []
            assert stage.form.focused is focused
        focused.value = "3"
        await stage.pilot.pause()
        assert stage.hint("tasks") == stage.field("tasks").entry.hint


async def test_defaults_come_back() -> None:
    async with opened_form("results", numbers=7, return_exceptions=True) as stage:
        assert stage.field("numbers").query_one(Input).value == "7"
        assert stage.field("return_exceptions").query_one(Checkbox).value
        await stage.pilot.click("#defaults")
        await stage.pilot.press("ctrl+r")
        assert stage.results == [{"numbers": 3, "seconds": 1.0, "return_exceptions": False}]


async def test_defaults_come_back_where_several_lines_can_be_typed() -> None:
    entry = Entry("names", "names", "one a line", ["tea", "milk"], ["rum"], str.split, "\n".join, has_lines=True)
    async with form_on_stage(Form("names", "run", [entry])) as stage:
        assert stage.field("names").query_one(TextArea).text == "tea\nmilk"
        await stage.pilot.click("#defaults")
        await stage.pilot.press("ctrl+r")
        assert stage.results == [{"names": ["rum"]}]


async def test_a_choice_is_chosen_from_a_list() -> None:
    async with opened_form("gather") as stage:
        select = stage.field("first").query_one(Select)
        select.value = "shortest"
        await stage.pilot.press("enter")
        assert stage.results[0] is not None
        assert stage.results[0]["first"] == "shortest"


async def test_urls_are_checked_and_given_as_a_list() -> None:
    async with opened_form("fetch_all") as stage:
        await stage.enter("urls", "ftp://example.org")
        assert stage.hint("urls").startswith("✗ urls")
        await stage.enter("urls", "http://127.0.0.1:1/a http://[::1]:1/b")
        await stage.pilot.press("enter")
        assert stage.results[0] is not None
        assert stage.results[0]["urls"] == ["http://127.0.0.1:1/a", "http://[::1]:1/b"]


async def test_all_of_a_complaint_is_seen_where_room_is_short() -> None:
    async with opened_form("gather", size=(60, 20)) as stage:
        await stage.pilot.press("x")
        hint = stage.field("tasks").query_one(".hint", Label)
        lines = [hint.render_line(y).text for y in range(hint.size.height)]
        assert " ".join(" ".join(lines).split()).endswith("not 'x'")
