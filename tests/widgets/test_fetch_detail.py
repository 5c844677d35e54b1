"""The panes that tell all that is known of one URL."""

from __future__ import annotations

from asynclab.widgets.fetch_detail import DetailView, answer_lines, story_lines, whole_lines
from asynclab.widgets.fetch_row import UrlDetail
from asynclab.widgets.lines import plain, width_of
from tests.widgets.labs import HOSTILE
from tests.widgets.stage import Refreshes, on_stage, painted, part_at
from tests.widgets.urls import url

DETAIL = UrlDetail(
    row=url(3, state="running", fraction=0.5, received=3_000_000, rate=1_000_000, seconds=1.2, left=28.8, tries=2),
    facts=("200 OK", "image/png"),
    hops=(("301 0.100 s", "https://example.org/old"),),
    notes=("before: The server answered 503",),
    title="A poster",
    headers=(("etag", '"5f3c-1b2"'), ("server", "nginx")),
    preview=("89 50 4e 47  .PNG",),
)


def texts(detail: UrlDetail, width: int = 60) -> list[str]:
    return [plain(line) for line in story_lines(detail, width)]


def test_the_story_has_outcome_phases_figures_redirects_and_notes() -> None:
    lines = texts(DETAIL)
    assert lines[:3] == ["https://docs.example.org/guide", "► 200", "200 OK · image/png"]
    assert any(line.startswith("download") and line.endswith("0.400 s") for line in lines)
    assert "3.0 MB of 6.0 MB · 1.0 MB/s · 1.200 s · 2 attempts · timeout in 28.8 s" in lines
    assert "301 0.100 s https://example.org/old" in lines
    assert lines[-1] == "before: The server answered 503"


def test_an_outcome_is_told_in_words_and_in_the_colour_of_its_state() -> None:
    detail = UrlDetail(row=url(1, state="failed", word="refused"), sentence="No connection: nothing listens there")
    assert "✗ No connection: nothing listens there" in texts(detail)
    line = next(line for line in story_lines(detail, 60) if "nothing listens" in plain(line))
    assert part_at(line, "nothing") == "failed"


def test_long_text_is_wrapped() -> None:
    detail = UrlDetail(row=url(1, url="https://example.org/" + "x" * 100), sentence="word " * 30, notes=(HOSTILE,))
    lines = story_lines(detail, 40)
    assert all(width_of(line) <= 40 for line in lines)
    assert "".join(map(plain, lines)).count("x") > 100


def test_the_answer_has_title_headers_and_preview() -> None:
    lines = [plain(line) for line in answer_lines(DETAIL, 60)]
    assert lines == ["A poster", f'{"etag":<18} "5f3c-1b2"', f"{'server':<18} nginx", "", "89 50 4e 47  .PNG"]


def test_nothing_came_back_is_told() -> None:
    assert plain(answer_lines(UrlDetail(row=url(1, state="queued")), 60)[0]) == "nothing came back yet"
    assert plain(answer_lines(UrlDetail(row=url(1, state="failed")), 60)[0]) == "nothing came back"
    assert plain(answer_lines(UrlDetail(row=url(1, state="cancelled")), 60)[0]) == "nothing came back"


async def test_only_what_changed_is_painted_again() -> None:
    view = DetailView(story_lines)
    async with on_stage(view, 60, 20):
        view.show(DETAIL)
        assert painted(view)[0] == "https://docs.example.org/guide"
        refreshes = Refreshes(view)
        view.show(UrlDetail(**{name: getattr(DETAIL, name) for name in DETAIL.__slots__}))
        assert refreshes.lines == []


async def test_another_url_begins_at_its_top_and_the_same_stays_where_it_was() -> None:
    view = DetailView(answer_lines)
    async with on_stage(view, 60, 8) as pilot:
        view.show(UrlDetail(row=url(1), preview=tuple(f"line {number}" for number in range(50))))
        await pilot.pause()
        view.scroll_to(y=20, animate=False)
        await pilot.pause()
        view.show(UrlDetail(row=url(1), preview=tuple(f"text {number}" for number in range(50))))
        await pilot.pause()
        assert painted(view)[0] == "text 19"
        view.show(UrlDetail(row=url(2), preview=tuple(f"line {number}" for number in range(50))))
        await pilot.pause()
        assert painted(view)[1] == "line 0"


async def test_hostile_text_is_only_text() -> None:
    view = DetailView(answer_lines)
    async with on_stage(view, 80, 8):
        view.show(UrlDetail(row=url(1), title="done [/] [@click=app.quit]here", headers=(("[/", "[link='"),)))
        assert painted(view)[0] == "done [/] [@click=app.quit]here"


def test_where_room_is_short_the_answer_follows_the_story() -> None:
    lines = [plain(line) for line in whole_lines(DETAIL, 60)]
    assert lines.index("https://docs.example.org/guide") < lines.index("headers and preview") < lines.index("A poster")


async def test_the_frame_tells_how_many_lines_are_below_and_where_it_has_the_focus_which_key_leads_there() -> None:
    view = DetailView(answer_lines)
    async with on_stage(view, 60, 8) as pilot:
        view.show(UrlDetail(row=url(1), preview=tuple(f"line {number}" for number in range(9))))
        await pilot.pause()
        assert "↓  4 more lines" in str(view.border_subtitle)
        view.scroll_to(y=1, animate=False)
        await pilot.pause()
        assert "↓  3 more lines" in str(view.border_subtitle)
        view.screen.set_focus(None)
        await pilot.pause()
        assert "]3 more lines[" in str(view.border_subtitle)
        view.scroll_end(animate=False)
        await pilot.pause()
        assert not view.border_subtitle
