"""Tests the Fetch screen at several sizes, with odd pastes and hostile answers."""

import pytest
from textual.events import Paste
from textual.widget import Widget

from asynclab.model.wording.quantities import size_text
from asynclab.screens.fetch.fetch_layout import FIXED, LEAST_ASKED, LEAST_LIST, fetch_shares
from asynclab.screens.lab.pane_screen import LOW
from tests.screens.dashboard_stage import opened
from tests.screens.fetching import FetchStage, fetching
from tests.screens.frozen_fetch import FrozenSession
from tests.widgets.view_stage import screen_lines


def screen_text(stage: FetchStage) -> str:
    """All that is on the screen."""
    return "\n".join(screen_lines(stage.app))


def shown(stage: FetchStage) -> list[str]:
    views = stage.views
    panes = {
        "text": views.text,
        "options": views.options,
        "table": views.table,
        "totals": views.totals,
        "story": views.story,
        "answer": views.answer,
        "whole": views.whole,
    }
    return [name for name, view in panes.items() if view.region.area]


async def test_where_there_is_room_everything_shows() -> None:
    async with fetching() as stage:
        for size in ((120, 40), (140, 45), (200, 60)):
            await stage.pilot.resize_terminal(*size)
            assert shown(stage) == ["text", "options", "table", "totals", "story", "answer"]
            assert stage.views.table.page_height >= 7


@pytest.mark.parametrize(("size", "asked"), [((80, 24), ["whole"]), ((120, 24), ["story", "answer"])])
async def test_where_room_is_short_the_detail_shows_when_asked_for(size: tuple[int, int], asked: list[str]) -> None:
    async with fetching(size) as stage:
        assert shown(stage) == ["text", "table", "totals"]
        await stage.press("d")
        assert shown(stage) == ["table", "totals", *asked]
        assert stage.views.table.page_height >= 5
        await stage.press("d")
        assert shown(stage) == ["text", "table", "totals"]


SIZES = [(80, 24), (100, 26), (100, 30), (120, 33), (120, 36), (140, 40), (90, 50), (200, 60)]


async def test_the_list_is_never_crushed() -> None:
    async with fetching(SIZES[0]) as stage:
        for size, urls in zip(SIZES, (13, 15, 17, 20, 11, 14, 17, 23), strict=True):
            await stage.pilot.resize_terminal(*size)
            assert stage.views.table.page_height == urls
        for size in (*SIZES, *SIZES[1:]):  # an odd number: each once with, and once without
            await stage.pilot.resize_terminal(*size)
            await stage.press("d")  # shows or hides the detail
            assert stage.views.table.page_height >= 5
            assert stage.screen.key_bar.region.y == stage.views.region.bottom
            assert all(view.region.bottom <= stage.views.region.bottom for view in stage.views.query(Widget))


@pytest.mark.parametrize("wants", [None, True, False])
@pytest.mark.parametrize("height", range(16, 100))
def test_the_room_is_divided_and_the_list_has_its_share(height: int, wants: bool | None) -> None:
    share = fetch_shares(height, 6, wants_detail=wants)
    rest = height - FIXED - share.text - share.detail
    assert rest >= (LEAST_ASKED if wants or height < LOW else LEAST_LIST)
    assert (share.detail > 0) or not wants


async def test_where_room_is_short_phases_and_total_of_a_url_are_seen_at_once_and_its_preview_by_keys() -> None:
    async with fetching((80, 24)) as stage:
        await stage.fetched("/pages/tasks")
        await stage.press("d")
        await stage.until(lambda: "more lines" in screen_text(stage))
        assert "download  " in screen_text(stage)
        assert f"{size_text(stage.fetch.rows[0].wire)} · " in screen_text(stage)
        assert "</html>" not in screen_text(stage)
        await stage.press("tab", "end")
        await stage.until(lambda: "</html>" in screen_text(stage))
        assert "more line" not in screen_text(stage)


async def test_keys_go_to_the_list_when_the_pane_that_had_them_is_hidden() -> None:
    async with fetching((80, 24)) as stage:
        await stage.press("d", "tab")
        assert stage.views.whole.has_focus
        await stage.press("escape")
        assert shown(stage) == ["text", "table", "totals"]
        assert stage.views.table.has_focus
        await stage.press("d", "tab")
        await stage.pilot.resize_terminal(140, 45)
        await stage.until(lambda: "story" in shown(stage))
        assert stage.views.table.has_focus


