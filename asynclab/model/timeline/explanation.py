"""What a moment of a task's life was about, in words: from when to when, why, and who ended it."""

from __future__ import annotations

from bisect import bisect_right

from asynclab.model.events import (
    ConditionNotified,
    Event,
    PrimitiveChanged,
    QueueGot,
    QueuePut,
    QueueTaskDone,
    TaskCreated,
    TaskReady,
    Wait,
)
from asynclab.model.lanes.lane import RUNNING, Interval, Lane, MarkKind
from asynclab.model.lanes.timeline import Timeline
from asynclab.model.state import LabState
from asynclab.model.timeline.wording import bounds, duration, tell
from asynclab.model.words import describe_wait, measured, plural

DEEDS_TOLD = 4
"""How many things that a task did in one step are told."""

NAMES_TOLD = 3
"""How many of the tasks are named that a ready task stood behind."""

STEPS_LOOKED_AT = 1_000
"""How many steps are looked at, to find those tasks."""

DEEDS: dict[str, tuple[MarkKind, str]] = {
    "queue.get": ("put", "put"),
    "queue.put": ("got", "get"),
    "queue.join": ("task_done", "task_done()"),
    "lock": ("lowered", "release"),
    "semaphore": ("raised", "release"),
    "event": ("raised", "set()"),
    "condition": ("changed", "notify()"),
    "barrier": ("raised", "arrival"),
}
"""What another task does to end a wait: the mark that it leaves, and what it is called."""

ENDS = frozenset({"task", "gather", "wait", "wait_for", "task_group"})
"""The waits that end with the end of another task."""


def explain(timeline: Timeline, task: int, at: float, state: LabState) -> str:
    """What a task was about at a lab time, in seconds.

    Args:
        timeline: The run.
        task: Whose life.
        at: Lab seconds.
        state: Has the names of the tasks and the labels of the primitives.

    Returns:
        Such as "ready for 0.3 ms behind consumer-2, woken by producer's put (1.000100 s to 1.000400 s)".
    """
    lane = timeline.lanes.get(task)
    if lane is None:
        return "nothing is kept of it"
    if at < lane.born:
        return f"created later, at {measured(lane.born)}"
    if lane.ended is not None and at >= lane.ended:
        return _ending(lane, lane.ended, state)
    index = lane.index_at(at)
    if index is None:
        return "no longer kept"
    interval = lane.interval(index)
    end = at if interval.end is None else interval.end
    lasted = duration(end - interval.begin)
    if interval.word == "running":
        text = _running(lane, interval, end, lasted, state)
    elif interval.word == "ready":
        text = f"ready for {lasted}{_queued(timeline, lane, index, end, state)}"
    else:
        text = _waiting(timeline, lane, index, lasted, state)
    return f"{text} ({bounds(interval.begin, interval.end)})"


def _ending(lane: Lane, ended: float, state: LabState) -> str:
    mark = None if lane.outcome is None else lane.last_mark(lane.outcome, ended, ended)
    told = lane.outcome if mark is None else tell(mark.event, state)
    return f"{told}, at {measured(ended)}"


def _running(lane: Lane, interval: Interval, end: float, lasted: str, state: LabState) -> str:
    verb = "running for" if interval.end is None else "ran for"
    marks = lane.marks_between(interval.begin, end, DEEDS_TOLD + 1)
    deeds = ", ".join(tell(mark.event, state) for mark in marks[:DEEDS_TOLD])
    more = ", …" if len(marks) > DEEDS_TOLD else ""
    return f"{verb} {lasted}: {deeds}{more}" if deeds else f"{verb} {lasted}"


def _waiting(timeline: Timeline, lane: Lane, index: int, lasted: str, state: LabState) -> str:
    interval = lane.interval(index)
    wait = interval.reason if isinstance(interval.reason, Wait) else None
    # A queue is full or not now, which says nothing of then.
    what = "can't tell for what" if wait is None else describe_wait(wait, state).removesuffix(" (full)")
    if interval.end is None:
        due = "" if wait is None or wait.deadline is None else f", due at {measured(wait.deadline)}"
        return f"waiting for {lasted}: {what}{due}"
    is_woken = index + 1 < len(lane.begins) and lane.reasons[index + 1] is not None
    ended = f", {_woken(timeline, lane, index + 1, state)}" if is_woken else ""
    return f"waited {lasted}: {what}{ended}"


