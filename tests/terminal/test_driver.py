"""What is read from the terminal, and how the process stops."""

import asyncio
import io
import os
import signal
from collections.abc import Iterator

import pytest
from textual.app import App
from textual.drivers._writer_thread import WriterThread

from asynclab.terminal.driver import Input, StdoutDriver
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
