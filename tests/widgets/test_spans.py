import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from wcwidth import wcwidth

from asynclab.model.text import one_line
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.widgets.line_cache import SPANS_REMEMBERED, Segments
from asynclab.widgets.line_view import CURSOR
from asynclab.widgets.spans import (
    DASH,
    EIGHTHS,
    FULL,
    HALF,
    REST,
    bar,
    fill,
    fit,
    joined,
    left,
    left_cut_end,
    plain,
    pulse,
    right,
    sparkline,
    style_of,
    to_content,
    width_of,
    wrap,
)

TEXT = st.text(max_size=40).map(one_line)
WIDTH = st.integers(1, 50)


@pytest.mark.parametrize("glyph", [*GLYPHS.values(), *EIGHTHS, FULL, HALF, REST, DASH, CURSOR, *"├└│…·×–“”"])
def test_every_glyph_is_one_cell_wide(glyph: str) -> None:
    assert (cell_len(glyph), wcwidth(glyph)) == (1, 1)


@pytest.mark.parametrize(
    ("fraction", "drawn"),
    [
        (None, "────────"),
        (0.0, "────────"),
        (0.06, "╸───────"),
        (0.5, "━━━━────"),
        (0.56, "━━━━╸───"),
        (1.0, "━━━━━━━━"),
        (7.0, "━━━━━━━━"),
        (-1.0, "────────"),
    ],
)
def test_a_bar_is_full_up_to_its_fraction_in_half_cells(fraction: float | None, drawn: str) -> None:
    assert plain(bar(fraction, 8, "running")) == drawn


def test_a_pulse_moves_to_and_fro_by_a_cell_each_half_second() -> None:
    drawn = [plain(pulse(half / 2, 6, "waiting")) for half in range(8)]
    assert drawn == ["┅┅┅───", "─┅┅┅──", "──┅┅┅─", "───┅┅┅", "──┅┅┅─", "─┅┅┅──", "┅┅┅───", "─┅┅┅──"]


@pytest.mark.parametrize("width", range(5))
def test_a_pulse_is_as_wide_as_the_line(width: int) -> None:
    assert all(width_of(pulse(half / 2, width, "waiting")) == width for half in range(10))


def test_the_full_part_of_a_bar_has_the_colour_and_the_rest_is_quiet() -> None:
    assert [part for _, part in bar(0.5, 8, "failed")] == ["failed", "rest"]


def test_a_sparkline_shows_the_last_values_at_the_right() -> None:
    assert sparkline([0, 1, 2, 4, 8], 4, 8) == "▁▂▄█"
    assert sparkline([8, 16], 5, 8) == "   ██"
    assert sparkline([1.0], 0, 8) == ""


@given(TEXT, WIDTH)
def test_padded_texts_are_exactly_as_wide_as_asked(text: str, width: int) -> None:
    assert cell_len(left(text, width)) == cell_len(left_cut_end(text, width)) == cell_len(right(text, width)) == width


@given(TEXT, TEXT, WIDTH)
def test_a_fitted_line_is_never_wider_and_says_when_it_was_cut(one: str, other: str, width: int) -> None:
    line = ((one, ""), (other, "past"))
    fitted = fit(line, width)
    assert width_of(fitted) <= width
    assert fitted == line or plain(fitted).endswith("…")


@given(TEXT, TEXT, WIDTH)
def test_a_filled_line_is_as_wide_as_asked(one: str, other: str, width: int) -> None:
    line = ((one, ""), (other, "past"))
    filled = fill(line, width)
    assert width_of(filled) == width
    assert plain(filled).startswith(plain(fit(line, width)))


def test_names_are_cut_in_the_middle_and_sentences_at_the_end() -> None:
    assert left("consumer-with-a-long-name-17", 12) == "consum…me-17"
    assert left_cut_end("a sentence that is long", 12) == "a sentence… "


@given(TEXT, WIDTH)
def test_wrapping_loses_no_word_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = wrap(text, max(2, width))
    assert all(cell_len(line) <= max(2, width) for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_word_that_is_too_long_is_broken_where_it_stays_legible() -> None:
    assert wrap("use asyncio.run_coroutine_threadsafe(queue.put(item), loop);", 46) == [
        "use",
        "asyncio.run_coroutine_threadsafe(queue.put(",
        "item), loop);",
    ]
    assert wrap("abcdefgh", 5) == ["abcde", "fgh"]


def test_groups_are_joined_by_a_quiet_dot() -> None:
    assert plain(joined([(("1 ready", "past"),), (("2 waiting", "past"),)])) == "1 ready · 2 waiting"


@pytest.mark.parametrize("text", ["[/]", "[/foo]", "[link='", "[red]x", "[$x]"])
def test_a_line_in_a_frame_is_never_read_as_markup(text: str) -> None:
    assert to_content(((text, "past"),)).plain == text


VARIABLES = {
    "state-past": "#111111",
    "state-waiting": "#222222",
    "state-row": "#333333",
    "state-step-text": "#444444",
    "state-running": "#555555",
    "state-accent": "#666666",
}


@pytest.mark.parametrize(
    ("parts", "style"),
    [
        ("", Style()),
        ("waiting", Style(color="#222222")),
        ("strong", Style(bold=True)),
        ("heading", Style(color="#111111", bold=True)),
        ("row strong waiting", Style(color="#222222", bgcolor="#333333", bold=True)),
        ("row past", Style(color="#111111", bgcolor="#333333")),
        ("row step", Style(color="#444444", bgcolor="#555555")),
        ("flag", Style(color="#444444", bgcolor="#666666", bold=True)),
    ],
)
def test_a_part_has_the_colours_of_the_theme_and_the_last_of_several_counts_most(parts: str, style: Style) -> None:
    assert style_of(parts, VARIABLES) == style


def test_a_span_that_comes_again_is_painted_with_the_same_segment() -> None:
    asked: list[str] = []

    def style_of(part: str) -> Style:
        asked.append(part)
        return Style(bold=part == "running")

    segments = Segments(style_of)
    first = segments["██", "running"]
    assert (first.text, first.style) == ("██", Style(bold=True))
    assert segments["██", "running"] is first
    assert segments["█", "running"].text == "█"
    assert asked == ["running"]


def test_as_many_spans_are_remembered_as_there_is_room_for() -> None:
    segments = Segments(lambda part: Style.null())
    for number in range(3 * SPANS_REMEMBERED):
        assert segments[str(number), ""].text == str(number)
    assert len(segments) <= SPANS_REMEMBERED
