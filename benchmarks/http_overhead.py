"""How much more CPU time HTTP takes when it is observed: aiohttp's client at its limit, over loopback.

    python benchmarks/http_overhead.py [--rounds 7] [--requests 2000] [--server same-loop] [--tasks 2000]

The server, aiohttp's own, runs in another process, and a hundred tasks share the requests: some 80 µs and six events
for each. With `--server same-loop` the server's work is observed, too, and with `--tasks 2000` each request is a task's
whole life: then births count, and there are three times as many events. CPU time, as wall-clock time tells of the
machine. Bare and observed rounds take turns; the best of each counts. "recorded" is a recorder on every loop of the
process; "in a lab" is a lab, with a clock of its own and a model that is kept up to date.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import platform
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from multiprocessing.connection import Connection
from time import process_time
from typing import Any, TypeAlias

import aiohttp
from aiohttp import web

from asynclab.trace import Lab
from asynclab.trace.process import observe_process

CONNECTIONS = 100
"""How many connections the client opens at most, if nobody says otherwise."""

AIMS = {(3, 11): 1.15, (3, 12): 1.15}
"""The ratio not to be exceeded, by version; `AIM` for all others."""

AIM = 1.05


Client: TypeAlias = "partial[Coroutine[Any, Any, float]]"
"""Makes the requests, and returns the CPU seconds that they took."""


async def _answer(request: web.Request) -> web.Response:
    if "delay" in request.query:
        await asyncio.sleep(float(request.query["delay"]))
    return web.Response(body=b"x" * 100)


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    """A server on the running loop: its address."""
    app = web.Application()
    app.router.add_get("/", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


async def _serve(asker: Connection) -> None:
    async with _server() as url:
        asker.send(url)
        await asyncio.Event().wait()


def _serve_elsewhere(asker: Connection) -> None:
    asyncio.run(_serve(asker))


@contextmanager
def other_process() -> Iterator[str]:
    """A server in a process of its own: its address."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve_elsewhere, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


async def requests(url: str | None, count: int, tasks: int) -> float:
    """Make `count` requests from some tasks.

    Args:
        url: Where the server is; None for one on this loop.
        count: How many requests.
        tasks: How many tasks share them.

    Returns:
        The CPU time that this took, in seconds, without starting and stopping.
    """
    async with nullcontext(url) if url else _server() as address, aiohttp.ClientSession() as session:
        await get_all(session, address, CONNECTIONS, CONNECTIONS)  # so that all connections are open
        gc.collect()
        began = process_time()
        await get_all(session, address, count, tasks)
        return process_time() - began


async def get_all(session: aiohttp.ClientSession, url: str, count: int, tasks: int) -> None:
    """Make `count` requests from some tasks; a URL's `delay` is how many seconds its answer takes."""
    left = iter(range(count))

    async def get() -> None:
        for _ in left:
            async with session.get(url) as response:
                await response.read()

    await asyncio.gather(*(get() for _ in range(tasks)))


def bare(client: Client) -> float:
    """CPU seconds with nobody looking."""
    return asyncio.run(client())


def recorded(client: Client) -> float:
    """CPU seconds with a recorder on every loop of the process."""
    observation = observe_process()
    try:
        return asyncio.run(client())
    finally:
        observation.stop()


def in_a_lab(client: Client) -> float:
    """CPU seconds in a lab."""

    async def main() -> float:
        async with Lab() as lab:
            return (await lab.run(client)).value  # type: ignore[return-value]

    return asyncio.run(main())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each, of which the best counts")
    parser.add_argument("--requests", type=int, default=2_000, help="requests a round")
    parser.add_argument("--server", choices=("other-process", "same-loop"), default="other-process")
    parser.add_argument("--tasks", type=int, default=CONNECTIONS, help="tasks that share the requests")
    options = parser.parse_args()
    kinds: dict[str, Callable[[Client], float]] = {"bare": bare, "recorded": recorded, "in a lab": in_a_lab}
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    with other_process() if options.server == "other-process" else nullcontext() as url:
        client = partial(requests, url, options.requests, options.tasks)
        for _ in range(options.rounds):
            for name, run in kinds.items():
                seconds[name].append(run(client))
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
