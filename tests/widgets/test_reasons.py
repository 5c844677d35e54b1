"""Few words where room is short, whole ones instead of cut ones."""

from __future__ import annotations

import pytest

from asynclab.model.activity import ActivityKind
from asynclab.model.events import Event, StepEnded, StepStarted, TaskEnded, TaskReady, TaskWaiting, Wait
from asynclab.widgets.abbreviations import abbreviated
from asynclab.widgets.reasons import reason
from tests.widgets.labs import folded, step, task

ROOMY, TIGHT = 40, 12
"""The cells of the column on a wide screen, and in a terminal of 80 cells."""


def waiting(wait: Wait) -> list[Event]:
    return [*step(2), TaskWaiting(0.0, 2, wait)]


@pytest.mark.parametrize(
    ("events", "long", "short"),
    [
        ([], "not started yet", "not started"),
        (waiting(Wait("sleep", seconds=1.0)), "sleep 1.00 s", "sleep 1.00 s"),
        (waiting(Wait("queue.get", 1)), "queue.get on queue#1", "get queue#1"),
        (waiting(Wait("task_group", tasks=(1, 2, 3))), "task group of 3", "group of 3"),
        (waiting(Wait("library", library="aiohttp")), "inside aiohttp", "in aiohttp"),
        (waiting(Wait("stream")), "reads from a stream", "a stream"),
        ([*waiting(Wait("event")), TaskReady(1.0, 2, "callback")], "woken from outside", "from outside"),
        ([*waiting(Wait("event")), TaskReady(1.0, 2, "task", 1)], "woken by main", "by main"),
        ([*waiting(Wait("sleep")), TaskReady(1.0, 2, "timer")], "its sleep is over", "sleep over"),
        ([*waiting(Wait("future")), TaskReady(1.0, 2, "timer")], "woken by a timer", "by a timer"),
        ([*step(2), TaskReady(1.0, 2, "timer")], "woken by a timer", "by a timer"),
        ([*waiting(Wait("event")), TaskReady(1.0, 2, "cancel")], "cancel() was called", "cancel()"),
        ([*step(2), TaskEnded(0.0, 2, "done", "None")], "returned None", "→ None"),
        ([*step(2), TaskEnded(0.0, 2, "failed", "OSError: 5")], "raised OSError: 5", "OSError: 5"),
    ],
)
def test_where_room_is_short_a_reason_has_fewer_words(events: list[Event], long: str, short: str) -> None:
    state = folded(task(1, "main"), task(2, "eggs", 1), *events)
    assert reason(state.tasks[2], state, ROOMY) == long
    assert reason(state.tasks[2], state, TIGHT) == short


def test_while_nobody_has_looked_what_a_task_waits_for_is_left_open() -> None:
    state = folded(task(1, "main"), StepStarted(0.0, 1), StepEnded(0.0, 1, 0.0))
    assert reason(state.tasks[1], state, ROOMY) == "…"


@pytest.mark.parametrize(
    ("kind", "text", "short"),
    [
        ("woke", "ready again after 1.001 s", "ready after 1.001 s"),
        ("chosen", "chosen to go next, ahead of red", "chosen before red"),
        ("waits", "waits for queue.get on queue#1", "waits: get on queue#1"),
        ("timeout", "timeout of 30.00 s started", "timeout of 30.00 s"),
        ("met", "timeout met with 30.273 s to spare", "met, 30.273 s left"),
        ("expired", "timeout expired at 2.001 s", "timed out at 2.001 s"),
        ("task_done", "task_done on queue#1, 2 unfinished", "done queue#1, 2 left"),
        ("put", "put 'A1' → queue#1 (2 of 3)", "put 'A1' → queue#1"),
        ("cancel", "cancel requested by main", "cancel() by main"),
        ("printed", "“ready again after 1.001 s”", "“ready again after 1.001 s”"),
        ("woke", "ready again", "ready again"),
    ],
)
def test_lines_of_activity_lose_words_before_figures_and_never_what_was_printed(
    kind: ActivityKind, text: str, short: str
) -> None:
    assert abbreviated(kind, text, 21) == short
    assert abbreviated(kind, text, 40) == text
