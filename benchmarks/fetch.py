"""How fast many small pages are fetched, engine ÷ bare aiohttp in the same run, and how much memory that takes.

    python benchmarks/fetch.py [--pages 1000] [--rounds 12] [--many 100000]

The server runs in a process of its own. Engine and bare rounds take turns, and the best of each counts: with no
latency, and where each answer takes 20 ms. The bare rounds are one session, `limit` connections and `asyncio.gather`,
and read each body; `curl --parallel` is measured beside them where it is installed. Memory is measured in processes of
their own: of a fetch that drops its rows, as the command line does, and of a tenth of the URLs with all that a screen
keeps.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import platform
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from multiprocessing.connection import Connection
from time import perf_counter, process_time
from typing import Any, TypeAlias

import aiohttp
from aiohttp import web

from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.screens.lab.run_record import Record
from asynclab.trace import Lab

AT_ONCE = 50
"""Requests at once, in every contestant."""

Contestant: TypeAlias = Callable[[Sequence[str]], Coroutine[Any, Any, float]]

PAGE = b"<!doctype html><title>A small page</title><p>" + b"small " * 150


SLOWLY = "/slowly/"
"""What the paths begin with that are answered after 20 ms."""


async def _serve(told: Connection) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path.startswith(SLOWLY):
            await asyncio.sleep(0.02)
        return web.Response(body=PAGE, content_type="text/html")

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    told.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def serve(told: Connection) -> None:
    """Answer every request with a small page; tell the port."""
    asyncio.run(_serve(told))


async def bare(urls: Sequence[str]) -> float:
    """Seconds for one session and gather."""

    async def get(url: str) -> int:
        async with session.get(url) as response:
            return len(await response.read())

    begin = perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        sizes = await asyncio.gather(*map(get, urls))
    seconds = perf_counter() - begin
    assert set(sizes) == {len(PAGE)}
    return seconds


async def engine(urls: Sequence[str]) -> float:
    """Seconds for the engine, with rows that are kept, as on the screen."""
    fetch = Fetch(urls, Options(concurrency=AT_ONCE, per_host=AT_ONCE))
    begin = perf_counter()
    totals = await fetch.run()
    seconds = perf_counter() - begin
    assert totals.counts["ok"] == len(urls)
    return seconds


async def without_rows(urls: Sequence[str]) -> float:
    """Seconds for the engine, as `asynclab fetch` runs it without a screen."""
    begin = perf_counter()
    totals = await Fetch(urls, Options(concurrency=AT_ONCE, per_host=AT_ONCE), keep_rows=False).run()
    assert totals.counts["ok"] == totals.rows
    return perf_counter() - begin


async def in_a_lab(urls: Sequence[str]) -> float:
    """Seconds for the engine in a lab, with the state read 20 times a second."""
    return await _in_a_lab(urls, Lab("fetch"))


async def in_a_recorded_lab(urls: Sequence[str]) -> float:
    """The same as the panel runs it: with the history and the timeline that its lab is looked at with."""
    lab = Lab("fetch")
    record = Record(lab)
    seconds = await _in_a_lab(urls, lab)
    assert record.history.end == lab.state.version
    return seconds


async def _in_a_lab(urls: Sequence[str], lab: Lab) -> float:
    async with lab:
        fetch = Fetch(urls, Options(concurrency=AT_ONCE, per_host=AT_ONCE), clock=lambda: lab.now)
        begin = perf_counter()
        lab.start(fetch.run)
        while lab.is_running:
            await asyncio.sleep(0.05)
            lab.pump()
        seconds = perf_counter() - begin
    assert fetch.counts["ok"] == len(urls)
    return seconds


def with_curl(urls: Sequence[str]) -> float | None:
    """Seconds for curl, its start included; None where it is not installed."""
    program = shutil.which("curl")
    if program is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as config:
        config.write("".join(f'url = "{url}"\noutput = /dev/null\n' for url in urls))
        config.flush()
        begin = perf_counter()
        command = [
            program,
            "--silent",
            "--no-progress-meter",
            "--parallel",
            "--parallel-max",
            str(AT_ONCE),
            "--config",
            config.name,
        ]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return perf_counter() - begin


def compare_speed(base: str, pages: int, rounds: int) -> None:
    """Print pages per second of each contestant."""
    urls = [f"{base}/{number}" for number in range(pages)]
    contestants = {
        "bare aiohttp gather": bare,
        "engine": engine,
        "engine in a lab": in_a_lab,
        "engine, lab and record": in_a_recorded_lab,
    }
    reference = _take_turns(contestants, urls, rounds)
    curl = with_curl(urls)
    if curl is not None:
        print(f"{'curl --parallel':<24}{pages / curl:10,.0f} pages/s{reference / curl:8.2f} of bare")
    print("each answer takes 20 ms:")
    _take_turns(
        {"bare aiohttp gather": bare, "engine": engine}, [f"{base}{SLOWLY}{number}" for number in range(pages)], rounds
    )


def _take_turns(contestants: Mapping[str, Contestant], urls: Sequence[str], rounds: int) -> float:
    """Print how fast each is; the seconds of the first in its best round."""
    best = dict.fromkeys(contestants, float("inf"))
    busy = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, contestant in contestants.items():
            gc.collect()
            begin = process_time()
            best[name] = min(best[name], asyncio.run(contestant(urls)))
            busy[name] = min(busy[name], process_time() - begin)
    reference, reference_busy = next(iter(best.values())), next(iter(busy.values()))
    for name, seconds in best.items():
        speed, work = reference / seconds, busy[name] / reference_busy
        print(f"{name:<24}{len(urls) / seconds:10,.0f} pages/s{speed:8.2f} of bare, with {work:.2f} of its CPU time")
    return reference


def measure_memory(name: str, contestant: Contestant, urls: Sequence[str]) -> None:
    """Print the peak of the memory that is resident while URLs are fetched."""
    seconds = asyncio.run(contestant(urls))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{name:<24}{len(urls):10,} URLs: {peak / 1e6:.0f} MB at the peak, {seconds:.0f} s")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=1_000, help="pages in each round")
    parser.add_argument("--rounds", type=int, default=12, help="rounds of each, of which the best counts")
    parser.add_argument("--many", type=int, default=100_000, help="URLs whose memory is measured")
    arguments = parser.parse_args()
    mine, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        base = f"http://127.0.0.1:{mine.recv()}"
        print(f"Python {platform.python_version()}, {AT_ONCE} at once, best of {arguments.rounds}")
        urls = [f"{base}/{number}" for number in range(arguments.many)]
        for job in (
            ("engine, rows dropped", without_rows, urls),
            ("engine, lab and record", in_a_recorded_lab, urls[: len(urls) // 10]),
        ):
            memory = multiprocessing.get_context("spawn").Process(target=measure_memory, args=job)
            memory.start()
            memory.join()
        compare_speed(base, arguments.pages, arguments.rounds)
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
