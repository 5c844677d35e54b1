"""Tests that the text of every screen has enough contrast, also in themes with similar colours."""

from collections.abc import Iterator
from typing import Any

import pytest
from rich.color import Color as Painted
from textual.app import App
from textual.color import Color
from textual.pilot import Pilot
from textual.screen import ModalScreen

from asynclab.widgets.colours import LEGIBLE, contrast
from tests.screens import test_fetch_snapshots as fetch
from tests.screens import test_snapshots as learn
from tests.widgets.view_stage import screen_strips

SHADE = 0.05
"""How far below the least contrast rounded colours may come."""


def illegible(app: App[Any]) -> Iterator[tuple[str, float]]:
    """The words on the topmost screen that can't be read, and their contrast; what it has dimmed is not to be read."""
    screen = app.screen
    shown = screen.children[0].region if isinstance(screen, ModalScreen) else screen.region
    for y, strip in enumerate(screen_strips(app)[shown.y : shown.bottom], shown.y):
        x = 0
        for text, style, _ in strip:
            is_shown, x = shown.contains(x, y), x + len(text)
            if is_shown and style is not None and any(map(str.isalnum, text)):
                ratio = contrast(colour_of(style.color), colour_of(style.bgcolor))
                if ratio < LEGIBLE - SHADE:
                    yield text.strip(), ratio


def colour_of(painted: Painted | None) -> Color:
    assert painted is not None
    assert painted.triplet is not None
    return Color(*painted.triplet)


async def assert_legible(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, and leave what they have opened after a look at it."""
    await pilot.press(*keys)
    await pilot.pause(0.3)
    assert not list(illegible(pilot.app)), keys
    await pilot.press("escape")


@pytest.mark.parametrize("theme", ["asynclab-light", "atom-one-dark"])
async def test_the_learn_screen(theme: str) -> None:
    app = learn.frozen_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = theme
        await learn.press("j", pilot)
        for key in ("tab", "p", "question_mark", "ctrl+p", "left_square_bracket"):
            await assert_legible(pilot, key)


@pytest.mark.usefixtures("without_practice_pages")
@pytest.mark.parametrize("theme", ["asynclab", "solarized-light"])
async def test_the_fetch_screen(theme: str) -> None:
    app = fetch.frozen_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = theme
        await fetch.stand_still(pilot)
        for key in ("d", "o", "e", "F"):
            await assert_legible(pilot, key)


@pytest.mark.usefixtures("without_practice_pages")
async def test_the_selected_choice_stands_out_in_the_terminals_own_colours() -> None:
    app = fetch.frozen_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.theme = "ansi-dark"
        await fetch.stand_still(pilot)
        await pilot.press("F")
        await pilot.pause(0.3)
        underlined = [
            text
            for strip in screen_strips(app)
            for text, style, _ in strip
            if style is not None and style.underline and text.strip()
        ]
        assert "".join(underlined).split()[:2] == ["a", "auto"]
