"""Tests recordings: they have all events, open however their writer ended, and other files are refused."""

import gzip
import io
import sys
from pathlib import Path

import pytest

from asynclab.model import events as e
from asynclab.remote import program_recording, wire
from asynclab.remote.observed_program import ObservedProgram


def frames(file: str = "app.py", forever: float | None = float("inf")) -> list[wire.AnyFrame]:
    """A program with a loop, on which a task waits for longer than any number can tell."""
    events: list[e.Event] = [
        e.TaskCreated(0.1, 1, "Task-\udc80", "main", None, file, 3),
        e.TimeoutStarted(0.15, 1, forever, 1),
        e.TaskWaiting(0.2, 1, e.Wait("sleep", seconds=forever, file=file, line=4)),
        e.TaskEnded(0.9, 1, "failed", "ValueError: boom"),
    ]
    return [
        wire.ProgramStarted("app.py", "3.13.0", 7, 1_000.0),
        wire.LoopOpened(1, "_UnixSelectorEventLoop", 0.05),
        wire.LoopEvents(1, tuple(events)),
        wire.Heartbeat(1.0),
        wire.LoopClosed(1, 1.1),
        wire.ProgramEnded(1.2, 1),
    ]


def written(path: Path, *told: wire.AnyFrame, version: int = program_recording.VERSION) -> Path:
    writer = program_recording.RecordingWriter(
        path.open("wb"), program_recording.Header(version, "9.9", ("app.py", "-x"))
    )
    for frame in told:
        writer.write(frame)
    writer.close()
    return path


def test_what_was_told_comes_back(tmp_path: Path) -> None:
    reader = program_recording.RecordingReader(written(tmp_path / "r", *frames()))
    assert reader.header == program_recording.Header(program_recording.VERSION, "9.9", ("app.py", "-x"))
    lines = list(reader.lines())
    assert not reader.is_cut
    assert [type(line) for line in lines] == [type(frame) for frame in frames()]
    told = lines[2]
    assert isinstance(told, wire.LoopEvents)
    timeout, waiting = told.events[1:3]
    assert isinstance(timeout, e.TimeoutStarted)
    assert isinstance(waiting, e.TaskWaiting)
    assert (timeout.deadline, waiting.wait.seconds) == (None, None)
    assert lines[3:] == frames()[3:]


def test_the_program_s_own_files_are_in_it(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_bytes(b"print('\xff')\n")
    files = {file for frame in frames(str(script)) for file in program_recording.files_of(frame)}
    writer = program_recording.RecordingWriter(
        (tmp_path / "r").open("wb"), program_recording.Header(program_recording.VERSION, "9.9")
    )
    writer.add_sources(files | {"/nowhere/at all", "nul\0"})
    writer.close()
    assert list(program_recording.RecordingReader(tmp_path / "r").lines()) == [
        program_recording.SourceText(str(script), "print('\ufffd')\n")
    ]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_whose_writer_was_killed_opens_up_to_there(tmp_path: Path, share: float) -> None:
    path = written(tmp_path / "r", *frames() * 20)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    reader = program_recording.RecordingReader(path)
    lines = list(reader.lines())
    assert reader.is_cut
    assert 0 < len(lines) < 120
    assert [type(line) for line in lines] == [type(frame) for frame in frames() * 20][: len(lines)]


FOREIGN = {
    "empty": b"",
    "text": b"not a recording\n",
    "other gzip": gzip.compress(b'{"type":"Heartbeat","at":1}\n'),
    "gzip of nothing": gzip.compress(b""),
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r"
    path.write_bytes(content)
    with pytest.raises(
        program_recording.RecordingError, match="is not a recording; asynclab run --record FILE makes one"
    ):
        program_recording.RecordingReader(path)


def test_a_file_that_cant_be_read_and_one_of_a_newer_asynclab_are_refused(tmp_path: Path) -> None:
    with pytest.raises(program_recording.RecordingError, match="No such file"):
        program_recording.RecordingReader(tmp_path / "nothing")
    with pytest.raises(program_recording.RecordingError, match=r"was made by asynclab 9\.9"):
        program_recording.RecordingReader(written(tmp_path / "r", version=program_recording.VERSION + 1))


def test_what_is_wrong_in_the_middle_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r"
    good = gzip.decompress(written(path, *frames()[:1]).read_bytes())
    for bad in (b'{"type":"NoSuchFrame"}\n', b"{\n", b'{"type":"LoopEvents","loop":1,"events":[{"type":"Task"}]}\n'):
        path.write_bytes(gzip.compress(good + bad))
        with pytest.raises(program_recording.RecordingError, match=r"line 3 of .* is no line of a recording"):
            list(program_recording.RecordingReader(path).lines())


def test_damage_and_bombs_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "r", *frames() * 200)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 40] = b"\xff" * 40
    path.write_bytes(whole)
    lines = program_recording.RecordingReader(path).lines()
    assert len([next(lines) for _ in range(300)]) == 300
    with pytest.raises(program_recording.RecordingError, match=r"is damaged|is no line of a recording"):
        list(lines)
    good = gzip.decompress(written(path, *frames()[:1]).read_bytes())
    with gzip.open(path, "wb") as bomb:
        bomb.write(good)
        bomb.write(bytes(program_recording.LONGEST_LINE // 10))
    monkeypatch.setattr("asynclab.remote.program_recording.LONGEST_LINE", program_recording.LONGEST_LINE // 16)
    with pytest.raises(program_recording.RecordingError, match="too long"):
        list(program_recording.RecordingReader(path).lines())


def test_sizes_as_large_as_programs_use_are_read(tmp_path: Path) -> None:
    without_bound = wire.LoopEvents(
        1, (e.QueueCreated(0.1, 1, "Queue", sys.maxsize), e.PrimitiveChanged(0.1, 1, sys.maxsize))
    )
    (line,) = program_recording.RecordingReader(written(tmp_path / "r", without_bound)).lines()
    assert line == without_bound


def test_each_frame_is_on_the_disk_when_it_is_written() -> None:
    class Kept(io.BytesIO):
        def close(self) -> None: ...

    file = Kept()
    writer = program_recording.RecordingWriter(file, program_recording.Header(program_recording.VERSION, "9.9"))
    before = file.tell()
    writer.write(wire.Heartbeat(1.0))
    assert file.tell() > before


def test_a_recording_folds_as_the_program_did(tmp_path: Path) -> None:
    live, replayed = ObservedProgram(), ObservedProgram()
    for frame in frames(forever=None):
        live.take(frame)
    for line in program_recording.RecordingReader(written(tmp_path / "r", *frames())).lines():
        assert not isinstance(line, program_recording.SourceText)
        replayed.take(line)
    (was,), (now,) = live.loops.values(), replayed.loops.values()
    assert (was.state.outcome, was.state.detail, was.state.name) == ("failed", "ValueError: boom", "app.py")
    assert [line.text for line in now.state.activity] == [line.text for line in was.state.activity]
    assert replayed.now == live.now == 1.2
