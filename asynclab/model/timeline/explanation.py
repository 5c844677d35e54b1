"""Describes an interval of a task's lane in words: what the task did, how long and why, and what ended it."""

from __future__ import annotations

from asynclab.model.events import Event, TaskCreated, TaskEnded, TaskReady, Wait
from asynclab.model.lanes.lane import Interval, Lane
from asynclab.model.lanes.lanes_of_run import Timeline
from asynclab.model.state import LabState
from asynclab.model.wording.deed import mark_text
from asynclab.model.wording.grammar import Forms, names_of
from asynclab.model.wording.quantities import duration, measured, period, plural
from asynclab.model.wording.wait import NOT_RECORDED, short_wait
from asynclab.model.wording.wake import ENDED_BY_TASKS, Wake, ends, plain_wake

DEEDS_TOLD = 4
"""The most marks of a step that are described."""

NAMES_TOLD = 3
"""The most tasks ahead of a ready task that are named."""

STEPS_LOOKED_AT = 1_000
"""The most steps that are searched for the tasks that ran ahead of a ready task."""


def explain_moment(timeline: Timeline, task: int, at: float, state: LabState) -> Forms:
    """What a task did in its interval at lab time `at`, or why there is no interval."""
    lane = timeline.lanes.get(task)
    if lane is None:
        return ("no history for this task",)
    if at < lane.born:
        return (f"created later, at {measured(lane.born)}",)
    if lane.ended is not None and at >= lane.ended:
        return (_ending(lane, lane.ended, state),)
    index = lane.index_at(at)
    return ("history no longer kept",) if index is None else explain(timeline, lane, index, at, state)


def explain(timeline: Timeline, lane: Lane, index: int, at: float, state: LabState) -> Forms:
    """What a task did in an interval, up to lab time `at` if the interval has not ended. The short form has no times.

    For example "ready for 0.3 ms behind consumer-2, woken by producer's put (1.000100 s to 1.000400 s)".
    """
    interval = lane.interval(index)
    end = at if interval.end is None else interval.end
    lasted = duration(end - interval.begin)
    if interval.word == "running":
        text = _running(lane, interval, end, lasted, state)
    elif interval.word == "ready":
        text = f"ready for {lasted}{_queued(timeline, lane, index, end, state)}"
    else:
        text = _waiting(timeline, lane, index, lasted, state)
    return f"{text} ({period(interval.begin, interval.end)})", text


def _ending(lane: Lane, ended: float, state: LabState) -> str:
    mark = None if lane.outcome is None else lane.last_mark(lane.outcome, ended, ended)
    told = lane.outcome if mark is None else mark_text(mark.event, state)
    return f"{told}, at {measured(ended)}"


def _running(lane: Lane, interval: Interval, end: float, lasted: str, state: LabState) -> str:
    verb = "running for" if interval.end is None else "ran for"
    marks = lane.marks_between(interval.begin, end, DEEDS_TOLD + 1)
    deeds = ", ".join(mark_text(mark.event, state) for mark in marks[:DEEDS_TOLD])
    more = ", …" if len(marks) > DEEDS_TOLD else ""
    return f"{verb} {lasted}: {deeds}{more}" if deeds else f"{verb} {lasted}"


def _waiting(timeline: Timeline, lane: Lane, index: int, lasted: str, state: LabState) -> str:
    interval = lane.interval(index)
    wait = interval.reason if isinstance(interval.reason, Wait) else None
    what = NOT_RECORDED if wait is None else short_wait(wait, state)[0]
    if interval.end is None:
        due = "" if wait is None or wait.deadline is None else f", due at {measured(wait.deadline)}"
        return f"waiting for {lasted}: {what}{due}"
    is_woken = index + 1 < len(lane.begins) and lane.reasons[index + 1] is not None
    ended = f", {_woken(timeline, lane, index + 1, state)}" if is_woken else ""
    return f"waited {lasted}: {what}{ended}"


def _queued(timeline: Timeline, lane: Lane, index: int, end: float, state: LabState) -> str:
    """The tasks that were ahead of a task in the ready queue, and what woke the task."""
    waker = _waker(lane, index)
    begin = lane.begins[index]
    tasks, count = timeline.steps_between(begin, end, STEPS_LOOKED_AT)
    others = list(dict.fromkeys(task for task in tasks if task != lane.task))
    if waker in others and len(others) > 1:
        others.remove(waker)  # the rest of the step that woke this task isn't ahead of it in the queue
    woken = _woken(timeline, lane, index, state)
    if not others:
        return f", {woken}"
    if count > STEPS_LOOKED_AT:
        return f" behind {names_of(others[:NAMES_TOLD], state)} and others, {plural(count, 'step')}, {woken}"
    return f" behind {names_of(others, state, NAMES_TOLD)}, {woken}"


def _waker(lane: Lane, index: int) -> int | None:
    """The task whose step created this one or made it ready."""
    reason = lane.reasons[index]
    if isinstance(reason, TaskCreated):
        return reason.parent
    return reason.waker if isinstance(reason, TaskReady) else None


def _woken(timeline: Timeline, lane: Lane, index: int, state: LabState) -> str:
    """What made a task ready at the start of an interval."""
    reason = lane.reasons[index]
    if isinstance(reason, TaskCreated):
        return plain_wake(Wake("created", reason.parent), state)
    if not isinstance(reason, TaskReady):
        return plain_wake(Wake(None), state)
    return plain_wake(_wake(timeline, lane, index, reason, state), state)


def _wake(timeline: Timeline, lane: Lane, index: int, ready: TaskReady, state: LabState) -> Wake:
    begin = lane.begins[index]
    since = lane.begins[index - 1] if index else begin
    before = lane.reasons[index - 1] if index else None
    wait = before if isinstance(before, Wait) else None
    return Wake(
        ready.cause,
        ready.waker,
        wait,
        timed_out=ready.cause == "timer" and lane.last_mark("expired", since, begin) is not None,
        deed=None if wait is None else _deed(timeline, ready.waker or 0, wait, lane.moments[index], state),
    )


def _deed(timeline: Timeline, waker: int, wait: Wait, moment: int, state: LabState) -> Event | None:
    """The event by which the waker woke the task; None if unknown."""
    if wait.kind not in ENDED_BY_TASKS:
        deed = timeline.deed_before(waker, moment)
        return deed if deed is not None and ends(deed, wait, state) else None
    lane = timeline.lanes.get(waker)
    if lane is None or lane.ended is None or lane.outcome is None or not lane.had_ended(moment):
        return None
    return TaskEnded(lane.ended, waker, lane.outcome)
