"""Compares pictures of the findings of a recording, and of the report of a standstill, in several sizes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from asynclab.app import AsyncLabApp
from asynclab.screens.run.replay import Replay
from tests.fast_ui import until
from tests.screens import deadlocked
from tests.screens.recordings import written
from tests.screens.test_snapshots import SIZES, Compare, drawn, open_the_app


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """A recording with three findings, one of them only likely."""
    file = str(tmp_path / "ticker.py")
    told = deadlocked.program(file, *deadlocked.other_bugs(file))
    return Replay(written(tmp_path / "bank.rec", *told, code=deadlocked.CODE))


@pytest.fixture
def compare(snap_compare: Compare, replay: Replay) -> Callable[..., bool]:
    """Compares the screen of that recording after these keys."""

    def compare(keys: str, size: tuple[int, int]) -> bool:
        async def press(pilot: Pilot[Any]) -> None:
            await open_the_app(pilot)
            await until(lambda: replay.is_read)
            await pilot.pause(0.3)
            await pilot.press(*keys.split())
            await pilot.pause(0.3)

        return snap_compare(AsyncLabApp(program=replay), terminal_size=size, run_before=press)

    return compare


@pytest.mark.parametrize("size", SIZES, ids=drawn)
def test_the_findings(compare: Callable[..., bool], size: tuple[int, int]) -> None:
    assert compare("b", size)


@pytest.mark.parametrize("size", SIZES, ids=drawn)
def test_the_moment_of_a_finding(compare: Callable[..., bool], size: tuple[int, int]) -> None:
    assert compare("b enter", size)


@pytest.mark.parametrize("size", SIZES, ids=drawn)
def test_why_nothing_moved(compare: Callable[..., bool], size: tuple[int, int]) -> None:
    assert compare("b enter ctrl+backslash", size)
