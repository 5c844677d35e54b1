import pytest

from asynclab.widgets.spans import plain
from asynclab.widgets.title_bar import Moment, TabChosen, TitleBar, loop_meter
from tests.widgets.view_stage import on_stage, painted, part_at, said


async def test_it_shows_the_tabs_the_loop_and_what_runs() -> None:
    async with on_stage(TitleBar(("Learn", "Fetch")), 90, 3, shows=([0.0004] * 20, 2, 7)) as (bar, _):
        assert painted(bar)[0] == (
            " asynclab  Learn  Fetch              loop ▁▁▁▁▁▁▁▁▁▁▁▁   0.4 ms        2 runs · 7 tasks"
        )
        bar.show([0.0004] * 20, 0, 0)
        assert painted(bar)[0].endswith("0.4 ms")


async def test_nothing_moves_when_another_run_starts() -> None:
    async with on_stage(TitleBar(("Learn", "Fetch")), 80, 3) as (bar, _):
        places = set()
        for runs, tasks in ((0, 0), (1, 1), (2, 20), (11, 999)):
            bar.show([0.0004] * 20, runs, tasks)
            places.add((painted(bar)[0].index("loop"), painted(bar)[0].find(" · ")))
        assert len({loop for loop, _ in places}) == 1
        assert len({counts for _, counts in places} - {-1}) == 1


@pytest.mark.parametrize(
    ("width", "end"), [(66, "▁▁▁▁   0.4 ms"), (48, " loop    0.4 ms"), (30, " asynclab  Learn  Fetch")]
)
async def test_where_it_is_narrow_the_counts_go_first_then_the_sparkline(width: int, end: str) -> None:
    async with on_stage(TitleBar(("Learn", "Fetch")), width, 3, shows=([0.0004] * 20, 2, 7)) as (bar, _):
        assert painted(bar)[0].endswith(end)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (130, "◂ the past event 12 of 1,345 · 9.497 s queue put · eggs [ ] event by event esc now"),
        (90, "◂ the past event 12 of 1,345 · 9.497 s [ ] event by event esc now"),
        (66, "◂ the past event 12 of 1,345 · 9.497 s esc now"),
        (56, "◂ the past event 12 of 1,345 esc now"),
        (30, "esc now"),
    ],
)
async def test_the_past_is_said_in_its_place_with_the_way_back_however_narrow_it_is(width: int, shown: str) -> None:
    async with on_stage(TitleBar(("Learn",)), width, 3) as (bar, _):
        bar.moment = Moment(12, 1345, 9.497, "queue put · eggs")
        bar.show([0.0004] * 20, 2, 7)
        assert painted(bar)[0].split() == ["asynclab", "Learn", *shown.split()]
        assert painted(bar)[0].endswith("esc now")
        bar.moment = None
        bar.show([0.0004] * 20, 2, 7)
        assert "the past" not in painted(bar)[0]


@pytest.mark.parametrize("active", ["", "Learn", "Fetch"])
async def test_the_active_tab_stands_out(active: str) -> None:
    async with on_stage(TitleBar(("Learn", "Fetch"), active), 90, 3) as (bar, _):
        parts = {tab: part_at(bar.compose_line(0, 90), tab) for tab in ("Learn", "Fetch")}
        assert [tab for tab, part in parts.items() if part == "tab"] == [active or "Learn"]


async def test_a_click_on_a_tab_tells_which() -> None:
    async with on_stage(TitleBar(("Learn", "Fetch")), 90, 3) as (bar, pilot):
        for x in (3, 16, 17, 40):
            await pilot.click(bar, offset=(x, 0))
        assert [message.tab for message in said(pilot) if isinstance(message, TabChosen)] == ["Learn", "Fetch"]


@pytest.mark.parametrize(
    ("lag", "text", "part"),
    [
        ([], "loop                  – ms     ", "running"),
        ([0.0, 0.0051], "loop           ▁▄   5.1 ms     ", "running"),
        ([0.02, 0.001], "loop           █▁  20.0 ms late", "ready"),
        ([0.15], "loop            █ 150.0 ms late", "failed"),
    ],
)
def test_a_late_loop_is_said_in_a_word_and_in_colour(lag: list[float], text: str, part: str) -> None:
    line = loop_meter(lag)
    assert plain(line) == text
    assert line[1][1] == part
