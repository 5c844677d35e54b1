"""The legend of the Fetch screen: all of its marks, and none of another screen's."""

from __future__ import annotations

from asynclab.fetch.words import GLYPHS
from asynclab.screens.fetch.fetch_screen import FETCH_MARKS
from asynclab.widgets.waterfall import MARKS as PHASES
from tests.screens.fetching import fetching
from tests.screens.stage import read_help


def test_every_state_and_phase_is_explained_and_every_mark_has_one_meaning() -> None:
    drawn = [mark.drawn for mark in FETCH_MARKS]
    glyphs = [*GLYPHS.values(), *(mark for mark, _ in PHASES.values())]
    assert [text.split()[0] for text in drawn[: len(glyphs)]] == glyphs
    assert len(set(drawn)) == len(drawn)


async def test_the_help_of_the_screen_explains_its_own_marks_and_not_those_of_tasks() -> None:
    async with fetching() as stage:
        await stage.press("?")
        text = read_help(stage.app)
        assert "► under way" in text
        assert "its step is under way" not in text