def _queued(timeline: Timeline, lane: Lane, index: int, end: float, state: LabState) -> str:
    """Behind whom a task stood in the ready queue, and what had put it there."""
    waker = _waker(lane, index)
    begin = lane.begins[index]
    tasks, count = timeline.steps_between(begin, end, STEPS_LOOKED_AT)
    others = list(dict.fromkeys(task for task in tasks if task != lane.task))
    if waker in others and len(others) > 1:
        others.remove(waker)  # that its own step went on is not what the task stood behind
    woken = _woken(timeline, lane, index, state)
    if not others:
        return f", {woken}"
    names = ", ".join(state.task_name(task) for task in others[:NAMES_TOLD])
    more = len(others) - NAMES_TOLD
    if count > STEPS_LOOKED_AT:
        return f" behind {names} and others, {plural(count, 'step')}, {woken}"
    return f" behind {names}{f' and {more:,} more' if more > 0 else ''}, {woken}"


def _waker(lane: Lane, index: int) -> int | None:
    """The task in whose step it became ready, by being created or woken."""
    reason = lane.reasons[index]
    if isinstance(reason, TaskCreated):
        return reason.parent
    return reason.waker if isinstance(reason, TaskReady) else None


def _woken(timeline: Timeline, lane: Lane, index: int, state: LabState) -> str:
    """What made a task ready at the beginning of an interval."""
    reason = lane.reasons[index]
    if isinstance(reason, TaskCreated):
        return "just created" if reason.parent is None else f"just created by {state.task_name(reason.parent)}"
    if not isinstance(reason, TaskReady):
        return "having asked for another turn"
    name = state.task_name(reason.waker)
    match reason.cause:
        case "timer":
            since = lane.begins[index - 1] if index else lane.begins[index]
            is_timeout = lane.last_mark("expired", since, lane.begins[index]) is not None
            return "woken by its timeout" if is_timeout else "woken by its timer"
        case "cancel":
            return f"woken by {name}'s cancel()" if name else "woken by cancel()"
        case "task" if name:
            deed = _deed(timeline, lane, index, state)
            return f"woken by {name}'s {deed}" if deed else f"woken by {name}"
        case "created":
            return "just created"
        case _:
            return "woken from outside"


def _deed(timeline: Timeline, lane: Lane, index: int, state: LabState) -> str:
    """What the waker did in the step in which it woke the task; empty where that can't be told."""
    wait = lane.reasons[index - 1] if index else None
    waker = timeline.lanes.get(_waker(lane, index) or 0)
    if not isinstance(wait, Wait) or waker is None:
        return ""
    begin, end = _last_step(waker, lane.begins[index])
    if wait.kind in ENDS:
        return "end" if waker.ended is not None and waker.ended <= end else ""
    if wait.kind not in DEEDS:
        return ""
    kind, word = DEEDS[wait.kind]
    mark = waker.last_mark(kind, begin, end)
    return word if mark is not None and _is_about(mark.event, wait, state) else ""


def _last_step(lane: Lane, at: float) -> tuple[float, float]:
    """From when to when a task ran that ran at a moment or had run last before it."""
    before = bisect_right(lane.begins, at)
    index = lane.kinds.rfind(RUNNING, 0, before)
    if index < 0:
        return at, at
    interval = lane.interval(index)
    return interval.begin, at if interval.end is None else max(at, interval.end)


def _is_about(event: Event, wait: Wait, state: LabState) -> bool:
    match event:
        case QueuePut(queue=queue) | QueueGot(queue=queue) | QueueTaskDone(queue=queue):
            return wait.number == queue
        case PrimitiveChanged() | ConditionNotified():
            primitive = state.primitives.get(event.primitive)
            return primitive is not None and (primitive.kind, primitive.number) == (wait.kind, wait.number)
        case _:
            return False
