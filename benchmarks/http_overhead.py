"""How much more CPU time HTTP takes when it is observed: aiohttp's client at its limit, and its server, in one process.

    python benchmarks/http_overhead.py [--rounds 7] [--requests 2000]

Both ends run on one loop, over loopback, so that nothing but their own work is in the way: the worst that an observed
program can do. CPU time, as wall-clock time tells of the machine. Bare and observed rounds take turns; the best of
each counts. "recorded" is a recorder on every loop of the process; "in a lab" is a lab, with a clock of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
import sys
from collections.abc import Callable
from time import process_time

import aiohttp
from aiohttp import web

from asynclab.trace import Lab
from asynclab.trace.process import observe_process

LIMIT = 100
"""Requests under way at once, as the client allows by itself."""

AIMS = {(3, 11): 1.15, (3, 12): 1.15}
"""The ratio not to be exceeded, by version; `AIM` for all others."""

AIM = 1.05


async def _answer(_: web.Request) -> web.Response:
    return web.Response(body=b"x" * 100)


async def requests(count: int) -> float:
    """Serve and make `count` requests.

    Returns:
        The CPU time that this took, in seconds, without starting and stopping.
    """
    app = web.Application()
    app.router.add_get("/", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=LIMIT)) as session:
            await _get_all(session, f"http://{host}:{port}/", LIMIT)  # so that all connections are open
            gc.collect()
            began = process_time()
            await _get_all(session, f"http://{host}:{port}/", count)
            return process_time() - began
    finally:
        await runner.cleanup()


async def _get_all(session: aiohttp.ClientSession, url: str, count: int) -> None:
    async def get() -> None:
        async with session.get(url) as response:
            await response.read()

    await asyncio.gather(*(get() for _ in range(count)))


def bare(count: int) -> float:
    """CPU seconds with nobody looking."""
    return asyncio.run(requests(count))


def recorded(count: int) -> float:
    """CPU seconds with a recorder on every loop of the process."""
    observation = observe_process()
    try:
        return asyncio.run(requests(count))
    finally:
        observation.stop()


def in_a_lab(count: int) -> float:
    """CPU seconds in a lab."""

    async def main() -> float:
        async with Lab() as lab:
            ending = await lab.run(requests, count)
            return ending.value  # type: ignore[return-value]

    return asyncio.run(main())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each, of which the best counts")
    parser.add_argument("--requests", type=int, default=2_000, help="requests a round")
    options = parser.parse_args()
    kinds: dict[str, Callable[[int], float]] = {"bare": bare, "recorded": recorded, "in a lab": in_a_lab}
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(options.rounds):
        for name, run in kinds.items():
            seconds[name].append(run(options.requests))
    aim = AIMS.get(sys.version_info[:2], AIM)
    print(f"Python {platform.python_version()}, {options.requests:,} requests, CPU time, best of {options.rounds}")
    base = min(seconds["bare"])
    print(f"{'bare':<10}{base * 1e3:8.1f} ms")
    for name in ("recorded", "in a lab"):
        ratio = min(seconds[name]) / base
        verdict = "ok" if ratio <= aim else f"more than {aim:g}"
        print(f"{name:<10}{min(seconds[name]) * 1e3:8.1f} ms{ratio:7.2f}   {verdict}")


if __name__ == "__main__":
    main()
