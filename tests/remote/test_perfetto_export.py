"""Tests that a trace for Perfetto is valid for any events, and has what the program did."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from asynclab.cli.exporting import TraceOfRun
from asynclab.cli.main import main
from asynclab.fetch.whole_file import WholeFile
from asynclab.model import events as e
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.perfetto.perfetto_export import ENDED_KEPT, FIRST_PID, PerfettoExport
from asynclab.remote.perfetto.task_track import TaskTrack
from asynclab.remote.program_recording import Header, RecordingWriter
from asynclab.remote.wire import AnyFrame, LoopClosed, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from tests.alive import alive
from tests.model.anything import any_history
from tests.remote.programs import observed
from tests.remote.trace_checks import Entry, checked


def told(*events: e.Event, loop: int = 1) -> list[AnyFrame]:
    """A program of one loop, on which this happened."""
    batch: Any = events
    return [ProgramStarted("app.py", "3.13.0", 7, 0.0), LoopOpened(loop, "Loop", 0.0), LoopEvents(loop, batch)]


def exported(*frames: AnyFrame) -> list[Entry]:
    """The events of the trace of a program; it is valid."""
    pieces: list[str] = []
    program = ObservedProgram()
    export = PerfettoExport(program, pieces.append)
    for frame in frames:
        program.take(frame)
        export.take(frame)
    export.finish()
    return checked("".join(pieces))


def named(events: list[Entry], name: str) -> list[Entry]:
    return [event for event in events if event["name"] == name]


def test_a_task_is_ready_then_runs_then_waits_inside_its_life() -> None:
    events = exported(
        *told(
            e.TaskCreated(1.0, 1, "Task-1", "main", None, "app.py", 3),
            e.Stepped(1.5, 1, 0.25),
            e.TaskWaiting(1.8, 1, e.Wait("queue.get", 2, file="app.py", line=4)),
            e.TaskReady(2.0, 1, "callback"),
            e.Stepped(2.5, 1, 0.5, ends=True),
            e.TaskEnded(3.0, 1, "done", "7"),
        )
    )
    life, end = named(events, "main-1")
    assert (life["ph"], life["ts"], life["pid"], life["tid"]) == ("B", 1_000_000, FIRST_PID + 1, 1)
    assert (end["ph"], end["ts"], end["args"]) == ("E", 3_000_000, {"outcome": "done", "detail": "7"})
    slices = [(event["cat"], event["ts"], event["dur"]) for event in events if event["ph"] == "X"]
    assert slices == [
        ("ready", 1_000_000, 500_000),
        ("running", 1_500_000, 250_000),
        ("waiting", 1_750_000, 250_000),
        ("ready", 2_000_000, 500_000),
        ("running", 2_500_000, 500_000),
    ]
    (wait,) = named(events, "waiting: get from queue#2")
    assert wait["args"] == {"at": "app.py:4"}
    assert [event["args"]["value"] for event in named(events, "ready tasks")] == [1, 0, 1, 0]


def test_arrows_go_from_the_step_of_the_waker_to_the_woken() -> None:
    events = exported(
        *told(
            e.TaskCreated(1.0, 1, "a", "main"),
            e.StepStarted(1.1, 1),
            e.TaskCreated(1.2, 2, "b", "main", 1),
            e.StepEnded(1.3, 1, 0.2),
            e.Stepped(1.4, 2, 0.1, ends=True),
            e.TaskEnded(1.5, 2, "done"),
            e.TaskReady(1.6, 1, "task", 2),
            e.Stepped(1.7, 1, 0.1),
        )
    )
    arrows = [(event["ph"], event["tid"], event["ts"]) for event in events if event["ph"] in "sf"]
    assert sorted(arrows) == [
        ("f", 1, 1_600_000),
        ("f", 2, 1_200_000),
        ("s", 1, 1_200_000),
        ("s", 2, 1_499_999),
    ]


def test_locks_that_are_released_in_the_order_of_taking_and_timeouts_nest() -> None:
    events = exported(
        *told(
            e.PrimitiveCreated(0.5, 1, "lock", 1),
            e.PrimitiveCreated(0.5, 2, "lock", 2),
            e.TaskCreated(1.0, 1, "a", "main"),
            e.StepStarted(1.1, 1),
            e.TimeoutStarted(1.15, 1, 9.15, 1),
            e.PrimitiveChanged(1.2, 1, 1, 1),
            e.PrimitiveChanged(1.3, 2, 1, 1),
            e.PrimitiveChanged(1.4, 1, 0, 1),
            e.PrimitiveChanged(1.5, 2, 0, 1),
            e.TimeoutExpired(1.6, 1),
            e.StepEnded(1.7, 1, 0.6),
        )
    )
    held = [(event["ph"], event["ts"]) for event in named(events, "holds lock#1")]
    assert held == [("B", 1_200_000), ("E", 1_400_000)]
    assert len(named(events, "holds lock#2")) == 4
    assert len(named(events, "timeout 8.00 s")) == 2
    assert len(named(events, "timeout expired")) == 1


def test_moments_and_counters_are_told_on_their_tracks() -> None:
    events = exported(
        *told(
            e.PrimitiveCreated(0.5, 1, "semaphore", 1, 3),
            e.TaskCreated(1.0, 1, "a", "main"),
            e.QueueCreated(1.0, 1, "Queue", 0),
            e.QueuePut(1.1, 1, "'x'", 1, 1, 1),
            e.PrimitiveChanged(1.1, 1, 2, 1),
            e.LoopLagged(1.2, 0.05),
            e.Output(1.3, "\x1b[31mred\n", 1),
            e.Output(1.3, "nobody's\n"),
            e.LoopBlocked(1.4, 1, 0.2, "app.py", 9, "work"),
            e.TaskCancelRequested(1.5, 1),
            e.TaskRenamed(1.6, 1, "b"),
            e.EventsDropped(1.6, 1_200),
            e.TaskEnded(1.7, 1, "failed", "ValueError: boom"),
        )
    )
    moments = {event["name"]: event["tid"] for event in events if event["ph"] == "i"}
    loop = FIRST_PID + 1
    assert moments == {
        "␛[31mred": 1,
        "nobody's": loop,
        "has blocked the loop for 0.20 s in work at app.py:9": 1,
        "cancel requested": 1,
        "1,200 events are missing": loop,
        "failed: ValueError: boom": 1,
    }
    counters = {event["name"]: event["args"]["value"] for event in events if event["ph"] == "C"}
    assert counters == {"ready tasks": 0, "queue#1 items": 1, "semaphore#1 permits": 2, "loop lag in ms": 50.0}
    assert [event["args"]["name"] for event in named(events, "thread_name")] == ["event loop", "a", "b"]


def test_what_was_there_before_anybody_looked_is_counted_and_held_from_then_on() -> None:
    events = exported(
        *told(
            e.TaskCreated(1.0, 1, "a", "main"),
            e.QueueCreated(1.1, 1, "Queue", 0, ("1", "2"), 2, 2),
            e.PrimitiveCreated(1.1, 1, "semaphore", 1, 3),
            e.PrimitiveCreated(1.1, 2, "lock", 1, 1, holder=1),
            e.PrimitiveChanged(1.5, 2, 0, 1),
        )
    )
    counters = {event["name"]: event["args"]["value"] for event in events if event["ph"] == "C"}
    assert (counters["queue#1 items"], counters["semaphore#1 permits"]) == (2, 3)
    held = [(each["tid"], each["ph"], each["ts"]) for each in named(events, "holds lock#1")]
    assert held == [(1, "B", 1_100_000), (1, "E", 1_500_000)]


def test_each_loop_is_a_process_and_what_is_pending_at_its_end_never_ended() -> None:
    first = told(e.TaskCreated(1.0, 1, "a", "main"))
    second = told(e.TaskCreated(1.0, 2, "b", "main"), loop=2)[1:]
    events = exported(*first, *second, LoopClosed(1, 3.0), ProgramEnded(4.0, 0))
    names = [event["args"]["name"] for event in named(events, "process_name")]
    assert names == ["app.py: loop 1", "app.py: loop 2"]
    ends = {event["pid"] - FIRST_PID: event for event in events if event["ph"] == "E"}
    assert {number: end["args"] for number, end in ends.items()} == {
        1: {"outcome": "never ended"},
        2: {"outcome": "never ended"},
    }
    assert ends[1]["ts"] == 3_000_000


def test_a_paused_clock_gives_a_step_no_time() -> None:
    events = exported(
        *told(e.TaskCreated(1.0, 1, "a", "main"), e.ClockChanged(1.0, True, 1.0, False), e.Stepped(1.0, 1, 5.0))
    )
    assert [event["dur"] for event in named(events, "running")] == [1]


def test_what_is_remembered_is_bounded_by_the_tasks_that_live() -> None:
    program = ObservedProgram()
    before = alive(TaskTrack)
    export = PerfettoExport(program, len)
    for frame in told():
        program.take(frame)
        export.take(frame)
    for number in range(1, ENDED_KEPT + 500):
        batch: Any = (e.TaskCreated(1.0, number, "a", "main"), e.TaskEnded(1.0, number, "done"))
        program.take(LoopEvents(1, batch))
        export.take(LoopEvents(1, batch))
    assert alive(TaskTrack) - before == ENDED_KEPT


NUMBERS = st.integers(1, 3)
TIMES = st.sampled_from([0.0, 1.0, 1.0000001, 1.5, 2.0, -1.0, 1e308])
ODD = st.one_of(
    st.builds(e.TaskCreated, TIMES, NUMBERS, st.sampled_from(["a", "\udc80", ""]), st.just("main"), NUMBERS),
    st.builds(e.TaskReady, TIMES, NUMBERS, st.just("task"), NUMBERS),
    st.builds(e.Stepped, TIMES, NUMBERS, TIMES, st.booleans(), st.booleans()),
    st.builds(e.StepStarted, TIMES, NUMBERS),
    st.builds(e.StepEnded, TIMES, NUMBERS, TIMES, st.booleans(), st.booleans()),
    st.builds(e.TaskEnded, TIMES, NUMBERS, st.just("failed")),
    st.builds(e.TaskCollected, TIMES, NUMBERS),
    st.builds(e.TimeoutStarted, TIMES, NUMBERS, st.none() | TIMES, NUMBERS),
    st.builds(e.TimeoutMet, TIMES, NUMBERS),
    st.builds(e.TimeoutExpired, TIMES, NUMBERS),
    st.builds(e.PrimitiveCreated, TIMES, NUMBERS, st.just("lock"), NUMBERS),
    st.builds(e.PrimitiveChanged, TIMES, NUMBERS, st.integers(0, 1), NUMBERS),
)


@given(st.lists(ODD, max_size=30))
def test_a_trace_is_valid_whatever_was_told_in_whatever_order(events: list[e.Event]) -> None:
    exported(*told(*events))


@given(any_history())
def test_a_trace_is_valid_whatever_kind_of_event_was_told(events: list[e.Event]) -> None:
    exported(*told(*events))


APP = """
import asyncio

