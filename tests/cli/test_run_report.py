"""Tests the report on a program: on a terminal its lines are wrapped, in a file they are not."""

import os
import pty
import sys
from io import StringIO

import pytest

from asynclab.cli.run_report import Report
from asynclab.cli.wrapping import report_line
from asynclab.model import events
from asynclab.remote.observed_program import ObservedProgram
from asynclab.remote.wire import Heartbeat, LoopEvents, LoopOpened, ProgramEnded, ProgramStarted
from tests.raising import raising


@pytest.fixture
def program() -> ObservedProgram:
    program = ObservedProgram()
    program.take(ProgramStarted("app.py", "3.13.0", 1, 0.0))
    return program


def test_a_slow_step_is_told_with_where_it_was_seen_or_what_it_went_on_from(program: ObservedProgram) -> None:
    report = Report(program)
    program.take(LoopOpened(1, "Loop", 0.0))
    happened = (
        events.TaskCreated(0.1, 1, "main", "main"),
        events.Stepped(1.0, 1, 0.05),
        events.TaskWaiting(1.05, 1, events.Wait("sleep", file="cafe.py", line=7)),
        events.TaskReady(1.1, 1, "timer"),
        events.Stepped(1.1, 1, 0.04, True),
        events.Stepped(1.2, 1, 0.03, True),
        events.StepStarted(1.3, 1),
        events.LoopBlocked(1.4, 1, 0.1, "cafe.py", 9, "grind"),
        events.StepEnded(1.5, 1, 0.2),
    )
    program.take(LoopEvents(1, happened))
    program.take(ProgramEnded(2.0, 0))
    lines = list(report.lines())
    start = lines.index("  slowest steps") + 1
    assert [" ".join(line.split()[2:]) for line in lines[start : start + 4]] == [
        "main cafe.py:9",
        "main its first step",
        "main after cafe.py:7",
        "main",
    ]
    steps = report.as_json()["loops"][0]["slowest_steps"]
    assert [(step["step"], step["line"]) for step in steps] == [
        ("at", 9),
        ("first", None),
        ("after", 7),
        ("unknown", None),
    ]


def test_a_report_says_that_a_part_of_it_is_missing(program: ObservedProgram) -> None:
    report = Report(program)
    program.take(LoopOpened(1, "Loop", 0.0))
    program.loops[1].feed.subscribe(raising(KeyError("odd")))
    program.take(LoopEvents(1, (events.TaskCreated(0.1, 1, "main", "main"),)))
    program.take(ProgramEnded(1.0, 0))
    told = "  missing   a part of this report, as asynclab itself failed: KeyError('odd')"
    assert told in report.lines()
    assert report.as_json()["loops"][0]["failed"] == "KeyError('odd')"


def test_of_a_program_whose_end_is_not_known_the_report_says_what_its_tasks_wait_for(program: ObservedProgram) -> None:
    report = Report(program)
    for number, ends in ((1, events.TaskEnded(0.4, 1, "done")), (2, events.TaskWaiting(0.4, 2, events.Wait("sleep")))):
        program.take(LoopOpened(number, "Loop", 0.0))
        made = events.TaskCreated(0.1, number, f"main-{number}", "main")
        program.take(LoopEvents(number, (made, events.Stepped(0.2, number, 0.05), ends)))
    program.take(Heartbeat(3.0))
    lines = list(report.lines_so_far())
    assert "  tasks     1: 1 still there" in lines
    assert [line.split() for line in lines[lines.index("loop 2 at 3.000 s:") + 2 :]] == [
        ["main-2", "sleeps", "for", "2.750", "s"]
    ]
    assert "loop 1 at 3.000 s:" not in lines


def test_what_never_ended_waits_for_who_holds_the_lock_at_the_end(program: ObservedProgram) -> None:
    report = Report(program)
    program.take(LoopOpened(1, "Loop", 0.0))
    names = enumerate(("main", "first", "second"), 1)
    happened = (
        *(events.TaskCreated(0.1, number, name, "work") for number, name in names),
        events.PrimitiveCreated(0.1, 1, "lock", 1),
        events.PrimitiveChanged(0.1, 1, 1, 2),
        events.Stepped(0.2, 1, 0.0),
        events.TaskWaiting(0.2, 1, events.Wait("lock", 1, (2,))),
        events.PrimitiveChanged(0.3, 1, 1, 3),
    )
    program.take(LoopEvents(1, happened))
    program.take(ProgramEnded(1.0, 0))
    never_ended = report.as_json()["loops"][0]["never_ended"]
    assert {task["task"]: task["wait"] for task in never_ended}["main"] == "waits for lock#1 held by second"


LINE = "    deadlock: 't-1' waits for lock#2 held by 't-2' (app.py:5); 't-2' waits for lock#1 held by 't-1'"


def test_a_line_of_a_report_is_wrapped_below_its_beginning_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((80, 24)))
        report_line(LINE)
        lines = os.read(ours, 1_000).decode().splitlines()
    os.close(ours)
    assert lines == [
        "asynclab:     deadlock: 't-1' waits for lock#2 held by 't-2' (app.py:5); 't-2'",
        "              waits for lock#1 held by 't-1'",
    ]


def test_elsewhere_it_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", written := StringIO())
    report_line(LINE)
    assert written.getvalue() == f"asynclab: {LINE}\n"
