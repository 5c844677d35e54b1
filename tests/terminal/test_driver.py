"""What is read from the terminal."""

from __future__ import annotations

import pytest

from asynclab.terminal.driver import Input
from asynclab.terminal.slow_line import ANSWER


# A single escape character is a key: it can't be kept back.
@pytest.mark.parametrize("cut", [0, 2, 3, 4])
def test_what_the_terminal_answers_is_no_key_however_it_arrives(cut: int) -> None:
    answers: list[None] = []
    parser = Input(answered=lambda: answers.append(None))
    read = "".join(parser.text_of(part.encode()) for part in ("q" + ANSWER[:cut], ANSWER[cut:] + "w"))
    assert (read, len(answers)) == ("qw", 1)


def test_other_sequences_are_keys_even_if_they_begin_like_an_answer() -> None:
    parser = Input()
    assert parser.text_of(b"\x1b[") + parser.text_of(b"A") == "\x1b[A"
