"""Words for what tasks do and what happens to them, for lines of the activity log and marks on the timeline.

Most functions describe one type of event. They return its text and shorter forms of it, for `LabState.tell`. The event
must have been folded into the state already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from asynclab.model import events
from asynclab.model.frames import line_of_code
from asynclab.model.resources import label
from asynclab.model.state import ClockState, LabState
from asynclab.model.text import one_line
from asynclab.model.wording.grammar import Forms, label_of
from asynclab.model.wording.outcome import COLLECTED, ending
from asynclab.model.wording.quantities import length, measured, plural, speed_text

ITEM_LIMIT = 40


def put(event: events.QueuePut, state: LabState) -> Forms:
    """An item was put into a queue."""
    item = one_line(event.item, ITEM_LIMIT)
    text = f"put {item} → {label('queue', event.queue)}"
    return (f"{text}{_filled(event, state)}", text, f"put {item}")


def got(event: events.QueueGot, state: LabState) -> Forms:
    """An item was taken out of a queue."""
    item = one_line(event.item, ITEM_LIMIT)
    text = f"got {item} ← {label('queue', event.queue)}"
    return (f"{text}{_filled(event, state)}", text, f"got {item}")


def _filled(event: events.QueuePut | events.QueueGot, state: LabState) -> str:
    queue = state.queues.get(event.queue)
    return f" ({event.size:,}/{queue.maxsize:,})" if queue is not None and queue.maxsize > 0 else f" ({event.size:,})"


def task_done(event: events.QueueTaskDone, _: LabState) -> Forms:
    """An item was reported as done."""
    queue, count = label("queue", event.queue), f"{event.unfinished:,}"
    return (f"task_done on {queue}, {count} unfinished", f"done {queue}, {count} left", "task_done()")


def shut_down(event: events.QueueShutDown, _: LabState) -> Forms:
    """A queue was shut down."""
    return (f"shut down {label('queue', event.queue)}{' immediately' if event.immediate else ''}",)


CHANGES: dict[events.PrimitiveKind, tuple[str, str]] = {
    "lock": ("released", "took"),
    "semaphore": ("took", "released"),
    "event": ("cleared", "set"),
    "barrier": ("left", "reached"),
    "condition": ("changed", "changed"),
}
"""The verbs for a falling and for a rising value of each primitive."""


def changed(event: events.PrimitiveChanged, state: LabState, before: int | None = None) -> Forms:
    """A primitive's value changed. Without the value before, it is unknown whether a count rose or fell."""
    primitive, value = state.primitives.get(event.primitive), event.value
    if primitive is None:
        return ("changed a primitive",)
    fell, rose = CHANGES[primitive.kind]
    if primitive.kind in ("lock", "event"):
        before = 1 - bool(value)
    done = f"{'used' if before is None else rose if value > before else fell} {primitive.label}"
    match primitive.kind:
        case "semaphore":
            return (f"{done} ({value:,} left)",)
        case "barrier":
            return (f"{done} ({value:,} there)",)
        case _:
            return (done,)


def notified(event: events.ConditionNotified, state: LabState) -> Forms:
    """A condition's waiters were notified."""
    return (f"notified {plural(event.count, 'waiter')} of {label_of(event.primitive, state)}",)


def timeout_text(seconds: float | None, library: str = "") -> str:
    """A timeout with its length: "timeout of 2.00 s", "timeout without a deadline", "timeout of 5.00 s in aiohttp"."""
    text = "timeout without a deadline" if seconds is None else f"timeout of {length(seconds)}"
    return f"{text} in {one_line(library, ITEM_LIMIT)}" if library else text


def timeout_started(event: events.TimeoutStarted, _: LabState) -> Forms:
    """A timeout was started."""
    text = timeout_text(None if event.deadline is None else event.deadline - event.at, event.library)
    return (f"{text} started", text)


def timeout_moved(event: events.TimeoutRescheduled, _: LabState) -> Forms:
    """A timeout's deadline was moved."""
    if event.deadline is None:
        return ("timeout deadline removed",)
    return (f"timeout moved to {measured(event.deadline)}", f"timeout at {measured(event.deadline)}")


def timeout_expired(event: events.TimeoutExpired, state: LabState) -> Forms:
    """A timeout's deadline came before its block ended."""
    timeout, at = state.timeouts.get(event.timeout), event.at
    late = 0.0 if timeout is None or timeout.deadline is None else at - timeout.deadline
    after = f", {measured(late)} after its deadline" if late >= events.BLOCKED_AFTER else ""
    return (f"timeout expired at {measured(at)}{after}", f"timed out at {measured(at)}", "timed out")


def timeout_met(event: events.TimeoutMet, state: LabState) -> Forms:
    """A timeout's block ended in time, or after the deadline, but before the timer fired."""
    timeout, late = state.timeouts.get(event.timeout), event.late
    if late > 0:
        moment = "" if timeout is None or timeout.deadline is None else f" ({measured(timeout.deadline)})"
        why, by = busy(late), measured(late)
        return (f"timeout missed by {by}: the loop was {why} at its deadline{moment}", f"missed by {by}, loop {why}")
    spare = None if timeout is None else timeout.left(event.at)
    if spare is None:
        return ("timeout met",)
    return (f"timeout met with {measured(spare)} to spare", f"met, {measured(spare)} left")


