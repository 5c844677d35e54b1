"""Tests recordings with `--keep`: they stay small, open at any moment, and begin with the state at the cut."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from asynclab.cli.main import main
from asynclab.model import events as e
from asynclab.model.state import LabState
from asynclab.remote.kept_recording import KeptRecording
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.program_recording import VERSION, Header, RecordingReader, SourceText
from asynclab.remote.wire import AnyFrame, LoopClosed, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from tests.remote.programs import observed

KEEP = 16_000
"""Bytes: as little as a test needs; the command line asks for more."""


def batch(*events: e.Event, loop: int = 2) -> LoopEvents:
    """What happened on a loop, in a frame."""
    told: Any = events
    return LoopEvents(loop, told)


BEFORE: list[AnyFrame] = [
    ProgramStarted("app.py", "3.13.0", 7, 1_000.0),
    LoopOpened(1, "First", 0.0),
    batch(e.TaskCreated(0.1, 99, "first", "first"), loop=1),
    LoopClosed(1, 0.2),
    LoopOpened(2, "Second", 0.5),
    batch(
        e.TaskCreated(1.0, 1, "Task-1", "main", None, "app.py", 3),
        e.QueueCreated(1.0, 1, "Queue", 5),
        e.PrimitiveCreated(1.0, 1, "lock", 1),
        e.PrimitiveCreated(1.0, 2, "event", 1),
        e.StepStarted(1.1, 1),
        e.TaskCreated(1.1, 2, "Task-2", "work", 1, "app.py", 7),
        e.TaskCreated(1.1, 3, "ended", "work", 1),
        e.TaskCreated(1.1, 4, "woken", "work", 1),
        e.PrimitiveChanged(1.2, 1, 1, 1),
        e.PrimitiveChanged(1.2, 2, 1, 1),
        e.QueuePut(1.2, 1, "'a'", 1, 1, 1),
        e.QueuePut(1.2, 1, "'b'", 2, 2, 1),
        e.QueueGot(1.2, 1, "'a'", 1, 2, 0, 1),
        e.TimeoutStarted(1.3, 1, 60.0, 1),
        e.CallScheduled(1.3, 1, "later", 70.0, 1),
    ),
    batch(
        e.Stepped(1.5, 2, 0.1),
        e.TaskWaiting(1.7, 2, e.Wait("lock", 1, (1,), file="app.py", line=8)),
        e.Stepped(1.7, 3, 0.0, ends=True),
        e.TaskEnded(1.7, 3, "failed", "ValueError: boom"),
        e.Stepped(1.7, 4, 0.0),
        e.TaskReady(1.8, 4, "task", 1),
    ),
]
"""Much is as it was long after."""


def later(number: int) -> LoopEvents:
    """Something happened later that is hard to compress."""
    return batch(e.Output(2.0 + number, f"{hash(str(number)) ** 9}{hash(number * 3.7) ** 7}\n", 1))


def kept(path: Path, frames: list[AnyFrame], *, keep: int = KEEP) -> tuple[KeptRecording, ObservedProgram]:
    """A recording to which these were written, and the program as it stands."""
    program = ObservedProgram()
    recording = KeptRecording(path, Header(VERSION, "9.9"), program, keep)
    for frame in frames:
        program.take(frame)
        recording.write(frame)
    return recording, program


def replayed(path: Path) -> ObservedProgram:
    """A program as its recording tells it."""
    program = ObservedProgram()
    with RecordingReader(path) as reader:
        for line in reader.lines():
            assert not isinstance(line, SourceText)
            program.take(line)
    return program


def standing(state: LabState) -> dict[str, Any]:
    """How everything stands that is not over."""
    tasks = [task for task in state.tasks.values() if not task.has_ended]
    return {
        "tasks": [
            (t.id, t.name, t.coroutine, t.parent, t.state, t.since, t.created_at, t.file, t.line, t.waits_for, t.waker)
            for t in tasks
        ],
        "ready": list(state.ready_queue),
        "running": state.running,
        "queues": [(q.label, q.kind, q.maxsize, list(q.items), q.size, q.unfinished) for q in state.queues.values()],
        "primitives": [(p.label, p.value, p.holder) for p in state.primitives.values()],
        "timeouts": [(t.id, t.task, t.started_at, t.deadline) for t in state.timeouts.values()],
        "calls": list(state.calls.values()),
        "counts": state.counts,
        "named": state.named_after,
        "name": (state.name, state.epoch, state.now),
    }


def test_how_things_stood_before_the_cut_is_right_and_what_is_missing_is_counted(tmp_path: Path) -> None:
    recording, program = kept(tmp_path / "r", [*BEFORE, *map(later, range(400))])
    recording.close()
    assert (tmp_path / "r").stat().st_size <= KEEP * 1.2
    again = replayed(tmp_path / "r")
    assert list(again.loops) == [2]
    now, was = again.loops[2].state, program.loops[2].state
    assert standing(now) == standing(was)
    assert now.dropped.events > 100
    assert now.activity[-1].text == was.activity[-1].text


def test_tasks_are_named_after_the_cut_as_they_were(tmp_path: Path) -> None:
    end: list[AnyFrame] = [batch(e.TaskCreated(900.0, 9, "Task-9", "work")), ProgramEnded(901.0, 0)]
    recording, _ = kept(tmp_path / "r", [*BEFORE, *map(later, range(400)), *end])
    recording.close()
    assert replayed(tmp_path / "r").loops[2].state.tasks[9].name == "work-2"


def test_the_file_opens_and_is_small_at_any_moment(tmp_path: Path) -> None:
    recording, program = kept(tmp_path / "r", BEFORE)
    for number in range(300):
        program.take(later(number))
        recording.write(later(number))
        if number % 7 == 0:
            assert (tmp_path / "r").stat().st_size <= KEEP * 1.2
            assert standing(replayed(tmp_path / "r").loops[2].state) == standing(program.loops[2].state)
    recording.close()
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_where_all_fits_nothing_is_left_out(tmp_path: Path) -> None:
    recording, _ = kept(tmp_path / "r", BEFORE)
    recording.close()
    with RecordingReader(tmp_path / "r") as reader:
        assert [type(line) for line in reader.lines()] == [type(frame) for frame in BEFORE]
        assert not reader.is_cut
    assert b"EventsDropped" not in gzip.decompress((tmp_path / "r").read_bytes())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--keep", "much", "--record", "r"], "give a size such as 100MB"),
        (["--keep", "-1MB", "--record", "r"], "give a size such as 100MB"),
        (["--keep", "9" * 400, "--record", "r"], "give a size such as 100MB"),
        (["--keep", "1kB", "--record", "r"], "needs at least 1MiB"),
        (["--keep", "10MB"], "--keep needs --record"),
        (["--keep", "10MB", "--record", "/dev/null"], "--keep needs --record with the name of a file"),
    ],
)
def test_what_cant_be_kept_is_told_before_anything_runs(arguments: list[str], says: str) -> None:
    asked = CliRunner().invoke(main, ["run", *arguments, "-c", "print('ran')"])
    assert (asked.exit_code, asked.stdout, asked.stderr.count("\n")) == (2, "", 1)
    assert says in asked.stderr


def test_a_run_keeps_the_newest(tmp_path: Path) -> None:
    program = """
import asyncio, os

async def main():
    for _ in range(6):
        for _ in range(400):
            print(os.urandom(900).hex())
        await asyncio.sleep(0.06)  # a reader that is far behind misses details, and this is not about that
    print("last")

asyncio.run(main())
"""
    assert observed("--record", str(tmp_path / "r"), "--keep", "1MiB", "-c", program).code == 0
    assert (tmp_path / "r").stat().st_size < 1_200_000
    (loop,) = replayed(tmp_path / "r").loops.values()
    assert loop.state.dropped.events > 0
    assert loop.state.outcome == "done"
