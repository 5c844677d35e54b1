"""Tests `asynclab run` on a real terminal: it opens the screen, and exits as the program did."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from asynclab.remote.program_recording import RecordingReader
from asynclab.remote.wire import ProgramEnded
from tests.test_terminal import Terminal

CODE = """
import asyncio
async def main():
    await asyncio.sleep(0.1)
    raise SystemExit(3)
asyncio.run(main())
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with closing(Terminal(tmp_path / "errors", "run", "--record", str(tmp_path / "recording"), "-c", CODE)) as terminal:
        yield terminal


def test_the_screen_stays_and_then_asynclab_ends_as_the_program_did(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for_text("Ended after")
    terminal.wait_for_text("main-1")
    terminal.leave(3)
    lines = list(RecordingReader(tmp_path / "recording").lines())
    assert [line.code for line in lines if isinstance(line, ProgramEnded)] == [3]
