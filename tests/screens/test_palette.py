"""Tests the command palette: it lists the demos and the commands that apply now, and runs them."""

import pytest
from textual.command import CommandPalette, Hit, SearchIcon
from textual.events import Click
from textual.widgets import OptionList

from asynclab.app import AsyncLabApp
from asynclab.curriculum.catalogue import DEMOS
from asynclab.screens.shared.palette import CommandProvider
from asynclab.widgets.colours import LEGIBLE, contrast
from tests.screens.dashboard_stage import Stage, opened, quick_lab


async def offered(stage: Stage, query: str = "") -> list[str]:
    provider = CommandProvider(stage.screen)
    hits = [hit async for hit in (provider.search(query) if query else provider.discover())]
    return [str(hit.text) for hit in sorted(hits, key=lambda hit: -hit.score if isinstance(hit, Hit) else 0)]


async def choose(stage: Stage, query: str, wanted: str) -> None:
    """Type into the open palette, and take what is at its top once that is the wanted command."""
    hits = stage.app.screen.query_one(OptionList)

    def is_on_top() -> bool:
        return bool(hits.highlighted == 0 and str(hits.get_option_at_index(0).prompt).startswith(wanted))

    await stage.press(*query)
    await stage.until(is_on_top)
    await stage.press("enter")


async def test_it_offers_the_commands_that_apply_then_all_demos_then_what_always_applies() -> None:
    async with opened() as stage:
        texts = await offered(stage)
        demos = [f"{demo.key} {demo.name}" for demo in DEMOS]
        assert texts[-5 - len(demos) : -5] == demos
        assert "help (?)" in texts
        assert "quit (q)" in texts
        assert "pause (space)" not in texts
        await stage.press("7")
        await stage.until(lambda: stage.app.runs["7"].is_running)
        texts = await offered(stage)
        assert "pause (space)" in texts
        assert "resume (space)" not in texts


async def test_what_matters_most_now_comes_first() -> None:
    async with opened() as stage:
        assert (await offered(stage))[0] == "run this (enter r)"
        await stage.press("3")
        await stage.until(lambda: stage.app.runs["3"].is_running)
        assert (await offered(stage))[:2] == ["pause (space)", "step (n)"]
        await stage.press("space")
        await stage.until(lambda: stage.screen.is_paused)
        assert (await offered(stage))[:2] == ["resume (space)", "back ([)"]
        await stage.press("i", "space")
        await stage.until(lambda: not stage.app.runs["3"].is_active)
        assert (await offered(stage))[0] == "run this (enter r)"
        await stage.press("7", "v")
        await stage.until(lambda: stage.screen.findings_count)
        assert (await offered(stage))[:3] == ["findings (b)", "cancel (c)", "why stuck (^\\)"]


async def test_names_come_before_descriptions() -> None:
    async with opened() as stage:
        texts = await offered(stage, "gather")
        assert texts[0] == "3 gather"
        assert "5 results" in texts


async def test_what_is_searched_for_is_never_read_as_markup() -> None:
    async with opened() as stage:
        assert await offered(stage, "[/]") == []


async def test_a_demo_can_be_started_from_it() -> None:
    async with opened(make_lab=quick_lab) as stage:
        await stage.press("ctrl+p")
        assert isinstance(stage.app.screen, CommandPalette)
        await choose(stage, "timeout", "6 timeout")
        await stage.until(lambda: stage.app.runs["6"].standing().state == "done")


async def test_a_command_can_be_given_from_it() -> None:
    async with opened() as stage:
        await stage.press("7")
        run = stage.app.runs["7"]
        await stage.until(lambda: run.is_running)
        await stage.press("ctrl+p")
        await choose(stage, "pause", "pause (space)")
        await stage.until(lambda: run.lab is not None and run.lab.paused)


@pytest.mark.parametrize("key", ["t", "ctrl+p"])
async def test_a_choice_that_is_made_twice_at_once_is_made_once(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[object] = []
    async with opened() as stage:
        monkeypatch.setattr(stage.screen, "action_step", lambda: chosen.append("a step"))
        monkeypatch.setattr(AsyncLabApp, "_watch_theme", lambda _, theme: chosen.append(theme))
        await stage.press(key)
        await stage.until(lambda: stage.app.screen.query_one(OptionList).option_count)
        stage.type_at_once("down", "enter", "enter")
        await stage.until(lambda: stage.app.screen is stage.screen)
        await stage.until(lambda: chosen)
        assert len(chosen) == 1


async def test_two_clicks_beside_the_palette_dismiss_it_once() -> None:
    async with opened() as stage:
        await stage.press("ctrl+p")
        palette = stage.app.screen
        for _ in range(2):
            palette.post_message(Click(palette, 0, 0, 0, 0, 1, False, False, False, screen_x=0, screen_y=0))
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_the_mark_before_the_search_is_legible() -> None:
    async with opened() as stage:
        await stage.press("ctrl+p")
        icon = stage.app.screen.query_one(SearchIcon)
        assert contrast(icon.colors[3], icon.colors[2]) >= LEGIBLE
