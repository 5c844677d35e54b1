"""How long all rules take to look at a run with 10,000 tasks, in shares of a frame.

    python benchmarks/live_rules.py [--tasks 10000] [--looks 50]

A screen draws 30 frames a second, and the rules look at the run's state every quarter of a second, and whenever the
loop has become idle. It is the time of the processor that is measured. "a look" is the median of one look as a share of
the frame in which it happens; "all frames" spreads it over those up to the next one.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator
from statistics import median
from time import thread_time

from asynclab.findings.catalogue_of_rules import PERIOD, Findings
from asynclab.model.events import (
    Event,
    Outside,
    PrimitiveChanged,
    PrimitiveCreated,
    StepEnded,
    StepStarted,
    TaskCreated,
    TaskWaiting,
    Wait,
)
from asynclab.model.fold import fold
from asynclab.model.state import LabState

FRAME = 1 / 30
"""Seconds."""

AIM = 5.0
"""Percent of a frame."""


def waits(kind: str, tasks: int) -> Iterator[Wait]:
    """What the tasks wait for, one after another."""
    for number in range(2, tasks + 2):
        match kind:
            case "all sleep":
                yield Wait("sleep", seconds=60.0, deadline=60.0)
            case "all want one of few permits":
                yield Wait("semaphore", 1) if number > 10 else Wait("sleep", seconds=60.0, deadline=60.0)
            case "each wants the next one's lock":
                yield Wait("lock", number) if number <= tasks else Wait("future", file="app.py", line=1)
            case "each awaits the next one":
                yield Wait("task", tasks=(number + 1,), count=1) if number <= tasks else Wait("future")
            case _:
                yield Wait("future", file="app.py", line=1)


def events(kind: str, tasks: int) -> Iterator[Event]:
    """A run whose tasks all wait."""
    numbers = range(2, tasks + 2)
    yield TaskCreated(0.0, 1, "main", "main")
    yield PrimitiveCreated(0.0, 1, "semaphore", 1, 9)
    yield from (TaskCreated(0.0, number, f"worker-{number}", "work", 1) for number in numbers)
    for number, wait in zip(numbers, waits(kind, tasks), strict=True):
        yield StepStarted(0.1, number)
        if number <= 10:
            yield PrimitiveChanged(0.1, 1, 10 - number, number, in_block=True)
        if "lock" in kind:
            yield PrimitiveCreated(0.1, number, "lock", number - 1)
            yield PrimitiveChanged(0.1, number, 1, number, in_block=True)
        yield StepEnded(0.1, number, 0.0)
        yield TaskWaiting(0.1, number, wait)
    yield StepStarted(0.1, 1)
    yield StepEnded(0.1, 1, 0.0)
    yield TaskWaiting(0.1, 1, Wait("gather", tasks=tuple(numbers), count=tasks))


def look_time(state: LabState, looks: int) -> float:
    """The median time of a look, in seconds."""
    findings = Findings(state)
    times = []
    for _ in range(looks):
        begin = thread_time()
        findings.look()
        times.append(thread_time() - begin)
    return median(times)


def main() -> None:
    """Measure, and print the shares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--looks", type=int, default=50)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {options.tasks:,} tasks; aim: {AIM} % of a frame")
    for kind in (
        "all sleep",
        "all want one of few permits",
        "each wants the next one's lock",
        "each awaits the next one",
        "nothing outside, and all wait",
    ):
        state = LabState()
        fold(state, events(kind, options.tasks))
        fold(state, [Outside(1.0, timers=1) if "nothing" in kind else Outside(1.0, io=1, timers=1)])
        seconds = look_time(state, options.looks)
        a_look, all_frames = 100 * seconds / FRAME, 100 * seconds / PERIOD
        print(f"{kind:<32} a look {1000 * seconds:7.3f} ms, {a_look:6.2f} % of its frame, {all_frames:5.2f} % of all")


if __name__ == "__main__":
    main()
