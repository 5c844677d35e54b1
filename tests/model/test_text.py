"""Tests that text from outside is made harmless for a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model.text import MARKS_KEPT, cell_width, clean, one_line, shorten_middle

ANYTHING = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Mn", "Me", "Zl", "Zp", "Co", "Cn", "Lo", "Zs"])),
    st.text(st.sampled_from("a\x1b[31m\x9b\u202e\u200b\u0301\ufe0f\n\t\r\ud800茶🍵")),
)
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(ANYTHING)
def test_cleaned_text_has_no_character_that_a_terminal_obeys_or_hides(text: str) -> None:
    for character in clean(text):
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
        assert character not in BIDI_CONTROLS


@given(ANYTHING)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert "\t" not in one_line(text)


@given(ANYTHING, st.integers(-1, 40))
def test_cleaning_what_is_clean_changes_nothing(text: str, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)
    assert one_line(one_line(text, limit), limit) == one_line(text, limit)


@given(ANYTHING, st.integers(0, 40))
def test_no_result_is_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit
    assert len(one_line(text, limit)) <= limit


@given(ANYTHING)
def test_no_character_carries_more_than_a_few_marks(text: str) -> None:
    marks = 0
    for character in clean(text):
        marks = marks + 1 if cell_width(character) == 0 else 0
        assert marks <= MARKS_KEPT


@given(ANYTHING)
def test_cleaned_text_can_be_encoded(text: str) -> None:
    clean(text).encode()


@given(ANYTHING, st.integers(0, 30))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    line = one_line(text)
    short = shorten_middle(line, width)
    assert cell_width(short) <= width
    if short != line and width >= 4:
        head, _, tail = short.partition("…")
        assert line.startswith(head)
        assert line.endswith(tail)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("\x7f", "␡"),
        ("\x9b31m", "\\x9b31m"),
        ("gpj\u202eexe", "gpj\\u202eexe"),
        ("pay\u200bpal", "pay\\u200bpal"),
        ("a\u2028b", "a\\u2028b"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("warning \u26a0\ufe0f", "warning \u26a0"),
        ("Thé 茶 🍵", "Thé 茶 🍵"),
        ("e" + "\u0301" * 50 + "!", "e\u0301\u0301\u0301!"),
        ("\u0301\u0301a", "\N{DOTTED CIRCLE}\u0301\u0301a"),
    ],
)
def test_what_is_unsafe_is_made_visible(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_newlines_and_tabs_show_in_one_line() -> None:
    assert one_line("a\nb\tc") == "a⏎b c"


def test_text_that_is_cut_ends_in_an_ellipsis() -> None:
    assert one_line("coffee", 4) == "cof…"


def test_a_huge_text_is_cut_before_it_is_looked_at() -> None:
    assert len(clean("\x1b" * 1_000_000, 100)) == 100


@pytest.mark.parametrize(
    ("text", "width"),
    [("tea", 3), ("茶", 2), ("e\u0301", 1), ("🍵!", 3), ("\u1112\u1161\u11ab", 2), ("का", 1), ("►▸◌✓✗⊘…", 7)],
)
def test_widths_are_those_of_a_terminal(text: str, width: int) -> None:
    assert cell_width(text) == width


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        *(("brew-cocoa-1", width, short) for width, short in ((12, "brew-cocoa-1"), (11, "brew-…coa-1"), (5, "br…-1"))),
        *(("brew-cocoa-1", width, short) for width, short in ((2, "b…"), (1, "…"), (0, ""))),
        ("茶茶茶茶", 6, "茶…茶"),
        ("abcde\u0301x", 3, "a…x"),
    ],
)
def test_a_long_name_loses_its_middle_and_no_character_is_cut_in_half(name: str, width: int, short: str) -> None:
    assert shorten_middle(name, width) == short