async def worker(queue, lock):
    while True:
        item = await queue.get()
        async with lock, asyncio.timeout(1):
            await asyncio.sleep(0.001)
        queue.task_done()

async def main():
    queue, lock = asyncio.Queue(2), asyncio.Lock()
    workers = [asyncio.create_task(worker(queue, lock)) for _ in range(3)]
    for number in range(9):
        await queue.put(number)
    await queue.join()
    for worker_ in workers:
        worker_.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    print("printed")

asyncio.run(main())
"""


def test_a_program_that_runs_is_traced_as_its_recording_is(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    live, later, recording = (tmp_path / name for name in ("live.json", "later.json", "recording"))
    assert observed("--perfetto", str(live), "--record", str(recording), str(tmp_path / "app.py")).code == 0
    asked = CliRunner().invoke(main, ["export", str(recording), "--perfetto", str(later), "--ndjson"])
    assert asked.exit_code == 0, asked.output
    lines = [json.loads(line) for line in asked.output.splitlines()]
    assert {"TaskCreated", "Stepped", "Output"} <= {line["type"] for line in lines}
    assert {line["loop"] for line in lines} == {1}
    events = checked(live.read_text())
    assert live.read_text() == later.read_text()
    assert {"printed", "ready tasks", "queue#1 items", "holds lock#1", "timeout 1.00 s"} <= {
        event["name"] for event in events
    }
    assert any(event["ph"] == "s" for event in events)


def recording_of(path: Path, *frames: AnyFrame) -> Path:
    writer = RecordingWriter(path.open("wb"), Header(1, "0.1"))
    for frame in frames:
        writer.write(frame)
    writer.close()
    return path


@pytest.mark.parametrize("arguments", [["--perfetto", "OUT"], ["--ndjson"]])
def test_a_cut_recording_is_exported_up_to_there_and_said_to_be_cut(tmp_path: Path, arguments: list[str]) -> None:
    path = recording_of(tmp_path / "r", *told(e.TaskCreated(1.0, 1, "a", "main")))
    path.write_bytes(path.read_bytes()[:-10])
    out = str(tmp_path / "out")
    asked = CliRunner().invoke(main, ["export", str(path), *(out if word == "OUT" else word for word in arguments)])
    assert asked.exit_code == 1
    assert asked.stderr.splitlines() == [f"asynclab: {path} is cut off; exported everything before that"]
    assert "TaskCreated" in asked.stdout or checked(Path(out).read_text())


def test_what_cant_be_exported_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a recording")
    good = recording_of(tmp_path / "r")
    for arguments, code in (
        ([str(tmp_path / "text"), "--ndjson"], 1),
        ([str(tmp_path / "nothing"), "--ndjson"], 1),
        ([str(good)], 2),
        ([str(good), "--perfetto", str(tmp_path / "no" / "folder")], 1),
    ):
        asked = CliRunner().invoke(main, ["export", *arguments])
        assert asked.exit_code == code, arguments
        assert asked.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r", "text"]


def test_a_disk_that_refuses_ends_the_trace_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: WholeFile, text: str) -> None:
        if "thread_name" in text:
            raise OSError(28, "No space left on device")

    program = ObservedProgram()
    monkeypatch.setattr(WholeFile, "write", refuse)
    with TraceOfRun(program, tmp_path / "out") as trace:
        for frame in told(e.TaskCreated(1.0, 1, "a", "main")):
            program.take(frame)
            trace.take(frame)
    assert capsys.readouterr().err == "asynclab: no trace is written: No space left on device\n"
    assert not list(tmp_path.iterdir())
