"""How long after a program blocks its loop the screen says so, with task and line.

    python benchmarks/blocked_latency.py [--rounds 3]

A child that was idle, or busy, blocks its loop: in a sleep and in a Python loop, in a task's step and in a callback.
The time from then until the screen has painted the block is told; 250 ms is the limit. Code in C that holds the
interpreter can't be told by the program: there it is the time until "No heartbeat" is painted, 0.3 s being the least.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from pathlib import Path

import asynclab
from asynclab.app import AsyncLabApp
from asynclab.remote.launch import Target
from asynclab.screens.run.live_program import LiveProgram
from asynclab.screens.run.live_screen import LiveScreen
from asynclab.screens.run.run_screen import RunScreen
from asynclab.screens.run.watched_program import WatchedProgram

KINDS = ("a sleep after idleness", "a Python loop after idleness", "a callback", "a sleep while busy", "C")
BLOCK = 1.2
"""Real seconds for which each blocks."""

CHILD = """
import asyncio, sys, time
out = open(sys.argv[1], "a", buffering=1)
block = float(sys.argv[2])
def note(kind):
    out.write(f"{kind}\\t{time.monotonic()}\\n")
def until_later():
    until = time.monotonic() + block
    while time.monotonic() < until:
        pass
async def busy():
    while True:
        await asyncio.sleep(0.001)
async def main():
    loop = asyncio.get_running_loop()
    size = 10_000_000
    while True:
        began = time.monotonic()
        number = 3 ** size
        if time.monotonic() - began > block / 3:
            break
        size *= 2
    for _ in range(int(sys.argv[3])):
        await asyncio.sleep(1)
        note("a sleep after idleness"); time.sleep(block)
        await asyncio.sleep(1)
        note("a Python loop after idleness"); until_later()
        await asyncio.sleep(1)
        loop.call_soon(lambda: (note("a callback"), until_later()))
        await asyncio.sleep(1)
        task = asyncio.create_task(busy())
        await asyncio.sleep(0.5)
        note("a sleep while busy"); time.sleep(block)
        task.cancel()
        await asyncio.sleep(1)
        note("C"); 3 ** size
asyncio.run(main())
"""


class _TimedScreen(LiveScreen):
    """Notes when a block, or the silence, has been painted."""

    def __init__(self, live: LiveProgram) -> None:
        super().__init__(live)
        self.painted: list[tuple[float, str]] = []
        self._was = ""

    def paint(self) -> None:
        """Paint, and note."""
        super().paint()
        state = self.program.state
        is_blocking = state.is_blocking and state.blocked is not None and state.blocked.line
        seen = "blocked" if is_blocking else "silent" if self.live.no_heartbeat else ""
        if seen and seen != self._was:
            self.painted.append((time.monotonic(), seen))
        self._was = seen


class _TimedApp(AsyncLabApp):
    CSS_PATH = Path(asynclab.__file__).parent / "asynclab.tcss"
    timed: _TimedScreen | None = None

    def _make_run_screen(self, program: WatchedProgram) -> RunScreen:
        assert isinstance(program, LiveProgram)
        self.timed = _TimedScreen(program)
        return self.timed


async def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes"
        live = LiveProgram(Target(("-c", CHILD), (str(notes), str(BLOCK), str(rounds))))
        app = _TimedApp(program=live)
        async with app.run_test(size=(120, 40)):
            while not live.has_ended:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
        assert isinstance(app.timed, _TimedScreen)
        found: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for line in notes.read_text().splitlines():
            kind, began = line.split("\t")
            wanted = "silent" if kind == "C" else "blocked"
            later = (at for at, seen in app.timed.painted if seen == wanted and at >= float(began))
            at = next(later, float("nan"))
            found[kind].append((at - float(began)) * 1000)
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    found = asyncio.run(measure(rounds))
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}; milliseconds")
    for kind, times in found.items():
        print(f"  {kind:<30} {'  '.join(f'{each:5.0f}' for each in times)}")


if __name__ == "__main__":
    main()