async def test_a_detail_that_was_left_with_esc_on_a_small_terminal_shows_where_there_is_room() -> None:
    async with fetching((80, 24)) as stage:
        await stage.press("d", "escape")
        assert shown(stage) == ["text", "table", "totals"]
        await stage.pilot.resize_terminal(140, 45)
        await stage.until(lambda: "story" in shown(stage))


async def test_the_footer_of_a_small_terminal_still_makes_sense() -> None:
    async with fetching((80, 24)) as stage:
        await stage.fetched("/pages/tasks")
        last = screen_text(stage).splitlines()[-1]
        for entry in ("enter fetch", "esc back", "? help", "q quit"):
            assert entry in last


@pytest.mark.parametrize(
    ("key", "entries"),
    [
        ("a", " esc to the URLs  f5 fetch  tab pane  f1 help  ^p palette  ^q quit"),
        ("slash", " enter keep the filter  esc show all URLs  f5 fetch  tab pane  f1 help  ^q quit"),
    ],
)
async def test_while_something_is_typed_the_footer_names_no_letters(key: str, entries: str) -> None:
    async with fetching((80, 24)) as stage:
        await stage.press(key)
        await stage.until(lambda: entries in screen_text(stage))
        await stage.press("f1")
        assert stage.app.screen is not stage.screen


async def test_resizing_lays_everything_out_anew() -> None:
    async with fetching((140, 45)) as stage:
        await stage.fetched("/pages/tasks", "/status/404")
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: shown(stage) == ["text", "table", "totals"])
        assert "✓ 200" in stage.table[0]
        await stage.pilot.resize_terminal(200, 60)
        await stage.until(lambda: "story" in shown(stage))


async def test_the_cursor_fills_the_panes_below_with_its_url() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks", "/status/404")
        await stage.press("G")
        await stage.until(lambda: "The server answered 404" in screen_text(stage))
        await stage.press("g")
        await stage.until(lambda: "Tasks" in screen_text(stage) and "text/html" in screen_text(stage))


async def test_hostile_answers_are_shown_as_text_and_do_nothing() -> None:
    async with fetching((160, 50)) as stage:
        await stage.fetched("/evil", "/markup")
        for key in ("g", "G"):
            await stage.press(key)
            stage.screen.beat()
            await stage.pilot.pause()
            assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(screen_text(stage))
        assert "[@click=app.quit]here[/]" in screen_text(stage)
        await stage.press("y")
        assert stage.app.is_running


async def test_a_pasted_text_with_urls_goes_to_the_screen_from_anywhere() -> None:
    async with opened() as stage:
        stage.app.post_message(Paste("see https://a.example.org and\nhttps://b.example.org\nhttps://a.example.org"))
        await stage.until(lambda: stage.app.current_mode == "fetch" and stage.notices)
        assert stage.notices == ["2 URLs found"]
        await stage.app.close_labs()


async def test_a_pasted_text_without_urls_goes_nowhere() -> None:
    async with opened() as stage:
        stage.app.post_message(Paste("nothing [/] here"))
        await stage.until(lambda: stage.notices)
        assert stage.app.current_mode == "learn"


async def test_a_paste_that_is_too_long_is_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.widgets.paste_area.LONGEST_TEXT", 30)
    told = "41 characters are too many to paste: save them and run asynclab fetch -f FILE"
    long = "https://a.example.org https://b.example.o"
    async with opened() as stage:
        stage.app.post_message(Paste(long))
        await stage.until(lambda: stage.notices)
        assert (stage.notices, stage.app.current_mode) == ([told], "learn")
    async with fetching() as fetch_stage:
        fetch_stage.views.text.focus()
        await fetch_stage.paste("https://a.example.org")
        await fetch_stage.paste(long)
        assert fetch_stage.views.text.text == "https://a.example.org"
        assert told in fetch_stage.notices
        fetch_stage.views.table.focus()
        await fetch_stage.pilot.pause()
        await fetch_stage.paste(long)
        await fetch_stage.until(lambda: told.replace("41", "63") in fetch_stage.notices)
        assert fetch_stage.views.text.text == "https://a.example.org"


