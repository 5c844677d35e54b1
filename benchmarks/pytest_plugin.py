"""What the plugin for pytest costs: the time of a suite of small async tests, observed ÷ plain.

    python benchmarks/pytest_plugin.py [--tests 500] [--rounds 5]

Each test has a loop of its own, a fixture with a task, a queue, a timeout and a sleep of a millisecond. Both times are
of the whole process, pytest's start and what is imported included; the best of each counts. The aim is 1.3. CPU time,
in which no sleep counts, tells less of what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
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
    answer = asyncio.get_running_loop().create_future()
    async with asyncio.timeout(10):
        await queue.put(({number}, answer))
        assert await answer == 2 * {number}
    await asyncio.sleep(0.001)
"""

INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\naddopts = -q -p no:cacheprovider\n"


def seconds(folder: Path, *options: str) -> tuple[float, float]:
    """Run the suite once, and tell the seconds that it took, and the CPU seconds of its process."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "pytest", *options]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    taken, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


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
        rounds = [(seconds(folder), seconds(folder, "--asynclab")) for _ in range(chosen.rounds)]
    for index, what in enumerate(("time", "CPU time")):
        plain, observed = (min(times[index] for times in every) for every in zip(*rounds, strict=True))
        print(f"{what} of {chosen.tests} tests: {plain:.2f} s, observed {observed:.2f} s: × {observed / plain:.2f}")


if __name__ == "__main__":
    main()
