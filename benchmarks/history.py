"""How long it takes to look at any moment of a run of 100,000 events, against folding the run from its beginning.

    python benchmarks/history.py [--events 100000]

Two runs are measured: one with few tasks that step a lot, and one with thousands of tasks, whose states are large. The
moments are chosen at random, with the same seed each time. "kept" is what the history adds to the folding of a run.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import random
from collections.abc import Sequence
from time import perf_counter

from asynclab.model.events import Event
from asynclab.model.history import History
from asynclab.model.state import LabState
from asynclab.trace import Lab

AIM = 0.1
"""Seconds that a seek may take."""

SEEKS = 200


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


def batches(events: Sequence[Event], size: int = 5_000) -> list[Sequence[Event]]:
    """The events as a lab hands them over."""
    return [events[start : start + size] for start in range(0, len(events), size)]


def folding(events: Sequence[Event]) -> float:
    """Seconds to fold a run from its beginning."""
    state = LabState()
    started = perf_counter()
    for batch in batches(events):
        state.fold(batch)
    return perf_counter() - started


def keeping(events: Sequence[Event]) -> tuple[History, float]:
    """The history of a run, and the seconds to fold and keep it."""
    live = LabState()
    history = History(live)
    started = perf_counter()
    for batch in batches(events):
        live.fold(batch)
        history.take(batch)
    return history, perf_counter() - started


def seeking(history: History) -> list[float]:
    """The seconds of each of many seeks, shortest first."""
    luck = random.Random(1)
    times = []
    for _ in range(SEEKS):
        moment = luck.randint(history.first, history.end)
        started = perf_counter()
        history.state_at(moment)
        times.append(perf_counter() - started)
    return sorted(times)


def measure(kind: str, events: int) -> None:
    """Print one line of figures."""
    run = asyncio.run(recorded(kind, events))
    fold = min(folding(run) for _ in range(5))
    history, kept = min((keeping(run) for _ in range(5)), key=lambda pair: pair[1])
    times = seeking(history)
    middle, slowest = times[len(times) // 2], times[-1]
    verdict = "within" if slowest <= AIM else "above"
    print(
        f"{kind:<12}{len(run):>10,}{fold * 1e3:>10.1f} ms{kept / fold:>8.2f}{middle * 1e3:>10.1f} ms"
        f"{slowest * 1e3:>10.1f} ms{slowest / fold:>9.2f}   {verdict} {AIM * 1e3:.0f} ms"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=100_000, help="how many events a run has")
    events = parser.parse_args().events
    print(f"Python {platform.python_version()}, {SEEKS} seeks each")
    print(f"{'':<12}{'events':>10}{'fold all':>13}{'kept':>8}{'seek':>13}{'slowest':>13}{'÷ fold':>9}")
    for kind in ("few tasks", "many tasks"):
        measure(kind, events)


if __name__ == "__main__":
    main()
