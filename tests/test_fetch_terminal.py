"""Tests the Fetch screen on a real terminal: how the command line opens it, and what it prints there."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.practice.faulty_server import FaultyServer
from tests.test_terminal import Terminal

Open = Callable[..., Terminal]

OWN_SEQUENCES = re.compile(
    r"""\x1b\[ (?:
        [\d;]* [mHJK] | 5n                # colours, the cursor's place, erasing; how far the terminal is
        | \? [\d;]+ [hl] | \? \d+ \$p     # modes, and questions after them
        | [<>=]? [\d;]* [ut] | 6n | \?u   # the keyboard protocol, the window's size
    )
    | \x1b\]22;default\x07               # the shape of the mouse pointer
    | \x18                               # at the end: what was cut
    """,
    re.VERBOSE,
)
"""All that Textual itself sends, and our driver."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a practice server in a thread of its own."""
    addresses: list[str] = []
    loop = asyncio.new_event_loop()
    ready, ended = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with FaultyServer(pace=0) as running:
            addresses.append(running.url())
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    yield addresses[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens `asynclab fetch` with arguments."""
    with ExitStack() as terminals:
        yield lambda *arguments: terminals.enter_context(closing(Terminal(tmp_path / "errors", "fetch", *arguments)))


def foreign_characters(output: bytes) -> set[str]:
    """What is neither a letter, nor one of Textual's own sequences."""
    rest = OWN_SEQUENCES.sub("", output.decode("utf-8", "backslashreplace"))
    return {character for character in rest if not character.isprintable() and character not in "\r\n"}


def test_urls_and_options_of_the_command_line_reach_the_screen(server: str, opened: Open, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text(f"see {server}pages/tasks and\nnothing here\n{server}status/404\n")
    options = ("--timeout", "21.5", "--concurrency", "3", "--per-host", "2", "--rate", "90", "--deadline", "500")
    more = ("--retries", "1", "--max-bytes", "300kB", "--method", "HEAD", "-H", "X-Mine: yes")
    terminal = opened(f"{server}bytes/9", "-f", str(tmp_path / "urls.txt"), "--save", str(tmp_path), *options, *more)
    found = "3 URLs · 1 line ignored"
    text = terminal.wait_for(lambda screen: "2 ok  1 failed" in screen and found in screen, "all are fetched")
    for shown in ("at once      3", "per host     2", "90 /s", "21.5 s", "500 s", "retries      1", "300000", "HEAD"):
        assert shown in text
    assert "save to      /" in text
    assert "also headers" in text
    terminal.leave()


def test_without_urls_it_opens_with_the_practice_offer(opened: Open) -> None:
    terminal = opened("--concurrency", "4")
    text = terminal.wait_for_text("practice pages on this computer")
    assert "at once      4" in text
    assert "ok" not in text.split("╭─")[-1]
    terminal.press("\r")
    terminal.wait_for_text("in flight")
    terminal.leave()


def test_headless_prints_although_there_is_a_terminal(server: str, opened: Open) -> None:
    terminal = opened(f"{server}pages/tasks", "--headless")
    assert terminal.wait_for_exit() == 0
    assert "✓ ok" in terminal.text
    assert b"\x1b[?1049h" not in terminal.output


def test_nothing_from_outside_acts_on_the_terminal(server: str, opened: Open) -> None:
    nasty = ("evil", "markup", "redirect-to?url=ftp://%1b%5d0;PWNED%07/", "evil?%9b31m=[/]")
    terminal = opened(*(server + path for path in nasty))
    terminal.wait_for(lambda screen: "3 ok  1 failed" in screen, "all are fetched")
    for _ in nasty:
        shown = terminal.wait_for(lambda screen: "Headers and preview" in screen, "the detail")
        terminal.press("j")
        terminal.wait_for(lambda screen, before=shown: screen != before, "the next URL")  # type: ignore[misc]
    assert b"PWNED" in terminal.output
    terminal.press("e")
    terminal.wait_for_text("for a spreadsheet")
    terminal.press("\x1b")
    terminal.wait_for(lambda screen: "for a spreadsheet" not in screen, "the form is closed")
    terminal.leave()
    assert foreign_characters(terminal.output) == set()


def test_a_paste_is_text_whatever_is_in_it(server: str, opened: Open) -> None:
    terminal = opened()
    terminal.wait_for_text("practice pages on this computer")
    # Taken for keys, this would quit, and set the title; and it begins with bytes that are no text.
    pasted = f"\x1b[31mq {server}pages/tasks \x1b]0;PWNED\x07\x9b31m\x1bq\x1b[A {server}status/404 \x1b["
    terminal.press_bytes(b"\x1b[200~\xff\xfe " + pasted.encode() + b"\x1b[201~")
    terminal.wait_for(lambda screen: "1 127.0" in screen and "2 127.0" in screen, "the URLs of the paste")
    terminal.press("a")
    terminal.wait_for_text("f5 fetch")
    terminal.press(f"\x1b[200~\n\x1b[31mq {server}evil\x07\x1b[201~")
    terminal.wait_for(lambda screen: "3 URLs" in screen and "f5 fetch" in screen, "the text")
    terminal.press("\x1b")
    # Where the line is half drawn, both are in it: a key now would make one with the escape before it.
    terminal.wait_for(lambda screen: "add URLs" in screen and "f5 fetch" not in screen, "that the text is left")
    terminal.leave()
    assert foreign_characters(terminal.output) == set()
