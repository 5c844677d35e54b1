"""How long the screen stands still while a story is told: a task with 60,000 turns, in a run of 300,000 events.

    python benchmarks/story.py [--turns 60000] [--rounds 3]

"nap" sleeps again and again; "producer" and "consumer" pass items through a queue, and their lives are told from
what their lanes still keep. "longest" is the longest time for which a frame waits, as a long run is
read piece by piece; "complete" is what all pieces take together, "again" what it takes to tell when nothing has come.
Each is the best of some rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any, NamedTuple

from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState
from asynclab.model.story import Retelling
from asynclab.trace import Lab

AIM = 0.1
"""Seconds that the screen may stand still."""


async def nap(turns: int) -> None:
    """One task that sleeps."""
    for _ in range(turns):
        await asyncio.sleep(0.001)


async def queue(turns: int) -> None:
    """A task that puts items into a queue, and one that takes them out."""
    items: asyncio.Queue[int] = asyncio.Queue(1)

    async def consume() -> None:
        while True:
            await items.get()
            items.task_done()

    consumer = asyncio.create_task(consume())
    for number in range(turns):
        await items.put(number)
        await asyncio.sleep(0.001)
    consumer.cancel()


class Telling(NamedTuple):
    """How long a story took, in seconds."""

    longest: float
    complete: float
    again: float


async def recorded(main: Callable[[int], Coroutine[Any, Any, None]], turns: int) -> tuple[Timeline, LabState]:
    """The timeline of a real run, and its last state."""
    async with Lab(instant=True, watch=False) as lab:
        timeline = lab.state.timeline = Timeline()
        await lab.run(main, turns)
        return timeline, lab.state


def told(task: int, timeline: Timeline, state: LabState) -> Telling:
    """Tell a story, as the screen does."""
    retelling = Retelling(task)
    pieces = [_timed(retelling, timeline, state)]
    while retelling.unread:
        pieces.append(_timed(retelling, timeline, state))
    return Telling(max(pieces), sum(pieces), _timed(retelling, timeline, state))


def _timed(retelling: Retelling, timeline: Timeline, state: LabState) -> float:
    started = perf_counter()
    retelling.tell(timeline, state)
    return perf_counter() - started


def measure(name: str, task: int, timeline: Timeline, state: LabState, rounds: int) -> None:
    """Print one line of figures."""
    best = Telling(*map(min, zip(*(told(task, timeline, state) for _ in range(rounds)), strict=True)))
    figures = "".join(f"{seconds * 1e3:>10.1f} ms" for seconds in best)
    verdict = f"{'within' if best.longest <= AIM else 'above'} {AIM * 1e3:.0f} ms"
    print(f"{name:<12}{state.tasks[task].steps:>9,}{timeline.version:>10,}{figures}   {verdict}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--turns", type=int, default=60_000, help="how often a task waits")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each, of which the best counts")
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, best of {chosen.rounds}")
    print(f"{'':<12}{'steps':>9}{'events':>10}{'longest':>13}{'complete':>13}{'again':>13}")
    measure("nap", 1, *asyncio.run(recorded(nap, chosen.turns)), chosen.rounds)
    run = asyncio.run(recorded(queue, chosen.turns))
    measure("producer", 1, *run, chosen.rounds)
    measure("consumer", 2, *run, chosen.rounds)


if __name__ == "__main__":
    main()
