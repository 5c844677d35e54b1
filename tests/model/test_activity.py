"""Tests the lines of the activity."""

from asynclab.model import events
from tests.model.short_histories import MAIN, TEA, lab, suspended, tea_party, told, told_of


def test_a_life_reads_as_a_story() -> None:
    state = tea_party(
        events.TaskWaiting(0.0, MAIN, events.Wait("gather", tasks=(2, 3), count=2)),
        *suspended(0.0, TEA, events.Wait("sleep", seconds=1.0)),
        events.TaskReady(1.001, TEA, "timer"),
        events.Output(1.001, "tea is ready\n", TEA),
        events.TaskEnded(1.001, TEA, "done", "'tea'"),
    )
    assert told(state) == [
        "main: created tea",
        "main: created coffee",
        "main: waits for a gather of 2",
        "tea: sleeps 1.00 s",
        "tea: ready after 1.001 s",
        "tea: “tea is ready”",
        "tea: returned 'tea'",
    ]


def test_lines_are_numbered_from_zero_and_carry_their_time() -> None:
    state = tea_party(events.Output(1.5, "a\nb\n", TEA))
    assert [(line.number, line.at) for line in state.activity] == [(0, 0.0), (1, 0.0), (2, 1.5), (3, 1.5)]


def test_a_librarys_own_tasks_stay_out_of_the_log_until_something_is_wrong() -> None:
    state = tea_party(
        events.TaskCreated(0.0, 4, "resolver", "resolve", MAIN, internal=True),
        *suspended(0.0, 4, events.Wait("future")),
        events.TaskReady(1.0, 4, "callback"),
        events.Output(1.0, "oops\n", 4),
        events.Warned(1.0, "never retrieved", 4),
        events.LoopBlocked(1.0, 4, 0.1, "a.py", 1, "f"),
        events.TaskEnded(1.0, 4, "failed", "OSError"),
    )
    assert told(state)[2:] == [
        "resolver: “oops”",
        "resolver: never retrieved",
        "resolver: blocks the loop: 0.10 s so far at a.py:1 in f",
        "resolver: raised OSError",
    ]


def test_foreign_text_in_a_line_is_cleaned() -> None:
    state = lab(
        events.TaskCreated(0.0, 1, "main", "main"),
        events.TaskCreated(0.0, 2, "\x1b]0;", "f", 1),
        events.Output(0.0, "\x1b[2J\u202e\n", 1),
        events.Warned(0.0, "\x07", 1),
        events.TaskEnded(0.0, 1, "failed", "Error: \x9b"),
    )
    assert told_of(state, 1) == ["“␛[2J\\u202e”", "␇", "raised Error: \\x9b"]
    assert told(state)[0] == "main: created ␛]0;"
