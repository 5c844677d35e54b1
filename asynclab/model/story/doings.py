"""What tasks do to queues, primitives and timeouts, as far as it matters for the life of one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from asynclab.model.events import (
    ConditionNotified,
    Event,
    LoopBlocked,
    PrimitiveChanged,
    PrimitiveCreated,
    QueueGot,
    QueuePut,
    QueueShutDown,
    QueueTaskDone,
    TimeoutExpired,
    TimeoutMet,
    TimeoutRescheduled,
    TimeoutStarted,
)
from asynclab.model.story.life import Life, Timeout
from asynclab.model.story.turns import Turn
from asynclab.model.wording.deed import busy, timeout_text
from asynclab.model.wording.quantities import measured

TEXT_KEPT = 300
"""The most characters of a printed line or an item that are kept."""


def blocked(turn: Turn, seconds: float, report: LoopBlocked | None) -> None:
    """Note that a step kept the whole loop from running, and where, if that was seen."""
    where = ""
    if report is not None:
        file = report.file.replace("\\", "/").rpartition("/")[2][:TEXT_KEPT]
        where = f" in {report.function[:TEXT_KEPT]}() at {file} line {report.line}"
    turn.did("blocked", thing=f"{measured(seconds)}{where}")


def queue_put(life: Life, event: QueuePut) -> None:
    """An item went in."""
    life.last_deed = event
    if event.task == life.task:
        life.did("put", event.queue, event.item[:TEXT_KEPT])


def queue_got(life: Life, event: QueueGot) -> None:
    """An item came out."""
    life.last_deed = event
    if event.task == life.task:
        life.did("got", event.queue, event.item[:TEXT_KEPT])


def queue_task_done(life: Life, event: QueueTaskDone) -> None:
    """An item was finished with."""
    life.last_deed = event
    if event.task == life.task:
        life.did("task_done", event.queue)


def queue_shut_down(life: Life, event: QueueShutDown) -> None:
    """A queue takes no more."""
    life.last_deed = event
    if event.task == life.task:
        life.did("shut_down", event.queue)


def primitive_changed(life: Life, event: PrimitiveChanged) -> None:
    """A lock, semaphore or event changed."""
    life.last_deed = event
    before = life.values.get(event.primitive)
    life.values[event.primitive] = event.value
    if event.task == life.task:
        is_more = bool(event.value) if before == event.value else event.value > (before or 0)
        life.did("changed", event.primitive, None if before is None else int(is_more))


def primitive_created(life: Life, event: PrimitiveCreated) -> None:
    """A primitive was made, with a value to compare others with."""
    life.values.setdefault(event.primitive, event.value)


def condition_notified(life: Life, event: ConditionNotified) -> None:
    """Waiters of a condition were woken."""
    life.last_deed = event
    if event.task == life.task:
        life.did("notified", event.primitive)


def timeout_started(life: Life, event: TimeoutStarted) -> None:
    """A deadline runs."""
    life.timeouts[event.timeout] = timeout = Timeout(event.task, event.at, event.deadline)
    if event.task == life.task:
        life.did("set_timeout", thing=timeout_text(timeout.length))


def timeout_rescheduled(life: Life, event: TimeoutRescheduled) -> None:
    """A deadline was moved."""
    timeout = life.timeouts.get(event.timeout)
    if timeout is not None:
        timeout.deadline = event.deadline
        if timeout.task == life.task:
            life.did("moved_timeout", thing="no deadline" if event.deadline is None else measured(event.deadline))


def timeout_met(life: Life, event: TimeoutMet) -> None:
    """A block ended in time, or late, while the timer had no chance to fire."""
    timeout = life.timeouts.pop(event.timeout, None)
    if timeout is None or timeout.task != life.task:
        return
    if event.late > 0:
        why = f" (the loop was {busy(event.late)})"
        life.did("missed_timeout", thing=f"{timeout_text(timeout.length)} by {measured(event.late)}{why}")
        return
    spare = "" if timeout.deadline is None else f" with {measured(max(0.0, timeout.deadline - event.at))} to spare"
    life.did("met_timeout", thing=f"{timeout_text(timeout.length)}{spare}")


def timeout_expired(life: Life, event: TimeoutExpired) -> None:
    """A deadline came first: for the task itself, or for one that may now ask it to end."""
    timeout = life.timeouts.pop(event.timeout, None)
    if timeout is None:
        return
    if timeout.task != life.task:
        if timeout.task is not None:
            life.just_expired[timeout.task] = timeout.length or 0.0
    elif life.phase == "running":
        life.did("timed_out", thing=timeout_text(timeout.length))
    elif life.turn is not None:
        life.turn.expired, life.turn.expired_at = timeout.length or 0.0, event.at


HANDLERS: Mapping[type[Event], Callable[[Life, Any], None]] = {
    QueuePut: queue_put,
    QueueGot: queue_got,
    QueueTaskDone: queue_task_done,
    QueueShutDown: queue_shut_down,
    PrimitiveCreated: primitive_created,
    PrimitiveChanged: primitive_changed,
    ConditionNotified: condition_notified,
    TimeoutStarted: timeout_started,
    TimeoutRescheduled: timeout_rescheduled,
    TimeoutMet: timeout_met,
    TimeoutExpired: timeout_expired,
}