async def test_a_paste_into_a_form_stays_there() -> None:
    async with opened() as stage:
        await stage.press("3", "p")
        stage.app.post_message(Paste("https://a.example.org"))
        await stage.pilot.pause()
        assert stage.app.current_mode == "learn"


async def test_f_goes_to_the_screen_and_the_tabs_go_both_ways() -> None:
    async with opened() as stage:
        await stage.press("f")
        await stage.until(lambda: stage.app.current_mode == "fetch")
        await stage.pilot.click("TitleBar", offset=(12, 0))
        await stage.until(lambda: stage.app.current_mode == "learn")
        await stage.pilot.click("TitleBar", offset=(20, 0))
        await stage.until(lambda: stage.app.current_mode == "fetch")
        await stage.app.close_labs()


async def test_a_second_paste_joins_a_text_that_was_not_fetched_and_replaces_one_that_was() -> None:
    async with fetching() as stage:
        first, second, third = stage.urls("/pages/tasks", "/pages/queues", "/pages/futures")
        await stage.paste(first)
        await stage.paste(second)
        assert stage.views.text.text == f"{first}\n{second}"
        await stage.press("enter")
        await stage.ended()
        await stage.paste(third)
        assert stage.views.text.text == third
        assert stage.notices[-1] == "1 URL found"


async def test_results_are_shown_again_when_the_text_is_again_what_was_fetched() -> None:
    async with fetching() as stage:
        await stage.fetched("/pages/tasks")
        text = stage.views.text.text
        stage.views.text.take(stage.server.url("/pages/queues"))
        await stage.until(lambda: "queued" in stage.table[0])
        stage.views.text.take(text)
        await stage.until(lambda: "✓ 200" in stage.table[0])


async def test_five_thousand_urls_are_listed_and_only_those_in_sight_looked_at() -> None:
    async with fetching() as stage:
        await stage.screen.take("\n".join(f"http://127.0.0.1:1/{number}" for number in range(5_000)))
        stage.screen.beat()
        assert stage.views.table.line_count() == 5_000
        await stage.press("G")
        assert "4999" in stage.table[-1]


async def test_a_shorter_list_has_a_selected_url_too() -> None:
    async with fetching() as stage:
        await stage.press("G")
        await stage.take("/pages/tasks", "/status/404")
        assert stage.views.table.cursor == 0
        assert stage.views.selected is stage.screen.rows[0]


async def test_options_from_the_form_are_used_by_the_next_fetch() -> None:
    async with fetching() as stage:
        await stage.press("o")
        await stage.press(*"3", "enter")
        await stage.fetched("/pages/tasks")
        assert stage.fetch.options.concurrency == 3
        assert stage.views.options.line_text(0).split()[:3] == ["at", "once", "3"]


async def test_sums_and_races_are_those_of_the_list_that_is_shown() -> None:
    async with fetching() as stage:
        await stage.take("/pages/tasks", "/status/404", then="S")
        await stage.until(lambda: stage.screen.together.runs and stage.screen.one_by_one.runs)
        await stage.ended()
        await stage.until(lambda: not stage.screen.one_by_one.is_active and len(stage.totals) == 3)
        assert "1 ok  1 failed" in stage.totals[0]
        await stage.take("/pages/queues", "/pages/futures", "/pages/tasks")
        assert [line.strip() for line in stage.totals] == ["0 ok  0 failed  3 queued"]
        assert stage.frame == "in the order of the text"
        await stage.press("enter")
        await stage.until(lambda: "3 ok" in stage.totals[0])
        assert len(stage.totals) == 1


async def test_the_bars_of_a_race_have_the_scale_of_what_one_after_another_is_to_take() -> None:
    async with fetching() as stage:
        stage.views.show_totals(FrozenSession(), FrozenSession())
        assert all("─" in lane for lane in stage.totals[1:])


async def test_a_race_that_is_cancelled_is_not_done() -> None:
    async with fetching() as stage:
        await stage.take("/pages/tasks", "/hang", then="S")
        await stage.until(lambda: len(stage.totals) == 3 and all("1 of 2" in lane for lane in stage.totals[1:]))
        await stage.press("c")
        await stage.until(lambda: not stage.screen.together.is_active and not stage.screen.one_by_one.is_active)
        assert all(lane.endswith("1 of 2") for lane in stage.totals[1:])
