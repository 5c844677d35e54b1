"""What the plugin for pytest costs: the time of a suite of small async tests, observed ÷ plain.

    python benchmarks/pytest_plugin.py [--tests 500] [--rounds 5]

Each test has a fixture with a task of its own, ten steps or so, a timeout, a queue and a sleep of a millisecond. CPU
seconds of the whole process count, as wall-clock time tells of the machine: pytest's start and what is imported are in
both. The best of each round counts. The aim is 1.3.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HEAD = """
import asyncio
import pytest

@pytest.fixture
async def queue():
    queue = asyncio.Queue()
    async def serve():
        while True:
            item, answer = await queue.get()
            await asyncio.sleep(0)
            answer.set_result(item * 2)
    task = asyncio.create_task(serve())
    yield queue
    task.cancel()
"""

TEST = """
async def test_{number}(queue):
    async def ask(item):
        answer = asyncio.get_running_loop().create_future()
        await queue.put((item, answer))
        async with asyncio.timeout(10):
            return await answer
    assert await asyncio.gather(*(ask(item) for item in range(5))) == [0, 2, 4, 6, 8]
    await asyncio.sleep(0.001)
"""

INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\naddopts = -q -p no:cacheprovider\n"

PLUGIN = ("-p", "asynclab.pytest_plugin", "--asynclab")


def cpu_seconds(folder: Path, *options: str) -> float:
    """Run the suite once, and tell the CPU seconds of its process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "pytest", *options]
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Run the suite in turn without and with the plugin."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        suite = HEAD + "".join(TEST.format(number=number) for number in range(chosen.tests))
        (folder / "test_suite.py").write_text(suite, encoding="utf-8")
        (folder / "pytest.ini").write_text(INI, encoding="utf-8")
        rounds = [(cpu_seconds(folder), cpu_seconds(folder, *PLUGIN)) for _ in range(chosen.rounds)]
    plain, observed = (min(times) for times in zip(*rounds, strict=True))
    print(f"{chosen.tests} tests: {plain:.2f} s plain, {observed:.2f} s observed: × {observed / plain:.2f}")


if __name__ == "__main__":
    main()
