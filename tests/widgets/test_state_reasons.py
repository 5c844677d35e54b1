"""Tests the texts for narrow columns: short but whole words, never cut ones."""

from asynclab.model import events
from asynclab.widgets.state_reasons import reason
from tests.golden_files import Golden, Said
from tests.widgets.folded_labs import folded, step, task

ROOMY, TIGHT = 40, 12
"""The cells of the column on a wide screen, and in a terminal of 80 cells."""


def waiting(wait: events.Wait) -> list[events.Event]:
    return [*step(2), events.TaskWaiting(0.0, 2, wait)]


REASONS: dict[str, list[events.Event]] = {
    "not started": [],
    "sleep": waiting(events.Wait("sleep", seconds=1.0)),
    "wait": waiting(events.Wait("queue.get", 1)),
    "woken from outside": [*waiting(events.Wait("event")), events.TaskReady(1.0, 2, "callback")],
    "woken by a task": [*waiting(events.Wait("event")), events.TaskReady(1.0, 2, "task", 1)],
    "its sleep is over": [*waiting(events.Wait("sleep")), events.TaskReady(1.0, 2, "timer")],
    "woken by a timer": [*waiting(events.Wait("future")), events.TaskReady(1.0, 2, "timer")],
    "woken by a timer, nobody had looked": [*step(2), events.TaskReady(1.0, 2, "timer")],
    "woken by cancel()": [*waiting(events.Wait("event")), events.TaskReady(1.0, 2, "cancel")],
    "timed out": [
        events.TimeoutStarted(0.0, 1, 1.0, 2),
        *waiting(events.Wait("event")),
        events.TimeoutExpired(1.0, 1),
        events.TaskReady(1.0, 2, "timer"),
    ],
    "yielded": [events.StepStarted(0.0, 2), events.StepEnded(0.0, 2, 0.0, ready=True)],
    "running": [events.StepStarted(0.0, 2)],
    "returned": [*step(2), events.TaskEnded(0.0, 2, "done", "None")],
    "raised": [*step(2), events.TaskEnded(0.0, 2, "failed", "OSError: 5")],
    "cancelled": [*step(2), events.TaskEnded(0.0, 2, "cancelled")],
    "cancelled by a task": [*step(2), events.TaskCancelRequested(0.0, 2, 1), events.TaskEnded(0.0, 2, "cancelled")],
    "pending when main ended": [
        *step(2),
        events.TaskEnded(0.0, 2, "cancelled"),
        events.RunEnded(0.0, "done", "None", (2,)),
    ],
    "not looked at": [*step(2)],
}
"""What happens to a task, by why it is in its state."""


def test_where_room_is_short_a_reason_has_fewer_words(golden: Golden) -> None:
    said: list[Said] = []
    for name, happened in REASONS.items():
        state = folded(task(1, "main"), task(2, "eggs", 1), *happened)
        said.append((name, " | ".join(reason(state.tasks[2], state, width) for width in (ROOMY, TIGHT))))
    golden.check("reasons", said)
