"""Tests the input from a terminal, including pastes, and how the process is stopped and continued."""

import asyncio
import io
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.drivers._writer_thread import WriterThread

from asynclab.terminal.driver import END, PICTURE, START, Input, PasteFilter, StdoutDriver
from asynclab.terminal.slow_line import ANSWER


@pytest.fixture(autouse=True)
def sigcont() -> Iterator[None]:
    """Give back the signal that Textual's driver handles for good: other tests ask what could wake their loops."""
    before = signal.getsignal(signal.SIGCONT)
    yield
    signal.signal(signal.SIGCONT, before)


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


class Noted(StdoutDriver):
    """Only notes when it would let the terminal go and take it back."""

    def __init__(self) -> None:
        super().__init__(App())
        self.did: list[str | int] = []
        self.is_back = asyncio.Event()

    def suspend_application_mode(self) -> None:
        self.did.append("let go")

    def resume_application_mode(self) -> None:
        self.did.append("taken back")
        self.is_back.set()


async def test_closing_ends_the_thread_that_textual_has_started() -> None:
    driver = Noted()
    try:
        driver._writer_thread = WriterThread(io.StringIO())
        driver._writer_thread.start()
        driver.close()
        assert not driver._writer_thread.is_alive()
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTSTP)


async def test_a_stop_waits_for_the_loop_and_interrupts_no_write(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(process: int, number: int) -> None:
        driver.did.append(number)
        signal.raise_signal(signal.SIGCONT)

    monkeypatch.setattr(os, "kill", kill)
    continued = signal.getsignal(signal.SIGCONT)
    driver = Noted()
    try:
        signal.raise_signal(signal.SIGTSTP)
        assert driver.did == []
        await driver.is_back.wait()
        assert driver.did == ["let go", signal.SIGSTOP, "taken back"]
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTSTP)
        signal.signal(signal.SIGCONT, continued)


PIECES = st.sampled_from([START, END, "\x1b", "\x1b[", "\x1b[20", "\x1b[31m", "q", "text", "\x1b[A", "é"])


def test_escape_characters_within_a_paste_are_made_visible_and_keys_around_it_are_left_alone() -> None:
    typed = f"\x1b[A{START}a \x1b[31mq\x1b]0;title\x07{END}\x1b[Bx"
    assert PasteFilter().feed(typed) == f"\x1b[A{START}a {PICTURE}[31mq{PICTURE}]0;title\x07{END}\x1b[Bx"


def test_an_escape_key_outside_a_paste_is_not_kept_back() -> None:
    assert PasteFilter().feed("\x1b") == "\x1b"


def test_what_may_be_the_beginning_of_the_end_waits_for_more() -> None:
    pastes = PasteFilter()
    assert pastes.feed(f"{START}text\x1b[20") == f"{START}text"
    assert pastes.feed("2~") == f"{PICTURE}[202~"
    assert pastes.feed("\x1b[201") == ""
    assert pastes.feed("~\x1b[A") == f"{END}\x1b[A"


@given(st.lists(PIECES), st.data())
def test_it_does_not_matter_in_which_parts_a_paste_comes(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, pieced = PasteFilter(), PasteFilter()
    at_once = whole.feed(text)
    assert "".join(map(pieced.feed, parts)) + pieced.feed(END) == at_once + whole.feed(END)
