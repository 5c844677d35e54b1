"""What keys send to a program in its terminal."""

import pytest

from asynclab.screens.run.terminal_pane import bytes_of


@pytest.mark.parametrize(
    ("key", "character", "sent"),
    [
        ("a", "a", b"a"),
        ("upper_a", "A", b"A"),
        ("é", "é", "é".encode()),
        ("enter", "\r", b"\r"),
        ("backspace", "\x7f", b"\x7f"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", "\x1b", b"\x1b"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+d", "\x04", b"\x04"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("up", None, b"\x1b[A"),
        ("ctrl+right", None, b"\x1b[1;5C"),
        ("f5", None, b"\x1b[15~"),
        ("alt+b", None, b"\x1bb"),
        ("some_new_key", None, b""),
    ],
)
def test_keys_send_what_a_terminal_sends(key: str, character: str | None, sent: bytes) -> None:
    assert bytes_of(key, character, is_application=False) == sent


def test_arrows_send_something_else_where_the_program_asked_for_it() -> None:
    assert bytes_of("up", None, is_application=True) == b"\x1bOA"
