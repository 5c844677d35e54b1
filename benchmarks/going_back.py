"""How long it takes to look at any moment of a run of 100,000 events, against folding the run from its beginning.

    python benchmarks/going_back.py [--events 100000]

Two runs are measured: one with few tasks that step a lot, and one with thousands of tasks, whose states are large. The
moments are chosen at random, with the same seed each time, and each is gone to in some rounds: "seek" and "slowest" are
the median and the slowest of their best times, "worst" is the slowest of all. "collected" is how long the garbage
collector ran in a seek or right after it, again the slowest of the best; it is set as in the dashboard. "kept" is what
the history adds to the folding of a run, "copies" the memory that the states take which are kept to fold from.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from asynclab.collector import RareCollections
from asynclab.model.event_feed import BATCH
from asynclab.model.events import Event
from asynclab.model.fold import fold
from asynclab.model.history import History
from asynclab.model.state import LabState
from asynclab.trace import Lab

AIM = 0.05
"""Seconds that a seek may take; 0.1 is what a person takes for at once, and a frame is painted then, too."""

SEEKS, ROUNDS = 200, 3


async def few(steps: int) -> None:
    """Twenty tasks that yield."""

    async def worker() -> None:
        for _ in range(steps // 20):
            await asyncio.sleep(0)

    await asyncio.gather(*(worker() for _ in range(20)))


async def many(steps: int) -> None:
    """Ten thousand tasks that live long."""

    async def worker() -> None:
        for _ in range(steps // 10_000):
            await asyncio.sleep(0.001)

    await asyncio.gather(*(worker() for _ in range(10_000)))


async def recorded(kind: str, events: int) -> list[Event]:
    """The first events of a real run."""
    seen: list[Event] = []
    async with Lab(instant=True, watch=False) as lab:
        lab.subscribe(seen.extend)
        await lab.run(few if kind == "few tasks" else many, events)
    return seen[:events]


def batches(events: Sequence[Event], size: int = BATCH) -> list[Sequence[Event]]:
    """The events as a lab hands them over."""
    return [events[start : start + size] for start in range(0, len(events), size)]


def folding(events: Sequence[Event]) -> float:
    """Seconds to fold a run from its beginning."""
    state = LabState()
    started = perf_counter()
    for batch in batches(events):
        fold(state, batch)
    return perf_counter() - started


def keeping(events: Sequence[Event]) -> tuple[History, float]:
    """The history of a run, and the seconds to fold and keep it."""
    live = LabState()
    history = History(live)
    started = perf_counter()
    for batch in batches(events):
        fold(live, batch)
        history.take(batch)
    return history, perf_counter() - started


def memory(events: Sequence[Event]) -> int:
    """The bytes that a run's history takes, apart from the events themselves and the present state."""
    tracemalloc.start()
    kept = keeping(events)
    everything, _ = tracemalloc.get_traced_memory()
    del kept
    state = LabState()
    fold(state, events)
    present, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return everything - present


@contextmanager
def collections() -> Iterator[list[float]]:
    """A list whose last number is how many seconds the garbage collector has run since that was put there."""
    spent, begun = [0.0], 0.0

    def watch(phase: str, _: dict[str, int]) -> None:
        nonlocal begun
        if phase == "start":
            begun = perf_counter()
        else:
            spent[-1] += perf_counter() - begun

    rare = RareCollections()
    rare.start()
    gc.callbacks.append(watch)
    yield spent
    gc.callbacks.remove(watch)
    rare.stop()


def seeking(history: History) -> tuple[list[list[float]], list[list[float]]]:
    """For each round the seconds of each seek, and how many the garbage collector took in it and up to the next."""
    luck = random.Random(1)
    moments = [luck.randint(history.first, history.end) for _ in range(SEEKS)]
    times, collecting = [], []
    with collections() as spent:
        for _ in range(ROUNDS):
            times.append([_seek(history, moment, spent) for moment in moments])
            collecting.append(spent[-SEEKS:])
    return times, collecting


def _seek(history: History, moment: int, spent: list[float]) -> float:
    spent.append(0.0)
    started = perf_counter()
    history.state_at(moment)
    return perf_counter() - started


def best(rounds: list[list[float]]) -> list[float]:
    """The best time for each moment, shortest first."""
    return sorted(map(min, zip(*rounds, strict=True)))


def measure(kind: str, events: int) -> None:
    """Print one line of figures."""
    run = asyncio.run(recorded(kind, events))
    fold = min(folding(run) for _ in range(5))
    history, kept = min((keeping(run) for _ in range(5)), key=lambda pair: pair[1])
    rounds, collecting = seeking(history)
    times = best(rounds)
    middle, slowest, worst = times[len(times) // 2], times[-1], max(map(max, rounds))
    verdict = "within" if slowest <= AIM else "above"
    figures = "".join(f"{seconds * 1e3:>10.1f} ms" for seconds in (middle, slowest, worst, best(collecting)[-1]))
    print(
        f"{kind:<12}{len(run):>10,}{fold * 1e3:>10.1f} ms{kept / fold:>8.2f}{figures}{slowest / fold:>9.2f}"
        f"{memory(run) / 1e6:>9.1f} MB   {verdict} {AIM * 1e3:.0f} ms"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=100_000, help="how many events a run has")
    events = parser.parse_args().events
    print(f"Python {platform.python_version()}, {SEEKS} seeks each, best of {ROUNDS}")
    figures = "".join(f"{name:>13}" for name in ("seek", "slowest", "worst", "collected"))
    print(f"{'':<12}{'events':>10}{'fold all':>13}{'kept':>8}{figures}{'÷ fold':>9}{'copies':>12}")
    for kind in ("few tasks", "many tasks"):
        measure(kind, events)


if __name__ == "__main__":
    main()
