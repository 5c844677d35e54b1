"""How well the task table keeps up: live tasks in a lab, painted 30 times a second, and how late the loop gets.

    python benchmarks/table_frames.py [--tasks 10000] [--seconds 6]

Lag is how much later than asked the loop runs a timer that is due every 2 ms. It is measured for the same tasks on the
bare loop, in a lab that nobody looks at, and in a lab whose table is painted; the last is what the aim is for, and
the first tells how much of it is the tasks' own doing. A frame counts when at least one of its lines was painted.
"gc" is the time that Python's full garbage collections took: each walks over every task, and stops everything.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from textual.app import App, ComposeResult
from textual.strip import Strip

from asynclab.collector import RareCollections
from asynclab.trace import Lab
from asynclab.widgets.colours import state_variables
from asynclab.widgets.task_table import TaskTable

RATE = 30
"""Updates a second that are asked for."""

TICK = 0.002
"""Seconds between two measurements of the lag."""

SETTLING = 2.0
"""Seconds for the births of the tasks and the first painting, which are not measured."""


@dataclass
class Measured:
    """What one run gave; seconds throughout."""

    lags: list[float] = field(default_factory=list)
    updates: list[float] = field(default_factory=list)
    collecting: float = 0.0
    frames: int = 0
    seconds: float = 1.0

    def watch_collector(self, phase: str, info: dict[str, int]) -> None:
        """Add up the time of full garbage collections; for `gc.callbacks`."""
        if info["generation"] == 2:
            self.collecting += perf_counter() if phase == "stop" else -perf_counter()


async def live(tasks: int) -> None:
    """Many tasks that sleep for one to three seconds at a time."""

    async def worker(number: int) -> None:
        while True:  # noqa: ASYNC110 - sleeping is all that they do
            await asyncio.sleep(1 + number % 2000 / 1000)

    await asyncio.gather(*(worker(number) for number in range(tasks)))


async def measure_lag(measured: Measured, seconds: float) -> None:
    """Measure for some seconds how late the loop is, once things have settled."""
    await asyncio.sleep(SETTLING)
    measured.updates.clear()
    measured.frames = 0
    gc.callbacks.append(measured.watch_collector)
    begin = now = perf_counter()
    while now - begin < seconds:
        await asyncio.sleep(TICK)
        measured.lags.append(max(0.0, perf_counter() - now - TICK))
        now = perf_counter()
    measured.seconds = now - begin
    gc.callbacks.remove(measured.watch_collector)


class CountingTable(TaskTable):
    """A table that knows whether it was painted."""

    is_painted = False

    def render_line(self, y: int) -> Strip:
        """Note that a line is painted."""
        self.is_painted = True
        return super().render_line(y)


class TableApp(App[None]):
    """Nothing but the table of a lab."""

    CSS = "TaskTable { height: 1fr; }"

    def __init__(self, lab: Lab, measured: Measured) -> None:
        super().__init__()
        self.lab = lab
        self.measured = measured
        self.table = CountingTable()
        self.collections = RareCollections()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of the table."""
        return state_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        """Only the table."""
        yield self.table

    def on_mount(self) -> None:
        """Begin to paint, with the garbage collector as the dashboard has it."""
        self.collections.start()
        self.table.set_interval(1 / RATE, self.update_table)

    def on_unmount(self) -> None:
        """Put the garbage collector back."""
        self.collections.stop()

    def update_table(self) -> None:
        """One frame, as the dashboard does it."""
        begin = perf_counter()
        self.measured.frames += self.table.is_painted
        self.table.is_painted = False
        self.lab.sample(self.table.tasks_in_sight())
        self.lab.pump()
        self.table.show(self.lab.state, self.lab.now)
        self.measured.updates.append(perf_counter() - begin)


async def bare(tasks: int, seconds: float) -> Measured:
    """The tasks on the bare loop."""
    measured = Measured()
    running = asyncio.create_task(live(tasks))
    await measure_lag(measured, seconds)
    running.cancel()
    await asyncio.wait([running])
    return measured


async def unseen(tasks: int, seconds: float) -> Measured:
    """The tasks in a lab without a view."""
    measured = Measured()
    async with Lab() as lab:
        lab.start(live, tasks)
        await measure_lag(measured, seconds)
    return measured


async def painted(tasks: int, seconds: float, size: tuple[int, int]) -> Measured:
    """The tasks in a lab whose table is painted."""
    measured = Measured()
    async with Lab() as lab:
        app = TableApp(lab, measured)
        async with app.run_test(size=size):
            lab.start(live, tasks)
            await measure_lag(measured, seconds)
    return measured


def percentile(values: Sequence[float], percent: float) -> float:
    """A percentile in milliseconds; 0 of nothing."""
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def report(name: str, measured: Measured) -> None:
    """Print one line of figures."""
    lag = "".join(f"{percentile(measured.lags, percent):8.1f}" for percent in (50, 90, 99, 100))
    frames = f"{measured.frames / measured.seconds:8.1f}" if measured.updates else "       -"
    update = (
        f"{percentile(measured.updates, 50):9.1f}{percentile(measured.updates, 99):8.1f}" if measured.updates else ""
    )
    print(f"{name:<22}{frames}{lag}{measured.collecting / measured.seconds * 1000:10.0f}{update}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tasks", type=int, default=10_000, help="how many tasks live")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each run is measured")
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, {chosen.tasks:,} live tasks, {RATE} updates a second")
    print(f"{'':<22}{'fps':>8}{'lag p50':>8}{'p90':>8}{'p99':>8}{'max':>8}{'gc in 1 s':>10}{'update':>9}{'p99':>8} ms")
    report("bare loop", asyncio.run(bare(chosen.tasks, chosen.seconds)))
    report("lab, unseen", asyncio.run(unseen(chosen.tasks, chosen.seconds)))
    for size in ((80, 24), (120, 40), (200, 60)):
        measured = asyncio.run(painted(chosen.tasks, chosen.seconds, size))
        report(f"table of {size[0]}x{size[1]}", measured)


if __name__ == "__main__":
    main()
