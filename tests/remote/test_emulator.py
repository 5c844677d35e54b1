"""Tests that the emulated terminal shows the same as a real one, whatever a program prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.remote import emulator
from asynclab.remote.emulator import Emulator, Look

PIECES = st.sampled_from(
    [
        *"ab世é\n\r\t\b\x1b[]?;0123456789hlmHJKrST>$#()%",
        "\x1b[",
        "\x1b]0;title\x07",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x9b",
    ]
)


def shown(*printed: bytes, columns: int = 20, lines: int = 4) -> Emulator:
    terminal = Emulator(columns, lines, lambda _: None)
    for data in printed:
        terminal.feed(data)
    return terminal


def text(terminal: Emulator) -> list[str]:
    return ["".join(piece for piece, _ in terminal.row(index)).rstrip() for index in range(terminal.rows)]


def test_text_colours_and_characters_cut_in_two() -> None:
    terminal = shown(b"plain \x1b[1;31mred\x1b[0m \xe4\xb8", b"\x96")
    assert terminal.row(0) == (("plain ", Look()), ("red", Look("red", bold=True)), (" 世", Look()))


def test_lines_that_scroll_off_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "LINES_KEPT", 5)
    terminal = shown(b"".join(b"%d\r\n" % number for number in range(20)))
    assert (terminal.scrolled_off, text(terminal)) == (5, ["12", "13", "14", "15", "16", "17", "18", "19", ""])


def test_a_full_screen_program_has_a_screen_of_its_own_and_gives_the_other_back() -> None:
    terminal = shown(b"$ editor\r\n")
    terminal.feed(b"\x1b[?1049h\x1b[H~ empty file" + b"\r\n~" * 9)
    assert (terminal.is_full_screen, terminal.scrolled_off, text(terminal)[-1]) == (True, 0, "~")
    terminal.feed(b"\x1b[?1049l")
    assert (terminal.is_full_screen, text(terminal)) == (False, ["$ editor", "", "", ""])


def test_a_program_that_asks_where_the_cursor_is_gets_an_answer() -> None:
    answers: list[bytes] = []
    Emulator(20, 4, answers.append).feed(b"ab\x1b[6n")
    assert answers == [b"\x1b[1;3R"]


def test_a_lower_terminal_keeps_the_lines_at_the_cursor() -> None:
    terminal = shown(b"one\r\ntwo\r\nthree")
    terminal.resize(20, 2)
    assert text(terminal) == ["one", "two", "three"]
    assert terminal.cursor == (5, 2)
    terminal.resize(10, 5)
    assert terminal.size == (10, 5)


@pytest.mark.parametrize("frame", [b"\x1b(0lqk\x1b(Bl", b"\x1b)0\x0elqk\x0fl", b"\x1b%G\x1b(0lqk\x1b(Bl"])
def test_frames_are_drawn_as_curses_draws_them(frame: bytes) -> None:
    assert text(shown(frame))[0] == "┌─┐l"


@pytest.mark.parametrize("command", [b"\x1bP+q544e\x1b\\", b"\x1b_Ga=q\x1b\\", b"\x1bPq" + b"#0" * 9_000 + b"\x07"])
def test_commands_that_a_terminal_need_not_know_show_no_text_however_they_arrive(command: bytes) -> None:
    printed = b"a" + command + b"b\x1b[1mc"
    for cut in (1, 2, 3, len(command), len(command) + 1, len(printed)):
        assert text(shown(printed[:cut], printed[cut:]))[0] == "abc"
    assert text(shown(b"a\x1bP1\x1b[1mb"))[0] == "ab"


def test_the_cursor_can_be_hidden() -> None:
    assert shown(b"\x1b[?25l").cursor is None


@pytest.mark.parametrize("nonsense", [b"\x1b[>4;2m", b"\x1b[?1;2;3;4;5H", b"\x1b[1;2;3;4A", b"\x1b[?6c", b"\x1b[9999L"])
def test_sequences_that_make_no_sense_change_nothing_of_what_follows(nonsense: bytes) -> None:
    assert "after" in "".join(text(shown(nonsense + b"after")))


@given(st.lists(PIECES, max_size=60), st.integers(1, 30), st.integers(1, 8))
def test_nothing_that_is_printed_breaks_it(pieces: list[str], columns: int, lines: int) -> None:
    terminal = shown("".join(pieces).encode())
    terminal.resize(columns, lines)
    terminal.feed(b"\x18\x1b\\\x07\x1bcwell")
    assert "well"[:columns] in "".join(text(terminal))
