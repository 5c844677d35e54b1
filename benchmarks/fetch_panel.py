"""How late the loop gets while the Fetch screen, or the lab behind it, paints many URLs in flight.

    python benchmarks/fetch_panel.py [--urls 1000] [--seconds 6]

A practice server in another process drips a body to every URL. Lag is how much later than asked the loop runs a timer
that is due every 2 ms. It is measured while the same URLs are fetched in a lab that nobody looks at, and on the Fetch
screen and on the stage of its lab, headless, at 140x45: the aim is a p99 of at most 20 ms there, and the first figure
tells how much of it is the fetching itself.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import platform
import resource
from collections.abc import Iterator
from multiprocessing.connection import Connection
from time import perf_counter

from asynclab.app import AsyncLabApp
from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.practice.server import PracticeServer
from asynclab.screens.fetch.fetch_screen import FetchScreen
from asynclab.trace import Lab

TICK = 0.002
"""Seconds between two measurements of the lag."""

AIM = 0.020
"""Seconds that 99 of 100 measurements stay below, it is hoped."""

SIZE = (140, 45)


async def serve(pipe: Connection) -> None:
    """Run a practice server until something comes through the pipe."""
    async with PracticeServer() as server:
        pipe.send(server.url())
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)


def serve_in_process(pipe: Connection) -> None:
    """The other process."""
    asyncio.run(serve(pipe))


@contextlib.contextmanager
def practice_server() -> Iterator[str]:
    """The address of a server in another process."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve_in_process, args=(there,))
    process.start()
    yield here.recv()
    here.send("stop")
    process.join()


async def measure(seconds: float) -> list[float]:
    """The lags of the loop over some time, in seconds."""
    lags = []
    end = perf_counter() + seconds
    while (asked := perf_counter()) < end:
        await asyncio.sleep(TICK)
        lags.append(max(0.0, perf_counter() - asked - TICK))
    return lags


async def until_all_in_flight(fetch: Fetch) -> None:
    """Wait until every row has begun its download."""
    while any(row.phase != "download" for row in fetch.rows):  # noqa: ASYNC110 - rows are plain data
        await asyncio.sleep(0.1)


async def unwatched(urls: list[str], options: Options, seconds: float) -> list[float]:
    """Fetch in a lab that nobody looks at."""
    async with Lab("fetch", watch=False) as lab:
        fetch = Fetch(urls, options, clock=lambda: lab.now)
        lab.start(fetch.run)
        await until_all_in_flight(fetch)
        lags = await measure(seconds)
        lab.cancel()
        await lab.wait()
    return lags


async def watched(urls: list[str], options: Options, seconds: float, *keys: str) -> list[float]:
    """Fetch on the Fetch screen, or where some keys lead from there."""
    app = AsyncLabApp()
    async with app.run_test(size=SIZE) as pilot:
        await app.action_fetch()
        screen = app.screen
        assert isinstance(screen, FetchScreen)
        screen.chosen = options
        await screen.take("\n".join(urls))
        await pilot.press("enter")
        while screen.together.fetch is None:
            await pilot.pause(0.05)
        await until_all_in_flight(screen.together.fetch)
        await pilot.press(*keys)
        lags = await measure(seconds)
        await app.close_labs()
    return lags


def report(name: str, lags: list[float]) -> float:
    """Print a line of percentiles, and return the p99 in seconds."""
    ordered = sorted(lags)
    half, most = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    print(f"{name:<12} p50 {half * 1e3:6.2f} ms   p99 {most * 1e3:6.2f} ms   max {ordered[-1] * 1e3:6.2f} ms")
    return most


def main() -> None:
    """Measure both, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--urls", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = arguments.urls
    options = Options(concurrency=min(count, 1_000), per_host=min(count, 1_000), timeout=300)
    print(f"{count} URLs in flight, Python {platform.python_version()}")
    with practice_server() as base:
        # A chunk a second for ten seconds, the longest that the server drips.
        urls = [f"{base}drip?chunks=10&seconds=10&number={number}" for number in range(count)]
        report("unwatched", asyncio.run(unwatched(urls, options, arguments.seconds)))
        reached = report("watched", asyncio.run(watched(urls, options, arguments.seconds)))
        on_stage = report("its lab", asyncio.run(watched(urls, options, arguments.seconds, "T")))
    word = "reached" if max(reached, on_stage) <= AIM else "missed"
    print(f"aim: p99 at most {AIM * 1e3:.0f} ms: {word}")


if __name__ == "__main__":
    main()
