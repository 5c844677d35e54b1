"""Tests that only changed cells are sent, and that the terminal then shows all cells correctly."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, InlineUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from asynclab.terminal.shown_cells import GAP, ShownCells

WIDTH = 24
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=WIDTH)
STYLES = [Style(), Style(color="red"), Style(color="green", bgcolor="blue"), Style(bold=True)]


def strip(*segments: tuple[str, Style]) -> Strip:
    """A line that fills the screen's width."""
    found = Strip([Segment(text, style) for text, style in segments])
    return found.adjust_cell_length(WIDTH, STYLES[0])


def sent(shown: ShownCells, line: Strip, y: int = 0) -> str:
    """What is sent to show a line."""
    return shown.only_changes(LayoutUpdate([[line]], Region(0, y, WIDTH, 1))).render_segments(CONSOLE)


def text_of(data: str) -> str:
    """What a terminal shows of it."""
    screen = pyte.Screen(WIDTH, 1)
    pyte.Stream(screen).feed(data)
    return str(screen.display[0])


lines = st.lists(st.tuples(st.text("ab 世é─", max_size=12), st.sampled_from(STYLES)), max_size=4).map(
    lambda segments: strip(*segments)
)


@given(st.lists(lines, min_size=1, max_size=6))
def test_a_terminal_shows_what_it_would_if_everything_were_sent(drawn: list[Strip]) -> None:
    shown, some, all_of_it = ShownCells(), pyte.Screen(WIDTH, 1), pyte.Screen(WIDTH, 1)
    for line in drawn:
        pyte.Stream(some).feed(sent(shown, line))
        pyte.Stream(all_of_it).feed("\x1b[1;1H" + line.render(CONSOLE))
    assert dict(some.buffer[0]) == dict(all_of_it.buffer[0])


@pytest.mark.parametrize(
    ("text", "style", "data"),
    [
        ("0.123 s", 1, ""),
        ("0.124 s", 1, "\x1b[1;5H\x1b[0;31m4\x1b[m"),
        ("0.123 s", 3, "\x1b[1;1H\x1b[0;1m0.123 s\x1b[m"),
    ],
    ids=["the_same", "another_character", "another_style"],
)
def test_only_cells_that_change_are_sent(text: str, style: int, data: str) -> None:
    shown = ShownCells()
    assert sent(shown, strip(("0.123 s", STYLES[1])))
    assert sent(shown, strip((text, STYLES[style]))) == data


def test_changes_that_lie_close_are_sent_as_one() -> None:
    shown = ShownCells()
    sent(shown, strip(("a" + "-" * GAP + "a", STYLES[0])))
    assert sent(shown, strip(("b" + "-" * GAP + "b", STYLES[0]))).count("H") == 1


def test_what_is_painted_alike_names_its_style_once() -> None:
    shown = ShownCells()
    sent(shown, strip(("a" + "-" * 10 + "a", STYLES[1])))
    data = sent(shown, strip(("b" + "-" * 10 + "b", STYLES[1])))
    assert (data.count("H"), data.count("31m")) == (2, 1)


def test_each_part_that_changes_is_sent_to_its_place() -> None:
    shown, far = ShownCells(), "-" * 2 * GAP
    sent(shown, strip((f"-a{far}a", STYLES[0])))
    assert text_of(sent(shown, strip((f"-b{far}c", STYLES[0])))).rstrip() == f" b{' ' * len(far)}c"


def test_characters_that_are_drawn_as_one_are_sent_as_one() -> None:
    shown = ShownCells()
    assert "e\u0301x" in sent(shown, strip(("e\u0301x", STYLES[0])))
    assert "e\u0301y" in sent(shown, strip(("e\u0301y", STYLES[0])))


def test_links_stay_links() -> None:
    assert "\x1b]8;" in sent(ShownCells(), strip(("docs", Style(link="https://docs.python.org/"))))


def test_everything_is_sent_again_where_the_terminal_may_show_something_else() -> None:
    shown = ShownCells()
    line = strip(("queue", STYLES[1]))
    whole = sent(shown, line)
    shown.forget()
    assert sent(shown, line) == whole
    shown.only_changes(InlineUpdate([line]))
    assert sent(shown, line) == whole


def test_of_a_part_of_a_line_nothing_outside_is_sent() -> None:
    shown = ShownCells()
    sent(shown, strip(("abcdef", STYLES[0])))
    update = ChopsUpdate([{0: strip(("ABCDEF", STYLES[0]))}], [(0, 2, 4)], [[WIDTH]])
    assert text_of(shown.only_changes(update).render_segments(CONSOLE)).strip() == "CD"
    assert text_of(sent(shown, strip(("abCDef", STYLES[0])))).strip() == ""


def test_without_colour_only_the_rest_of_a_style_is_sent() -> None:
    line = strip(("x", Style(color="red", bgcolor="blue", bold=True)))
    assert sent(ShownCells(has_colour=False), line).startswith("\x1b[1;1H\x1b[0;1mx\x1b[m")


def test_colours_are_those_that_the_terminal_has() -> None:
    console = Console(force_terminal=True, color_system="standard", width=WIDTH)
    assert console._color_system is ColorSystem.STANDARD
    update = ShownCells().only_changes(LayoutUpdate([[strip(("x", Style(color="#ff0000")))]], Region(0, 0, WIDTH, 1)))
    assert "38;2" not in update.render_segments(console)
