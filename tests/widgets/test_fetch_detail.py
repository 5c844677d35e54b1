"""Tests the panes with the details of one URL."""

from asynclab.fetch.body_text import Page
from asynclab.fetch.rows import Failure, Hop, Row
from asynclab.widgets.fetch.fetch_detail import DetailView, answer_lines, story_lines, whole_lines
from asynclab.widgets.spans import Line, plain, width_of
from tests.widgets.folded_labs import HOSTILE
from tests.widgets.url_rows import NOW, SPENT, failed, phases, under_way, url
from tests.widgets.view_stage import Refreshes, on_stage, painted, part_at


def halfway() -> Row:
    """A picture that is being downloaded, at the second attempt."""
    return under_way(
        3,
        1.2,
        status=200,
        reason="OK",
        content_type="image/png",
        wire=3_000_000,
        decoded=3_000_000,
        expected=6_000_000,
        phases=phases(SPENT | {"download": 3.0}),
        expires_at=NOW + 28.8,
        attempts=2,
        hops=(Hop("https://example.org/old", 301, "192.0.2.1", 0.1),),
        notes=("its certificate expires today",),
        failures=(Failure("http_error", "The server answered 503"),),
        page=Page(b"some text", "image/png", ("utf-8", "A poster")),
        raw_headers=((b"etag", b'"5f3c-1b2"'), (b"server", b"nginx")),
    )


def body(number: int, word: str, count: int) -> Row:
    """A URL whose body has so many lines."""
    text = "\n".join(f"{word} {index}" for index in range(count)).encode()
    return url(number, page=Page(text, "text/plain"), body=text, content_type="text/plain", wire=len(text))


def texts(row: Row, width: int = 60) -> list[str]:
    return [plain(line) for line in story_lines(row, NOW, width)]


def test_the_story_has_outcome_phases_figures_redirects_and_notes() -> None:
    lines = texts(halfway())
    figures = "3.0 MB of 6.0 MB · 1.0 MB/s · 1.200 s · 2 attempts · timeout in 28.8 s"
    assert lines[:4] == ["https://docs.example.org/guide", "► 200", figures, "200 OK · image/png"]
    assert any(line.startswith("download") and line.endswith("3.000 s") for line in lines)
    assert "301 0.100 s https://example.org/old" in lines
    assert lines[-2:] == ["earlier attempt: The server answered 503", "its certificate expires today"]


def test_of_a_body_that_was_too_large_it_tells_what_was_kept_and_of_how_much() -> None:
    cut = failed(1, "truncated", status=200, wire=315, decoded=10, expected=315, sentence="Larger than 10 bytes")
    assert "kept the first 10 B of 315 B · 788 B/s · 0.900 s" in texts(cut)
    assert "kept the first 10 B · 788 B/s · 0.900 s" in texts(failed(1, "truncated", status=200, wire=315, decoded=10))


def test_an_outcome_is_told_in_words_and_in_the_colour_of_its_state() -> None:
    row = failed(1, "refused", sentence="No connection: nothing listens there")
    assert "✗ No connection: nothing listens there" in texts(row)
    line = next(line for line in story_lines(row, NOW, 60) if "nothing listens" in plain(line))
    assert part_at(line, "nothing") == "failed"


def test_long_text_is_wrapped() -> None:
    row = url(1, url="https://example.org/" + "x" * 100, sentence="word " * 30, notes=(HOSTILE,))
    lines = story_lines(row, NOW, 40)
    assert all(width_of(line) <= 40 for line in lines)
    assert "".join(map(plain, lines)).count("x") > 100


def test_the_answer_has_title_headers_and_preview() -> None:
    lines = [plain(line) for line in answer_lines(halfway(), NOW, 60)]
    assert lines == ["A poster", f'{"etag":<18} "5f3c-1b2"', f"{'server':<18} nginx", "", "some text"]


def test_nothing_came_back_is_told() -> None:
    assert plain(answer_lines(under_way(1, 0.0), NOW, 60)[0]) == "nothing came back yet"
    assert plain(answer_lines(failed(1, "refused"), NOW, 60)[0]) == "nothing came back"
    assert plain(answer_lines(failed(1, "cancelled", state="cancelled"), NOW, 60)[0]) == "nothing came back"


async def test_only_what_changed_is_painted_again() -> None:
    row = halfway()
    async with on_stage(DetailView(story_lines), 60, 20) as (view, _):
        view.show_row(row, NOW)
        assert painted(view)[0] == "https://docs.example.org/guide"
        refreshes = Refreshes(view)
        view.show_row(row, NOW)
        assert refreshes.lines == []
        view.show_row(row, NOW + 1.0)
        assert refreshes.lines == [next(at for at, line in enumerate(texts(row)) if "timeout in" in line)]


async def test_what_has_ended_is_not_composed_again_before_it_changes() -> None:
    composed: list[float] = []

    def compose(row: Row, now: float, width: int) -> list[Line]:
        composed.append(now)
        return []

    row = url(1)
    async with on_stage(DetailView(compose), 60, 8) as (view, _):
        view.show_row(row, NOW)
        view.show_row(row, NOW + 1.0)
        assert composed == [NOW]
        row.version += 1
        view.show_row(row, NOW + 2.0)
        assert composed == [NOW, NOW + 2.0]


async def test_another_url_begins_at_its_top_and_the_same_stays_where_it_was() -> None:
    async with on_stage(DetailView(answer_lines), 60, 8) as (view, pilot):
        view.show_row(body(1, "line", 50), NOW)
        await pilot.pause()
        view.scroll_to(y=20, animate=False)
        await pilot.pause()
        view.show_row(body(1, "text", 50), NOW)
        await pilot.pause()
        assert painted(view)[0] == "text 19"
        view.show_row(body(2, "line", 50), NOW)
        await pilot.pause()
        assert painted(view)[1] == "line 0"


def test_where_room_is_short_the_answer_follows_the_story() -> None:
    lines = [plain(line) for line in whole_lines(halfway(), NOW, 60)]
    assert lines.index("https://docs.example.org/guide") < lines.index("headers and preview") < lines.index("A poster")


async def test_the_frame_tells_how_many_lines_are_below_and_where_it_has_the_focus_which_key_leads_there() -> None:
    async with on_stage(DetailView(answer_lines), 60, 8) as (view, pilot):
        view.show_row(body(1, "line", 9), NOW)
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
