"""Tests how a program is attached to on Python 3.14 and later that hasn't called attachable()."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asynclab.remote.attach import AttachError, attach
from asynclab.remote.observed_program import ObservedProgram
from tests.remote.attachable import AS_IT_WAS, SCRIPT, Program
from tests.remote.test_attach import watched

pytestmark = pytest.mark.skipif(sys.version_info < (3, 14), reason="sys.remote_exec came with Python 3.14")

IDLE = "import asyncio; print('idle', flush=True); asyncio.run(asyncio.sleep(3600))"
BLOCKED = "import threading; print('blocked', flush=True); threading.Lock().acquire() and threading.Event().wait()"


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def program(runtime: Path) -> Iterator[Program]:
    running = Program(runtime, str(SCRIPT), "--alone")
    yield running
    assert running.end() == 0


def test_it_is_found_and_left_as_it_was(program: Program) -> None:
    for _ in range(2):
        attachment, seen = attach(program.pid), ObservedProgram()
        watched(attachment, seen)
        (loop,) = seen.loops.values()
        assert {task.name for task in loop.state.tasks.values()} >= {"one", "other", "ticks", "times out"}
        with pytest.raises(AttachError, match="another asynclab is attached to it"):
            attach(program.pid)
        list(attachment.leave())
        assert program.ask() == AS_IT_WAS


def test_an_idle_loop_is_woken_and_sleeps_on(runtime: Path) -> None:
    running = Program(runtime, "-c", IDLE)
    attachment, seen = attach(running.pid), ObservedProgram()
    watched(attachment, seen)
    (loop,) = seen.loops.values()
    (task,) = loop.state.tasks.values()
    assert task.waits_for is not None
    assert task.waits_for.kind == "sleep"
    list(attachment.leave())
    assert running.process.poll() is None
    running.kill()


def test_what_can_t_be_reached_is_said_and_the_program_runs_on(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.remote.attach.PATIENCE", 0.3)
    running = Program(runtime, "-c", BLOCKED)
    while Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
        pass  # it still runs Python
    with pytest.raises(AttachError, match="its main thread runs C code"):
        attach(running.pid)
    running.kill()


def test_another_program_than_python_is_refused(runtime: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        with pytest.raises(AttachError, match="is it Python 3"):
            attach(process.pid)
        process.kill()


def test_a_python_without_asynclab_is_told_how_to_get_it(runtime: Path) -> None:
    running = Program(runtime, "-I", "-S", "-c", IDLE)
    with pytest.raises(AttachError, match=r"asynclab is not installed there: .* -m pip install -e /"):
        attach(running.pid)
    assert running.process.poll() is None
    running.kill()


def test_no_file_is_left_behind(program: Program, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(runtime))
    before = sorted(os.listdir(runtime))
    list(attach(program.pid).leave())
    assert sorted(os.listdir(runtime)) == before
