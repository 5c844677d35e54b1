"""Compares pictures of a running program and of a recording in four sizes, from given frames."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from asynclab.app import AsyncLabApp
from asynclab.remote.launch import Target
from asynclab.screens.run.live_program import LiveProgram
from asynclab.screens.run.replay import Replay
from asynclab.screens.run.run_screen import RunScreen
from tests.fast_ui import until
from tests.screens.recordings import ENDED, frames, written
from tests.screens.test_snapshots import SIZES, Compare, drawn, open_the_app

PRINTED = b"\x1b[1mshop\x1b[0m: open\r\n\x1b[32mok\x1b[0m   order 1\r\n\x1b[31mlate\x1b[0m order 2\r\n> "


class FrozenProgram(LiveProgram):
    """A program that seems to run, and stands still."""

    is_live = True
    now = 1.62
    facts = ("Running as process 4711.",)

    def begin(self) -> None:
        for frame in frames():
            self.take(frame)
        self.terminal.feed(PRINTED)

    def pump(self) -> None: ...

    async def close(self) -> None: ...


async def settle(pilot: Pilot[Any]) -> None:
    """Show the code from its top: how far it has scrolled depends on how the panes found their places."""
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    screen.stage.source.scroll_to(y=0, animate=False, force=True)
    await pilot.pause(0.2)


async def open_live(pilot: Pilot[Any]) -> None:
    await open_the_app(pilot)
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES, ids=drawn)
def test_a_program_that_runs(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = AsyncLabApp(program=FrozenProgram(Target(("shop.py",), ("--open",))))
    assert snap_compare(app, terminal_size=size, run_before=open_live)


@pytest.mark.parametrize("size", SIZES, ids=drawn)
def test_a_recording(
    snap_compare: Compare, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    replay = Replay(written(tmp_path / "shop.rec", *frames(), ENDED))

    async def open_it(pilot: Pilot[Any]) -> None:
        await open_the_app(pilot)
        await until(lambda: replay.is_read)
        await pilot.pause(0.4)
        await settle(pilot)

    assert snap_compare(AsyncLabApp(program=replay), terminal_size=size, run_before=open_it)
