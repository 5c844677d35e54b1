"""How long the rules look at a run with 10,000 tasks, in shares of a frame.

    python benchmarks/live_rules.py [--tasks 10000] [--rounds 50]

A screen draws 20 frames a second. As on a screen something happens in each frame, and a round of all rules is spread
over as many frames as it needs. It is the time of the processor that is measured. "longest" is the median, over all
rounds, of the frame of each that takes longest; "all" is the share of all frames together.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence
from statistics import median
from time import thread_time

from asynclab.findings.live_findings import FRAME, PERIOD, SHARE, LiveFindings
from asynclab.model.events import (
    Event,
    Outside,
    PrimitiveChanged,
    PrimitiveCreated,
    StepEnded,
    Stepped,
    StepStarted,
    TaskCreated,
    TaskWaiting,
    Wait,
)
from asynclab.model.fold import fold
from asynclab.model.state import LabState


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
    if "lock" in kind:
        yield from each_takes_a_lock(numbers)
    for number, wait in zip(numbers, waits(kind, tasks), strict=True):
        yield StepStarted(0.1, number)
        if number <= 10:
            yield PrimitiveChanged(0.1, 1, 10 - number, number, in_block=True)
        yield StepEnded(0.1, number, 0.0)
        yield TaskWaiting(0.1, number, wait)
    yield StepStarted(0.1, 1)
    yield StepEnded(0.1, 1, 0.0)
    yield TaskWaiting(0.1, 1, Wait("gather", tasks=tuple(numbers), count=tasks))


def each_takes_a_lock(numbers: Sequence[int]) -> Iterator[Event]:
    """Steps in which each task makes a lock and takes it."""
    for number in numbers:
        yield StepStarted(0.0, number)
        yield PrimitiveCreated(0.0, number, "lock", number - 1)
        yield PrimitiveChanged(0.0, number, 1, number, in_block=True)
        yield StepEnded(0.0, number, 0.0, ready=True)


def frame_times(state: LabState, rounds: int) -> Iterator[list[float]]:
    """The seconds that rules take in each frame, round by round."""
    findings = LiveFindings(state, seconds=thread_time)
    for _ in range(rounds):
        times = []
        for _ in range(PERIOD + 1):
            fold(state, [Stepped(state.now, 1, 0.0)])
            begin = thread_time()
            findings.look()
            times.append(thread_time() - begin)
        yield times


def main() -> None:
    """Measure, and print the shares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {options.tasks:,} tasks; aim: {SHARE:.0%} of a frame")
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
        rounds = list(frame_times(state, options.rounds))
        longest = median(map(max, rounds))
        share = sum(map(sum, rounds)) / (FRAME * len(rounds) * len(rounds[0]))
        verdict = "ok" if longest <= SHARE * FRAME else "more than that"
        print(f"{kind:<32} longest {1000 * longest:6.3f} ms, {longest / FRAME:6.2%}   all {share:6.2%}   {verdict}")


if __name__ == "__main__":
    main()
