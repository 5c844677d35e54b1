"""How long a frame of the timeline takes: 10,000 lanes and 100,000 intervals while the run goes on.

    python benchmarks/timeline_frames.py [--tasks 10000] [--intervals 100000] [--frames 300]

A frame is all that is done for it: what the reader did (scrolled, zoomed, moved the cursor), the events that came
since the one before, composing the lines that changed, and turning every line on the screen into what a terminal gets.
"baseline" is the same frame of a view without lines, and the ratio is the p99 of the two. "few lanes" has the same
intervals in fifty lanes, so that a dozen lie in each column. The garbage collector is set as in the dashboard. It is
the time of the processor that is measured: nothing in a frame waits, and other programs don't count.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
from collections.abc import Callable, Iterator
from time import thread_time

from textual.app import App, ComposeResult

from asynclab.collector import RareCollections
from asynclab.model.events import Event, QueuePut, StepEnded, StepStarted, TaskCreated, TaskReady, TaskWaiting, Wait
from asynclab.model.fold import fold
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.widgets.colours import state_variables
from asynclab.widgets.line_view import LineView
from asynclab.widgets.spans import Line
from asynclab.widgets.timeline import TimelineView

SIZE = (200, 60)
"""Columns and lines of the terminal."""

RATE = 30
"""Frames in a second of lab time."""

EVENTS_A_FRAME = 40
"""How many steps come between two frames."""

AIM = 10.0
"""Milliseconds that a frame may take at its p99."""


class Empty(LineView):
    """A view that has nothing to draw."""

    def line_count(self) -> int:
        """None."""
        return 0

    def compose_line(self, index: int, width: int) -> Line:
        """Never asked for."""
        return ()


class Run:
    """A made-up run that goes on: each step wakes another task and puts something in a queue."""

    def __init__(self, tasks: int, intervals: int) -> None:
        self.tasks = tasks
        self.timeline = Timeline()
        self.state = LabState(timeline=self.timeline)
        self.now = 0.0
        self.count = 0
        self.take([TaskCreated(0.0, 1, "main", "main")])
        self.take([TaskCreated(0.0, number, f"worker-{number}", "work", 1) for number in range(2, tasks + 1)])
        while self.count < tasks or (len(self.timeline.lanes) and self.count * 3 + tasks < intervals):
            self.go_on(1_000)

    def take(self, events: list[Event]) -> None:
        """Fold events into the state, which writes the timeline."""
        fold(self.state, events)

    def go_on(self, steps: int) -> None:
        """Let some tasks wake up, run and wait again."""
        self.take([event for _ in range(steps) for event in self._turn()])

    def _turn(self) -> Iterator[Event]:
        task = self.count % self.tasks + 1
        waker = (self.count * 7) % self.tasks + 1
        self.count += 1
        at, self.now = self.now, self.now + 1 / RATE / EVENTS_A_FRAME
        yield TaskReady(at, task, "task", waker)
        yield StepStarted(at + 0.0002, task)
        yield QueuePut(at + 0.0003, 1, "tea", 1, 1, task)
        yield StepEnded(at + 0.0004, task, 0.0002)
        yield TaskWaiting(at + 0.0004, task, Wait("queue.get", 1))


class Bench(App[None]):
    """One view that fills the screen."""

    CSS = "Screen > LineView { height: 1fr; }"

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of the view."""
        return state_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        """Only the view."""
        yield self.view


def paint(view: LineView) -> int:
    """Turn every line of a view into what a terminal gets, and return how much that is."""
    console = view.app.console
    return sum(len(view.render_line(y).render(console)) for y in range(view.size.height))


def percentile(frames: list[float], percent: float) -> float:
    """A percentile in milliseconds."""
    return sorted(frames)[min(len(frames) - 1, int(len(frames) * percent / 100))] * 1000


async def measure(view: LineView, frames: int, act: Callable[[int], None]) -> list[float]:
    """How long each of some frames takes, in seconds; the first few are not counted."""
    taken = []
    app = Bench(view)
    collections = RareCollections()
    async with app.run_test(size=SIZE) as pilot:
        collections.start()
        for number in range(frames + 10):
            begin = thread_time()
            act(number)
            paint(view)
            taken.append(thread_time() - begin)
            if not number % 10:
                await pilot.pause()
        collections.stop()
    return taken[10:]


def actions(view: TimelineView, run: Run) -> dict[str, Callable[[int], None]]:
    """What a reader may do in a frame, by name; events come in each."""

    def show(moment: float | None = None) -> None:
        run.go_on(EVENTS_A_FRAME)
        view.show(run.state, run.timeline, run.now, moment)

    def follow(_: int) -> None:
        show()

    def scroll(number: int) -> None:
        view.scroll_to(y=number * 37 % run.tasks, animate=False, force=True)
        show()

    def scroll_time(number: int) -> None:
        show()
        view.action_scroll_time(1 if number // 8 % 2 else -1)

    def zoom(number: int) -> None:
        show()
        view.action_zoom_time(1 if number // 12 % 2 == 0 else -1)

    def move(_: int) -> None:
        view.action_shift(-1)
        show(view.moment)

    def select(number: int) -> None:
        view.select(number % run.tasks + 1)
        show()

    return {
        "follow": follow,
        "scroll": scroll,
        "scroll time": scroll_time,
        "zoom": zoom,
        "cursor": move,
        "lane": select,
    }


def report(name: str, frames: list[float], baseline: list[float]) -> None:
    """Print one line of figures."""
    p50, p99 = percentile(frames, 50), percentile(frames, 99)
    verdict = "" if frames is baseline else "ok" if p99 <= AIM else f"above {AIM:g}"
    print(f"{name:<26}{p50:9.2f}{p99:9.2f}{max(frames) * 1000:9.2f}{p99 / percentile(baseline, 99):9.1f}  {verdict}")


async def bench(frames: int, tasks: int, intervals: int) -> None:
    """Measure each of the actions on many lanes, and on few."""
    baseline = await measure(Empty(), frames, lambda _: None)
    report("baseline: an empty view", baseline, baseline)
    for lanes, label in ((tasks, "lanes"), (50, "few lanes")):
        run = Run(lanes, intervals)
        for name in actions(TimelineView(), run):
            view = TimelineView()
            report(f"{lanes:,} {label}: {name}", await measure(view, frames, actions(view, run)[name]), baseline)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tasks", type=int, default=10_000, help="how many lanes there are")
    parser.add_argument("--intervals", type=int, default=100_000, help="how many intervals there are at the start")
    parser.add_argument("--frames", type=int, default=300, help="how many frames of each kind are measured")
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, {SIZE[0]}x{SIZE[1]}, {chosen.intervals:,} intervals")
    print(f"{'ms a frame':<26}{'p50':>9}{'p99':>9}{'max':>9}{'ratio':>9}")
    asyncio.run(bench(chosen.frames, chosen.tasks, chosen.intervals))


if __name__ == "__main__":
    main()
