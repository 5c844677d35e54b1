"""Few words where room is short, whole ones instead of cut ones."""

from __future__ import annotations

from asynclab.model.events import (
    Event,
    StepEnded,
    StepStarted,
    TaskCancelRequested,
    TaskEnded,
    TaskReady,
    TaskWaiting,
    TimeoutExpired,
    TimeoutStarted,
    Wait,
)
from asynclab.widgets.reasons import reason
from tests.golden_files import Golden, Said
from tests.widgets.labs import folded, step, task

ROOMY, TIGHT = 40, 12
"""The cells of the column on a wide screen, and in a terminal of 80 cells."""


def waiting(wait: Wait) -> list[Event]:
    return [*step(2), TaskWaiting(0.0, 2, wait)]


REASONS: dict[str, list[Event]] = {
    "not started": [],
    "sleep": waiting(Wait("sleep", seconds=1.0)),
    "wait": waiting(Wait("queue.get", 1)),
    "woken from outside": [*waiting(Wait("event")), TaskReady(1.0, 2, "callback")],
    "woken by a task": [*waiting(Wait("event")), TaskReady(1.0, 2, "task", 1)],
    "its sleep is over": [*waiting(Wait("sleep")), TaskReady(1.0, 2, "timer")],
    "woken by a timer": [*waiting(Wait("future")), TaskReady(1.0, 2, "timer")],
    "woken by a timer, nobody had looked": [*step(2), TaskReady(1.0, 2, "timer")],
    "woken by cancel()": [*waiting(Wait("event")), TaskReady(1.0, 2, "cancel")],
    "timed out": [
        TimeoutStarted(0.0, 1, 1.0, 2),
        *waiting(Wait("event")),
        TimeoutExpired(1.0, 1),
        TaskReady(1.0, 2, "timer"),
    ],
    "yielded": [StepStarted(0.0, 2), StepEnded(0.0, 2, 0.0, ready=True)],
    "running": [StepStarted(0.0, 2)],
    "returned": [*step(2), TaskEnded(0.0, 2, "done", "None")],
    "raised": [*step(2), TaskEnded(0.0, 2, "failed", "OSError: 5")],
    "cancelled": [*step(2), TaskEnded(0.0, 2, "cancelled")],
    "cancelled by a task": [*step(2), TaskCancelRequested(0.0, 2, 1), TaskEnded(0.0, 2, "cancelled")],
    "not looked at": [*step(2)],
}
"""What happens to a task, by why it is in its state."""


def test_where_room_is_short_a_reason_has_fewer_words(golden: Golden) -> None:
    said: list[Said] = []
    for name, events in REASONS.items():
        state = folded(task(1, "main"), task(2, "eggs", 1), *events)
        said.append((name, " | ".join(reason(state.tasks[2], state, width) for width in (ROOMY, TIGHT))))
    golden.check("reasons", said)
