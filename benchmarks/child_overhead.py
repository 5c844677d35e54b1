"""What `asynclab run` costs a program: observed ÷ plain, while a viewer reads and folds what it tells.

    python benchmarks/child_overhead.py [--rounds 5] [--only steps,births]

Each round runs the same code in a Python of its own, first plainly, then as a child whose frames this process takes in,
as a screen does. The child says itself what its workload took, without starting and stopping: CPU seconds of all its
threads, as wall-clock time tells of the machine; seconds where a server answers after 10 ms, as there is time to spare.
The best of each counts. "start" is how much later a program ends that only runs an empty coroutine; "idle" is what
share of a core a program takes that only sleeps.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import aiohttp
from http_overhead import CONNECTIONS, get_all, other_process
from tracer_overhead import births, yields

from asynclab.remote.child_watch import run_watched
from asynclab.remote.launch import Target
from asynclab.remote.observed_program import ObservedProgram

REQUESTS = 2_000

IDLE = 5.0
"""Seconds for which the idle program sleeps."""

EMPTY = ("-c", "import asyncio\nasync def main(): pass\nasyncio.run(main())")
"""A program that does nothing but start."""

LATER = 0.06
"""How many seconds later the empty program may end."""


@dataclass(frozen=True)
class Measure:
    """Something that a program does, and what its being observed may cost."""

    clock: Callable[[], float]
    aim: float
    old_aim: float | None = None
    """The aim on Python 3.11 and 3.12; None for the same."""
    delay: float | None = None
    """How many seconds a server takes to answer; None where there is no server."""

    @property
    def limit(self) -> float:
        """The aim on this Python."""
        return self.old_aim if self.old_aim is not None and sys.version_info < (3, 13) else self.aim


MEASURES = {
    "steps": Measure(process_time, 1.7),
    "births": Measure(process_time, 2.3),
    "http": Measure(process_time, 1.08, old_aim=1.2, delay=0.0),
    "http-10ms": Measure(perf_counter, 1.02, delay=0.01),
    "idle": Measure(process_time, 0.003),
}


async def _http(url: str, clock: Callable[[], float]) -> float:
    async with aiohttp.ClientSession() as session:
        await get_all(session, url, CONNECTIONS, CONNECTIONS)  # so that all connections are open
        return await _timed(get_all(session, url, REQUESTS, CONNECTIONS), clock)


async def _timed(work: Coroutine[Any, Any, object], clock: Callable[[], float]) -> float:
    gc.collect()
    began = clock()
    await work
    return clock() - began


def measure(name: str, url: str) -> float:
    """Do what is measured, in this process: the seconds that it took."""
    clock = MEASURES[name].clock
    match name:
        case "steps":
            return asyncio.run(_timed(yields(), clock))
        case "births":
            return asyncio.run(_timed(births(), clock))
        case "idle":
            return asyncio.run(_timed(asyncio.sleep(IDLE), clock))
    return asyncio.run(_http(url, clock))


def _plainly(words: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, *words], check=True)


def _observed(words: tuple[str, ...]) -> None:
    code = run_watched(Target(words), ObservedProgram().take)
    if code:
        raise subprocess.CalledProcessError(code, words)


def _told(run: Callable[[tuple[str, ...]], None], name: str, url: str, folder: str) -> float:
    """Seconds that a child says its workload took."""
    told = os.path.join(folder, "seconds")
    run((__file__, "--measure", name, "--url", url, "--to", told))
    return float(Path(told).read_text())


def _started(run: Callable[[tuple[str, ...]], None]) -> float:
    began = perf_counter()
    run(EMPTY)
    return perf_counter() - began


def _best(rounds: int, take: Callable[[Callable[[tuple[str, ...]], None]], float]) -> tuple[float, float]:
    """The best of plain and of observed rounds, which take turns."""
    times = [(take(_plainly), take(_observed)) for _ in range(rounds)]
    plain, observed = zip(*times, strict=True)
    return min(plain), min(observed)


def _compare(name: str, rounds: int, folder: str) -> str:
    """A line of figures."""
    aim = MEASURES[name]
    with other_process() if aim.delay is not None else nullcontext("") as url:
        asked = f"{url}?delay={aim.delay}" if aim.delay else url
        plain, observed = _best(rounds, lambda run: _told(run, name, asked, folder))
    if name == "idle":
        share = observed / IDLE
        return f"{name:<10}{plain / IDLE:>9.2%}{share:>13.2%}{'':8}{_verdict(share, aim.limit, f'{aim.limit:.1%}')}"
    ratio = observed / plain
    figures = f"{name:<10}{plain * 1e3:>6.0f} ms{observed * 1e3:>10.0f} ms{ratio:>7.2f} "
    return figures + _verdict(ratio, aim.limit, f"{aim.limit:g}")


def _compare_starts(rounds: int) -> str:
    plain, observed = _best(2 * rounds, _started)
    later = observed - plain
    figures = f"{'start':<10}{plain * 1e3:>6.0f} ms{observed * 1e3:>10.0f} ms{later * 1e3:>+4.0f} ms "
    return figures + _verdict(later, LATER, f"{LATER * 1e3:.0f} ms")


def _verdict(figure: float, limit: float, text: str) -> str:
    return "  ok" if figure <= limit else f"  more than {text}"


def main() -> None:
    """Print the table; or, in a child, do what is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each, of which the best counts")
    parser.add_argument("--only", help="what to measure, separated by commas", default=",".join((*MEASURES, "start")))
    for option in ("--measure", "--url", "--to"):
        parser.add_argument(option, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        Path(options.to).write_text(repr(measure(options.measure, options.url)))
        return
    print(f"Python {platform.python_version()}, best of {options.rounds}")
    print(f"{'':<10}{'plain':>9}{'observed':>13}")
    with TemporaryDirectory() as folder:
        for name in options.only.split(","):
            line = _compare_starts(options.rounds) if name == "start" else _compare(name, options.rounds, folder)
            print(line, flush=True)


if __name__ == "__main__":
    main()
