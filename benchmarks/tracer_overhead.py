"""How much slower asyncio code runs in a lab: traced ÷ bare, in the same run, with every step recorded.

    python benchmarks/tracer_overhead.py [--rounds 7]

Each figure is the best of the rounds; bare, traced and debug-mode rounds take turns, so that a slow moment of the
machine hits all alike. "recorded" is what the observed program pays for the events; "and folded" adds the model that
the views read, also where the lab folds by itself, as a quarter of a million events wait.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
from collections.abc import Callable, Coroutine, Iterable, Sequence
from time import perf_counter
from typing import Any
from unittest.mock import patch

from asynclab.model.events import Event
from asynclab.model.state import LabState
from asynclab.trace import Lab

Workload = Callable[[], Coroutine[Any, Any, None]]


async def _yielder(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


async def yields(steps: int = 100) -> None:
    """1,000 tasks that each yield `steps` times."""
    await asyncio.gather(*(_yielder(steps) for _ in range(1_000)))


async def _nothing() -> int:
    return 1


async def births() -> None:
    """20,000 tasks that end in their first step."""
    await asyncio.gather(*(_nothing() for _ in range(20_000)))


async def timers() -> None:
    """10,000 tasks that sleep for 1 to 20 ms."""
    await asyncio.gather(*(asyncio.sleep(0.001 + i % 20 / 1_000) for i in range(10_000)))


async def _timed(workload: Workload) -> float:
    gc.collect()
    begin = perf_counter()
    await workload()
    return perf_counter() - begin


def bare(workload: Workload) -> float:
    """Seconds without a lab."""
    return asyncio.run(_timed(workload))


def in_debug_mode(workload: Workload) -> float:
    """Seconds in asyncio's own debug mode."""
    return asyncio.run(_timed(workload), debug=True)


def traced(workload: Workload) -> tuple[float, float, int]:
    """Seconds in a lab, seconds to fold what was recorded, and how many events that were."""
    counted, folding, fold = 0, 0.0, LabState.fold

    def count(events: Sequence[Event]) -> None:
        nonlocal counted
        counted += len(events)

    def timed_fold(state: LabState, events: Iterable[Event]) -> None:
        nonlocal folding
        begin = perf_counter()
        fold(state, events)
        folding += perf_counter() - begin

    async def timed(lab: Lab) -> float:
        seconds = await _timed(workload) - folding
        _ = lab.state
        return seconds

    async def main() -> float:
        async with Lab() as lab:
            lab.subscribe(count)
            ending = await lab.run(timed, lab)
            return ending.value  # type: ignore[return-value]

    with patch.object(LabState, "fold", timed_fold):
        return asyncio.run(main()), folding, counted


def compare(name: str, workload: Workload, rounds: int, *, debug: bool) -> None:
    """Print one line of figures."""
    bares, traces = [], []
    for _ in range(rounds):
        bares.append(bare(workload))
        traces.append(traced(workload))
    base = min(bares)
    seconds, folding, events = min(traces)
    slow = f"{in_debug_mode(workload) / base:6.1f}" if debug else "     -"
    print(
        f"{name:<28}{base * 1e3:8.1f} ms{seconds / base:9.2f}{(seconds + folding) / base:12.2f}{slow:>12}{events:>10,}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each, of which the best counts")
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, best of {rounds}")
    print(f"{'':<28}{'bare':>11}{'recorded':>9}{'and folded':>12}{'debug mode':>12}{'events':>10}")
    compare("1,000 tasks x 100 sleep(0)", yields, rounds, debug=True)
    compare("1,000 tasks x 400 sleep(0)", lambda: yields(400), rounds, debug=False)
    compare("20,000 short tasks", births, rounds, debug=True)
    compare("10,000 timers", timers, rounds, debug=True)


if __name__ == "__main__":
    main()
