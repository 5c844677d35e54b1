"""A program or its viewer is killed at any moment: nothing hangs, nothing is left, and the recording opens.

How many moments are tried is for ASYNCLAB_KILLS to say; a moment is a number of lines that the program has printed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import read_recording
from tests.remote.programs import ROOT

KILLS = int(os.environ.get("ASYNCLAB_KILLS", "2"))

LINES = 300
"""How many lines the program prints before its last one."""

PATIENCE = 60.0
"""Real seconds after which something hangs."""

PROGRAM = f"""
import asyncio, os

async def work(queue):
    while True:
        await queue.get()
        queue.task_done()

async def main():
    queue = asyncio.Queue(3)
    workers = [asyncio.create_task(work(queue)) for _ in range(5)]
    for number in range({LINES}):
        await asyncio.gather(*(queue.put(number) for _ in range(10)))
        await asyncio.sleep(number % 2 / 1_000)
        print(number, flush=True)
    await queue.join()

print(os.getpid(), flush=True)
asyncio.run(main())
print("end", flush=True)
"""


@contextmanager
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A viewer that records a program, and the number of the program's process."""
    script = tmp_path / "works.py"
    script.write_text(PROGRAM)
    command = [sys.executable, "-m", "asynclab", "run", "--headless", "--record", str(tmp_path / "run"), str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    viewer = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment
    )
    assert viewer.stdout is not None
    program = int(viewer.stdout.readline())
    try:
        yield viewer, program
    finally:
        viewer.kill()
        viewer.communicate(timeout=PATIENCE)
        with pytest.raises(ProcessLookupError):
            os.kill(program, 0)


def read_lines(viewer: subprocess.Popen[str], count: int) -> None:
    assert viewer.stdout is not None
    for _ in range(count):
        viewer.stdout.readline()


def assert_recording_opens(path: Path) -> None:
    """Whatever was written by then is a program with its loop and its tasks."""
    recording = read_recording(path)
    program = ObservedProgram()
    for frame in recording.frames:
        program.take(frame)
    assert program.started is not None


@pytest.mark.parametrize("moment", random.Random(14).sample(range(LINES), KILLS))
def test_a_program_that_is_killed_ends_its_viewer_and_its_recording(tmp_path: Path, moment: int) -> None:
    with running(tmp_path) as (viewer, program):
        read_lines(viewer, moment)
        os.kill(program, signal.SIGKILL)
        out, _ = viewer.communicate(timeout=PATIENCE)
    assert viewer.returncode == -signal.SIGKILL
    assert "killed by SIGKILL" in out
    assert_recording_opens(tmp_path / "run")


@pytest.mark.parametrize("moment", random.Random(41).sample(range(LINES), KILLS))
def test_a_viewer_that_is_killed_leaves_the_program_to_its_own_end(tmp_path: Path, moment: int) -> None:
    with running(tmp_path) as (viewer, _):
        read_lines(viewer, moment)
        viewer.kill()
        out, _ = viewer.communicate(timeout=PATIENCE)  # until the program, too, has let go of its output
    assert out.endswith("end\n")
    assert_recording_opens(tmp_path / "run")
