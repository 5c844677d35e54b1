"""Tests that a malicious recording does no harm: it is only data, and its faults are described in one line."""

import gzip
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from asynclab.cli.main import main
from asynclab.remote.program_recording import VERSION
from tests.remote.trace_checks import checked

EVIL = "\x1b]0;owned\x07\x1b[2J\r\n[bold red]x[/]\u202e\x9b31m\x00"
"""Sets a terminal's title, clears it, ends a line, is markup, turns text round."""

STARTED: list[dict[str, Any]] = [
    {"type": "asynclab recording", "version": VERSION, "asynclab": "0.1.0"},
    {"type": "ProgramStarted", "name": "app.py", "python": "3.13.0", "pid": 1, "epoch": 0.0},
    {"type": "LoopOpened", "loop": 1, "kind": "Loop", "at": 0.0},
]


def events(*told: dict[str, Any]) -> dict[str, Any]:
    return {"type": "LoopEvents", "loop": 1, "events": list(told)}


def recording(path: Path, *lines: dict[str, Any] | bytes, head: list[dict[str, Any]] = STARTED) -> Path:
    text = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in (*head, *lines)]
    path.write_bytes(gzip.compress(b"\n".join([*text, b""])))
    return path


def asked(*arguments: object) -> Result:
    """What a command says; it never ends in a traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def is_harmless(text: str) -> bool:
    """Whether a terminal obeys nothing in it."""
    return all(unicodedata.category(character) not in ("Cc", "Cf") or character == "\n" for character in text)


HOSTILE: dict[str, bytes] = {
    "deep nesting": b'{"type":"Heartbeat","at":' + b"[" * 200_000,
    "deep nesting of what is not known": b'{"type":"Heartbeat","at":1,"x":' + b'{"a":' * 200_000,
    "wrong types": b'{"type":"Heartbeat","at":"now"}',
    "unknown tag": b'{"type":"os.system","at":1}',
    "not UTF-8": b'{"type":"SourceText","file":"\xff\xfe","text":"\xc3"}',
    "half of a surrogate pair": b'{"type":"SourceText","file":"\\ud800","text":7}',
    "huge number": b'{"type":"Heartbeat","at":1e999}',
    "huge integer": b'{"type":"LoopOpened","loop":' + b"9" * 5_000 + b',"kind":"","at":0}',
    "integer that fits no machine word": b'{"type":"LoopEvents","loop":1,"events":[{"type":"TaskCreated","at":0,"task":'
    + b'%d,"name":"","coroutine":""}]}' % 2**62,
    "pickle": b"\x80\x04\x95cos\nsystem\n(S'touch owned'\ntR.",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_a_line_that_is_none_ends_it_with_one_clear_line(tmp_path: Path, line: bytes) -> None:
    path = recording(tmp_path / "r", line)
    for arguments in (["export", path, "--perfetto", tmp_path / "out"], ["replay", path]):
        said = asked(*arguments)
        assert said.exit_code == 1
        complaints = [text for text in said.stderr.splitlines() if f"line {len(STARTED) + 1} of" in text]
        assert len(complaints) == 1, said.stderr
        assert is_harmless(said.stderr)
    assert {file.name for file in tmp_path.iterdir()} == {"r", "out"}


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and can't be read")
def test_a_disk_that_refuses_to_read_is_told_as_that() -> None:
    for command in ("replay", "findings"):
        said = asked(command, "/proc/self/mem")
        assert (said.exit_code, said.stderr) == (1, "asynclab: can't read /proc/self/mem: Input/output error\n")


def test_of_a_recording_that_was_cut_the_report_tells_what_there_is(tmp_path: Path) -> None:
    told = events(
        {"type": "TaskCreated", "at": 0.1, "task": 1, "name": "a", "coroutine": "a"},
        {"type": "Stepped", "at": 0.6, "task": 1, "seconds": 0.1},
        {"type": "TaskWaiting", "at": 0.7, "task": 1, "wait": {"kind": "sleep"}},
    )
    said = asked("replay", recording(tmp_path / "r", told))
    assert "1 still there" in said.stdout
    assert "a                 sleeps" in said.stdout


def test_text_in_it_reaches_no_terminal_as_it_is(tmp_path: Path) -> None:
    told = events(
        {"type": "TaskCreated", "at": 0.1, "task": 1, "name": EVIL, "coroutine": EVIL, "file": EVIL, "line": 3},
        {"type": "Stepped", "at": 0.1, "task": 1, "seconds": 0.5},
        {"type": "TaskWaiting", "at": 0.7, "task": 1, "wait": {"kind": "library", "library": EVIL, "file": EVIL}},
        {"type": "LoopBlocked", "at": 0.8, "task": None, "seconds": 0.5, "file": EVIL, "line": 1, "function": EVIL},
        {"type": "Output", "at": 0.8, "text": EVIL, "task": 1},
        {"type": "Warned", "at": 0.9, "text": EVIL},
    )
    head = [STARTED[0], {**STARTED[1], "name": EVIL, "python": EVIL}, {**STARTED[2], "kind": EVIL}]
    path = recording(tmp_path / "r", told, {"type": "ProgramEnded", "at": 1.0, "code": 0}, head=head)
    report = asked("replay", path)
    assert is_harmless(report.output)
    assert is_harmless(asked("export", path, "--ndjson", "--perfetto", tmp_path / "out").output)
    assert all(is_harmless(event["name"]) for event in checked((tmp_path / "out").read_text()))
    newer = recording(tmp_path / "newer", head=[{**STARTED[0], "version": 99, "asynclab": EVIL}])
    assert is_harmless(asked("replay", newer).output)


def test_numbers_that_no_program_has_change_nothing_else(tmp_path: Path) -> None:
    told = events(
        {"type": "TaskCreated", "at": 1e308, "task": -(10**14), "name": "a", "coroutine": "a", "parent": 10**14},
        {"type": "Stepped", "at": -1e308, "task": -(10**14), "seconds": 1e308},
        {"type": "TaskReady", "at": 1e308, "task": 7, "cause": "task", "waker": 7},
        {"type": "QueueCreated", "at": 0, "queue": 0, "kind": "", "maxsize": -5},
        {"type": "QueuePut", "at": 0, "queue": 0, "item": "", "size": 10**14, "unfinished": -1},
        {"type": "EventsDropped", "at": 0, "count": -9, "named": {"a": -1}, "ended": {"done": 10**14}},
    )
    path = recording(tmp_path / "r", told)
    assert "Traceback" not in asked("replay", path).output
    asked("export", path, "--perfetto", tmp_path / "out")
    checked((tmp_path / "out").read_text())


def test_files_that_it_names_are_neither_read_nor_written(tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("password = 'hunter2'\n")
    told = events({"type": "TaskCreated", "at": 0.1, "task": 1, "name": "a", "coroutine": "a", "file": str(secret)})
    planted = {"type": "SourceText", "file": str(tmp_path / "planted.py"), "text": "import os"}
    path = recording(tmp_path / "r", told, planted)
    said = asked("export", path, "--ndjson").output + asked("replay", path).output
    assert "hunter2" not in said
    assert {file.name for file in tmp_path.iterdir()} == {"r", "secret.py"}