def busy(late: float) -> str:
    """Why the loop ran a timer `late` seconds too late: it was "blocked", or only "busy"."""
    return "blocked" if late >= events.BLOCKED_AFTER else "busy"


def cancel_requested(event: events.TaskCancelRequested, state: LabState) -> Forms:
    """cancel() was called on a task."""
    if event.by is None:
        return ("cancel requested", "cancel()")
    by = "itself" if event.by == event.task else state.task_name(event.by)
    return (f"cancel requested by {by}", f"cancel() by {by}", "cancel()")


def created(task: int, state: LabState) -> Forms:
    """A task was created."""
    return (f"created {state.task_name(task)}",)


def woke(waited: float) -> Forms:
    """A wait ended after a number of seconds. The task is ready."""
    return (f"ready after {measured(waited)}", "ready")


def chosen(event: events.TaskChosen, state: LabState) -> Forms:
    """The user chose the task that runs next."""
    name = state.task_name(event.ahead_of)
    return (f"chosen to run next, ahead of {name}", f"chosen before {name}")


def blocks_loop(event: events.LoopBlocked) -> Forms:
    """A step or callback blocks the loop."""
    who, time, where = "a callback " if event.task is None else "", f"{event.seconds:.2f} s", _where(event)
    return (f"{who}blocks the loop: {time} so far {where}", f"{who}blocks: {time} {where}")


def _where(event: events.LoopBlocked) -> str:
    place = line_of_code(event.file, event.line)
    return f"{f'at {place} ' if place else ''}in {one_line(event.function, ITEM_LIMIT)}"


def latest_blocks(state: LabState) -> Forms:
    """What blocks the loop now, or else blocked it longest: "work blocked the loop for 1.000 s at a.py:3".

    An empty text if nothing did.
    """
    if state.is_blocking and state.blocked is not None:
        name = state.task_name(state.blocked.task)
        return tuple(f"{name} {form}".lstrip() for form in blocks_loop(state.blocked))
    if not state.blocks:
        return ("",)
    worst = max(state.blocks, key=attrgetter("seconds"))
    who = "a callback" if worst.task is None else state.task_name(worst.task)
    time, count = measured(worst.seconds), len(state.blocks)
    times = f", the longest of {count} times" if count > 1 else ""
    full, brief = f"{who} blocked the loop for {time}", f"{who} blocked for {time}"
    if worst.report is None:
        return (f"{full}{times}", full, brief)
    where, place = _where(worst.report), line_of_code(worst.report.file, worst.report.line)
    shorter = (f"{full} at {place}", f"{brief} at {place}") if place else (full,)
    return (f"{full} {where}{times}", f"{full} {where}", *shorter, brief)


def blocked_loop(seconds: float, callback: str = "") -> Forms:
    """A step, or the callback with a name, blocked the loop for a number of seconds."""
    who = f"callback {one_line(callback)} " if callback else ""
    return (f"{who}blocked the loop for {measured(seconds)}", f"{who}blocked for {measured(seconds)}")


def clock_changed(event: events.ClockChanged, before: ClockState, *, is_over: bool) -> str:
    """The changes of a clock; empty if nothing changed. After the end of main, the clock resumes for the clean-up."""
    changes = []
    if event.paused != before.paused:
        changes.append("paused" if event.paused else "resumed: main has ended" if is_over else "resumed")
    if event.speed != before.speed:
        changes.append(f"speed {speed_text(event.speed)}")
    if event.instant != before.instant:
        changes.append("skipping idle time" if event.instant else "no longer skipping idle time")
    return ", ".join(changes)


_OF_MARKS: Mapping[type[events.Event], Callable[[Any, LabState], Forms]] = MappingProxyType(
    {
        events.QueuePut: put,
        events.QueueGot: got,
        events.QueueTaskDone: task_done,
        events.QueueShutDown: shut_down,
        events.PrimitiveChanged: changed,
        events.ConditionNotified: notified,
        events.Output: lambda event, _: (f"printed “{one_line(event.text.strip(), ITEM_LIMIT)}”",),
        events.Warned: lambda event, _: (one_line(event.text, 2 * ITEM_LIMIT),),
        events.LoopBlocked: lambda event, _: (f"blocked the loop {_where(event)}",),
        events.TaskCancelRequested: cancel_requested,
        events.TaskEnded: lambda event, _: ending(event.outcome, one_line(event.detail, 2 * ITEM_LIMIT)),
        events.TaskCollected: lambda *_: (COLLECTED,),
        events.TimeoutStarted: timeout_started,
        events.TimeoutExpired: timeout_expired,
        events.TimeoutMet: timeout_met,
    }
)


def mark_text(event: events.Event, state: LabState) -> str:
    """The words for a mark on the timeline; empty for an event without a mark."""
    words = _OF_MARKS.get(type(event))
    return "" if words is None else words(event, state)[0]
