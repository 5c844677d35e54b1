"""The parameter form: what it takes, what it refuses and how it says so."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Label, Select

from asynclab.app import AsyncLabApp
from asynclab.curriculum.catalogue import find
from asynclab.curriculum.practice_pages import Pages
from asynclab.screens.learn.demo_actions import parameter_form
from asynclab.screens.learn.demo_runs import Run
from asynclab.screens.shared.form import Field, Form


class FormStage:
    """A form on the dashboard, and what came out of it."""

    def __init__(self, app: App[None], form: Form, pilot: Pilot[None]) -> None:
        self.app, self.form, self.pilot = app, form, pilot
        self.results: list[dict[str, Any] | None] = []

    def field(self, name: str) -> Field:
        return next(field for field in self.form.query(Field) if field.entry.name == name)

    def hint(self, name: str) -> str:
        return str(self.field(name).query_one(".hint", Label).render())


async def opened_form(pilot: Pilot[None], name: str, **values: Any) -> FormStage:
    run = Run(find(name), Pages())
    run.take(values)
    form = parameter_form(run)
    stage = FormStage(pilot.app, form, pilot)
    pilot.app.push_screen(form, stage.results.append)
    await pilot.pause()
    return stage


async def test_enter_gives_all_values_with_their_types() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "gather")
        await pilot.press("5", "enter")
        assert stage.results == [{"tasks": 5, "seconds": 1.0, "first": "longest"}]


async def test_the_first_field_has_the_focus_and_typing_replaces_its_value() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "gather", tasks=7)
        focused = stage.app.focused
        assert isinstance(focused, Input)
        assert focused.value == "7"
        await pilot.press("4")
        assert focused.value == "4"


async def test_what_is_not_allowed_is_said_while_it_is_typed_and_does_not_run() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "gather")
        focused = stage.app.focused
        assert isinstance(focused, Input)
        for typed in ("0", "99999", "x", "1.5", "[/]"):
            focused.value = typed
            await pilot.pause()
            assert stage.hint("tasks").startswith("✗ tasks must be a whole number"), typed
            await pilot.press("tab", "enter")
            assert stage.results == []
            assert stage.app.focused is focused


async def test_the_complaint_goes_when_the_value_is_right_again() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "gather")
        await pilot.press("x")
        assert stage.hint("tasks").startswith("✗")
        await pilot.press("backspace", "3")
        assert stage.hint("tasks") == stage.field("tasks").entry.hint


async def test_escape_leaves_without_running() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "gather")
        await pilot.press("8", "escape")
        assert stage.results == [None]


async def test_the_run_button_runs() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "coroutines", seconds=2.5)
        await pilot.click("#accept")
        assert stage.results == [{"seconds": 2.5}]


async def test_the_close_button_closes() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "coroutines")
        await pilot.click("#leave")
        assert stage.results == [None]


async def test_defaults_come_back() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "results", numbers=7, return_exceptions=True)
        assert stage.field("numbers").query_one(Input).value == "7"
        assert stage.field("return_exceptions").query_one(Checkbox).value
        await pilot.click("#defaults")
        await pilot.press("ctrl+r")
        assert stage.results == [{"numbers": 3, "seconds": 1.0, "return_exceptions": False}]


async def test_a_choice_is_chosen_from_a_list() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "gather")
        select = stage.field("first").query_one(Select)
        select.value = "shortest"
        await pilot.press("enter")
        assert stage.results[0] is not None
        assert stage.results[0]["first"] == "shortest"


async def test_urls_are_checked_and_given_as_a_list() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "fetch_all")
        field = stage.field("urls").query_one(Input)
        field.value = "ftp://example.org"
        await pilot.pause()
        assert stage.hint("urls").startswith("✗ urls")
        field.value = "http://127.0.0.1:1/a http://[::1]:1/b"
        await pilot.press("enter")
        assert stage.results[0] is not None
        assert stage.results[0]["urls"] == ["http://127.0.0.1:1/a", "http://[::1]:1/b"]


async def test_mistakes_are_not_in_the_form() -> None:
    async with AsyncLabApp().run_test() as pilot:
        stage = await opened_form(pilot, "gather")
        assert [field.entry.name for field in stage.form.query(Field)] == ["tasks", "seconds", "first"]


async def test_all_of_a_complaint_is_seen_where_room_is_short() -> None:
    async with AsyncLabApp().run_test(size=(60, 20)) as pilot:
        stage = await opened_form(pilot, "gather")
        await pilot.press("x")
        hint = stage.field("tasks").query_one(".hint", Label)
        lines = [hint.render_line(y).text for y in range(hint.size.height)]
        assert " ".join(" ".join(lines).split()).endswith("not 'x'")
