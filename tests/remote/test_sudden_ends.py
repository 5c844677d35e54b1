"""Kills a program or its viewer at any moment: nothing hangs, nothing remains, and the recording opens.

How many moments are tried is for ASYNCLAB_KILLS to say; a moment is a number of lines that the program has printed.
"""

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
from asynclab.remote.program_recording import RecordingReader
from asynclab.remote.wire import Frame
from tests.remote.programs import ROOT

KILLS = int(os.environ.get("ASYNCLAB_KILLS", "1"))

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
def running(tmp_path: Path, moment: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A viewer that records a program, at a moment, and the number of the program's process."""
    script = tmp_path / "works.py"
    script.write_text(PROGRAM)
    command = [sys.executable, "-m", "asynclab", "run", "--headless", "--record", str(tmp_path / "run"), str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    viewer = subprocess.Popen(
        command, bufsize=0, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env=environment
    )
    assert viewer.stdout is not None
    try:
        program = int(viewer.stdout.readline())
        for _ in range(moment):
            viewer.stdout.readline()
        yield viewer, program
    finally:
        viewer.kill()
        viewer.communicate(timeout=PATIENCE)


def rest_of_output(viewer: subprocess.Popen[bytes]) -> str:
    """What comes until nobody has the output any more: neither the viewer nor the program."""
    return viewer.communicate(timeout=PATIENCE)[0].decode()


def recorded(path: Path) -> tuple[ObservedProgram, bool]:
    """The program as its recording has it, and whether that is cut."""
    reader, program = RecordingReader(path), ObservedProgram()
    for line in reader.lines():
        if isinstance(line, Frame):
            program.take(line)
    return program, reader.is_cut


@pytest.mark.parametrize("moment", random.Random(14).sample(range(LINES), KILLS))
def test_a_program_that_is_killed_ends_its_viewer_and_its_recording(tmp_path: Path, moment: int) -> None:
    with running(tmp_path, moment) as (viewer, process):
        os.kill(process, signal.SIGKILL)
        out = rest_of_output(viewer)
    assert viewer.returncode == -signal.SIGKILL
    assert "killed by SIGKILL" in out
    program, is_cut = recorded(tmp_path / "run")
    assert program.ended is not None
    assert (program.ended.code, is_cut) == (-signal.SIGKILL, False)


@pytest.mark.parametrize("moment", random.Random(41).sample(range(LINES), KILLS))
def test_a_viewer_that_is_killed_leaves_the_program_to_its_own_end(tmp_path: Path, moment: int) -> None:
    with running(tmp_path, moment) as (viewer, _):
        viewer.kill()
        out = rest_of_output(viewer)
    assert out.splitlines()[-1] == "end"
    program, is_cut = recorded(tmp_path / "run")
    assert (program.ended, is_cut) == (None, True)


def test_ctrl_c_before_the_first_line_of_a_program_shows_no_lines_of_ours(tmp_path: Path) -> None:
    package = tmp_path / "asynclab" / "remote" / "inside"
    package.mkdir(parents=True)
    for folder in (package, *package.parents[:2]):
        (folder / "__init__.py").touch()
    (package / "begin.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    given = {"PYTHONPATH": str(ROOT / "asynclab/remote/inside/hook"), "ASYNCLAB_CHILD_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", "print(1)"], env=os.environ | given, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (-signal.SIGINT, "", "")
