"""How long it takes to open a recording, how long the screen stands still meanwhile, and how much memory that takes.

    python benchmarks/reading_recordings.py [--events 100000] [--tasks 50]

A recording of tasks that sleep and wait for a queue is written to a temporary file and shown in the app, without a
terminal. "first paint" is when the first tasks can be seen, "read" when all of it is there, both from the start of the
app; "opened" is from its first frame to "read". "longest gap" is the longest time for which no key could be handled.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from asynclab.app import AsyncLabApp
from asynclab.model.events import AnyEvent, Stepped, TaskCreated, TaskReady, TaskWaiting, Wait
from asynclab.remote.program_recording import VERSION, Header, RecordingWriter
from asynclab.remote.wire import LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from asynclab.screens.run.replay import Replay
from asynclab.screens.run.run_screen import RunScreen
from asynclab.widgets.task_table import TaskTable

FRAME = 500
"""Events that are written at once: what a busy program sends in 25 ms."""


def events(count: int, tasks: int) -> Iterator[AnyEvent]:
    """So many events, of so many tasks."""
    for number in range(1, tasks + 1):
        yield TaskCreated(0.0, number, f"worker-{number}", "worker", None, __file__, 10)
        yield TaskReady(0.0, number, "created", 1)
    wait = Wait("sleep", seconds=0.01, file=__file__, line=20)
    for turn in range((count - 2 * tasks) // 3):
        number, at = 1 + turn % tasks, turn * 1e-4
        yield Stepped(at + 1e-5, number, 1e-5)
        yield TaskWaiting(at + 1e-5, number, wait)
        yield TaskReady(at + 9e-5, number, "timer")


def write(path: Path, count: int, tasks: int) -> None:
    """Write a recording."""
    with path.open("wb") as file:
        writer = RecordingWriter(file, Header(VERSION, "benchmark", ("benchmark.py",)))
        writer.write(ProgramStarted("benchmark.py", platform.python_version(), 1, 1.0))
        writer.write(LoopOpened(1, "SelectorEventLoop", 0.0))
        told: list[AnyEvent] = []
        for event in events(count, tasks):
            told.append(event)
            if len(told) == FRAME:
                writer.write(LoopEvents(1, tuple(told)))
                told.clear()
        writer.write(LoopEvents(1, tuple(told)))
        writer.write(ProgramEnded(count * 1e-4, 0))
        writer.close()


async def gaps(into: list[float]) -> None:
    """Measure how long the loop runs nothing else."""
    since = perf_counter()
    while True:
        await asyncio.sleep(0)
        now = perf_counter()
        into.append(now - since)
        since = now


async def opened(path: Path) -> tuple[float, float, float, float]:
    """Seconds from the first frame, and from the start to the first tasks and to the end; and the longest gap."""
    begin = perf_counter()
    replay = Replay(path)
    app = AsyncLabApp(program=replay)
    running = asyncio.create_task(app.run_async(headless=True, size=(120, 40)))
    while not (isinstance(app.screen_stack and app.screen, RunScreen) and app.screen.is_mounted):  # noqa: ASYNC110
        await asyncio.sleep(0)
    framed = perf_counter() - begin
    measured = [0.0]
    measuring = asyncio.create_task(gaps(measured))
    first = 0.0
    while not replay.is_read:
        await asyncio.sleep(0)
        if not first and app.screen.query_one(TaskTable).line_count():
            first = perf_counter() - begin
    read = perf_counter() - begin
    measuring.cancel()
    app.exit()
    await running
    return read - framed, first or read, read, max(measured)


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--tasks", type=int, default=50)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording")
        write(path, chosen.events, chosen.tasks)
        size = path.stat().st_size / 1e6
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        opening, first, read, gap = asyncio.run(opened(path))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1e6 if sys.platform == "darwin" else 1e3
    print(
        f"Python {platform.python_version()}: {chosen.events:,} events, {size:.1f} MB: "
        f"first paint {first:.2f} s, opened {opening:.2f} s, read {read:.2f} s, "
        f"longest gap {gap * 1000:.0f} ms, memory +{(after - before) / unit:.0f} MB"
    )


if __name__ == "__main__":
    main()
