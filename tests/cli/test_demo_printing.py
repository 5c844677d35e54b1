"""Tests how events are printed: lines for people, JSON for programs, and no control characters for the terminal."""

import io
import json
import math
import re

import pytest

from asynclab.cli.demo_printing import JsonPrinter, LinePrinter, list_demos
from asynclab.curriculum.catalogue import DEMOS
from asynclab.model import events
from asynclab.model.event_codec import decode

HOSTILE = "\x1b]0;owned\x07\x9b31m\x7f\u202egnp.exe\u2066\u200b\u2028[red][/]"


def printed_lines(*happened: events.Event) -> list[str]:
    out = io.StringIO()
    LinePrinter(out).write(happened)
    return out.getvalue().splitlines()


def test_a_line_has_time_task_and_text_in_columns() -> None:
    lines = printed_lines(
        events.TaskCreated(0.0, 1, "main", "main"),
        events.TaskCreated(0.5, 2, "brew tea", "brew", parent=1),
        events.TaskEnded(12.25, 2, "done", "'tea'"),
    )
    assert lines[-1] == "   12.250  brew tea          returned 'tea'"


def test_a_line_is_printed_once_however_the_events_are_batched() -> None:
    out = io.StringIO()
    printer = LinePrinter(out)
    printer.write([events.TaskCreated(0.0, 1, "main", "main"), events.Output(0.1, "one\n", 1)])
    printer.write([])
    printer.write([events.Output(0.2, "two\n", 1), events.Output(0.3, "three\n", 1)])
    assert list(re.findall("one|two|three", out.getvalue())) == ["one", "two", "three"]


def test_more_lines_than_the_model_keeps_are_all_printed() -> None:
    happened: list[events.Event] = [events.TaskCreated(0.0, 1, "main", "main")]
    happened += [events.Output(index / 1000, f"line {index}\n", 1) for index in range(7_000)]
    lines = [line for line in printed_lines(*happened) if "line " in line]
    assert len(lines) == 7_000


def test_lines_carry_nothing_that_a_terminal_would_obey() -> None:
    lines = printed_lines(events.TaskCreated(0.0, 1, HOSTILE, "main"), events.Output(0.1, f"{HOSTILE}\n", 1))
    assert lines
    assert all(line.isprintable() for line in lines)


def test_a_json_line_is_the_event() -> None:
    happened: list[events.Event] = [events.RunStarted(0.0, "gather", 1.5, "3.13.0"), events.Output(0.1, "hello\n", 1)]
    out = io.StringIO()
    JsonPrinter(out).write(happened)
    assert [decode(line) for line in out.getvalue().splitlines()] == happened


def test_json_escapes_what_a_terminal_would_obey_and_stays_the_same_event() -> None:
    event = events.Output(0.1, HOSTILE, 1)
    out = io.StringIO()
    JsonPrinter(out).write([event])
    (line,) = out.getvalue().splitlines()
    assert line.isprintable()
    assert decode(line) == event


def test_a_json_line_can_be_written_whatever_was_printed() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    JsonPrinter(out).write([events.Output(0.0, "half a pair \ud800, a tag \U000e0041, a soft hyphen \u00ad\n")])
    out.seek(0)
    assert out.read().isascii()


def test_a_json_line_is_valid_where_json_has_no_such_number() -> None:
    out = io.StringIO()
    JsonPrinter(out).write([events.TimeoutStarted(0.0, 1, math.inf), events.Progressed(0.0, 1, math.nan)])
    lines = [json.loads(line, parse_constant=pytest.fail) for line in out.getvalue().splitlines()]
    assert [line.get("deadline", line.get("done")) for line in lines] == [None, 0.0]


def test_on_a_terminal_the_demos_are_wrapped_and_none_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    list_demos(as_json=False, width=60)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 60
    assert all(demo.lesson.concept in " ".join(printed.split()) for demo in DEMOS)
