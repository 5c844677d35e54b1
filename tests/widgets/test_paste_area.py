"""Tests the text area for pastes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.events import Paste
from textual.pilot import Pilot

from asynclab.widgets.colours import state_variables
from asynclab.widgets.paste_area import PasteArea


class AreaApp(App[None]):
    """One area, and the pastes that it let through."""

    def __init__(self) -> None:
        super().__init__()
        self.area = PasteArea()
        self.let_through = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return state_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.area

    def on_paste(self) -> None:
        self.let_through += 1


@asynccontextmanager
async def pasted(text: str) -> AsyncIterator[tuple[AreaApp, Pilot[None]]]:
    app = AreaApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.area.focus()
        app.post_message(Paste(text))
        await pilot.pause()
        yield app, pilot


def drawn(app: AreaApp) -> str:
    return "\n".join(app.area.render_line(y).text.rstrip() for y in range(4))


async def test_every_line_of_a_paste_is_kept_once() -> None:
    async with pasted("one\r\ntwo\rthree") as (app, _):
        assert app.area.text == "one\ntwo\nthree"
        assert app.let_through == 0


async def test_control_characters_become_visible() -> None:
    async with pasted("\x1b]0;PWNED\x07 \x9b31m \u202e https://example.org/") as (app, _):
        assert app.area.text == "␛]0;PWNED␇ \\x9b31m \\u202e https://example.org/"


async def test_a_password_is_in_the_text_and_not_on_the_screen() -> None:
    async with pasted("see https://user:secret@example.org/old now") as (app, _):
        assert "user:secret@" in app.area.text
        assert "see https://user:••••••@example.org/old now" in drawn(app)


async def test_a_text_can_be_put_in_place_of_another() -> None:
    async with pasted("old") as (app, pilot):
        app.area.take("new \x1b[31m")
        await pilot.pause()
        assert app.area.text == "new ␛[31m"
