"""What each kind of event adds to a timeline; the states that it gives a task are those of `model.fold.steps`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from asynclab.model.events import (
    ClockChanged,
    ConditionNotified,
    Event,
    LoopBlocked,
    Outcome,
    Output,
    PrimitiveChanged,
    QueueGot,
    QueuePut,
    QueueShutDown,
    QueueTaskDone,
    StepEnded,
    Stepped,
    StepStarted,
    TaskCancelRequested,
    TaskCollected,
    TaskCreated,
    TaskEnded,
    TaskReady,
    TaskWaiting,
    TimeoutExpired,
    TimeoutMet,
    TimeoutStarted,
    Warned,
)
from asynclab.model.timeline.lane import READY, RUNNING, WAITING, Lane, MarkKind
from asynclab.model.timeline.lanes import Lanes

Handler: TypeAlias = "Callable[[Lanes, Any, float], None]"
"""Takes the timeline, the event of its type, and the lab time, which is never before the timeline's."""

TIMEOUTS_KEPT = 10_000
"""How many timeouts whose end was never told are remembered."""


def task_created(timeline: Lanes, event: TaskCreated, at: float) -> None:
    """A lane begins, with a task that is ready to run for the first time."""
    if event.task not in timeline.lanes:
        lane = timeline.lanes[event.task] = Lane(event.task, at)
        timeline.begin(lane, READY, at, event)


def task_ready(timeline: Lanes, event: TaskReady, at: float) -> None:
    """The task stands in the ready queue; if its own step still runs, from the end of that."""
    lane = timeline.lanes.get(event.task)
    kind = 0 if lane is None else lane.kind
    if lane is None or not kind:
        return
    if kind == WAITING:
        timeline.begin(lane, READY, at, event)
    elif kind == RUNNING:
        lane.woken_in_step = event
    else:
        lane.explain_ready(event)


def step_started(timeline: Lanes, event: StepStarted | Stepped, at: float) -> None:
    """The task runs."""
    lane = timeline.lanes.get(event.task)
    if lane is not None and lane.kind in (READY, WAITING):
        timeline.begin(lane, RUNNING, at)
        timeline.begin_step(event.task, at)


def step_ended(timeline: Lanes, event: StepEnded | Stepped, at: float) -> None:
    """The task is ready again if it asked to be or was woken meanwhile, or ends; else it waits."""
    lane = timeline.lanes.get(event.task)
    if lane is None or lane.kind != RUNNING or event.ends:
        return
    woken = lane.woken_in_step
    lane.woken_in_step = None
    if event.ready or woken is not None:
        timeline.begin(lane, READY, at, woken)
    else:
        timeline.begin(lane, WAITING, at)


def stepped(timeline: Lanes, event: Stepped, at: float) -> None:
    """The task ran a whole step, which ended later than the event says."""
    step_started(timeline, event, at)
    if not timeline.paused:
        timeline.now = max(at, event.at + event.seconds * timeline.speed)
    step_ended(timeline, event, timeline.now)


def task_waiting(timeline: Lanes, event: TaskWaiting, at: float) -> None:
    """Note what a task waits for; a look that comes after it woke is stale."""
    lane = timeline.lanes.get(event.task)
    if lane is not None and lane.kind == WAITING:
        lane.explain_waiting(event.wait)


def task_ended(timeline: Lanes, event: TaskEnded, at: float) -> None:
    """The lane ends."""
    _end(timeline, event, event.outcome, at)


def task_collected(timeline: Lanes, event: TaskCollected, at: float) -> None:
    """A task that can never go on counts as failed."""
    _end(timeline, event, "failed", at)


def timeout_started(timeline: Lanes, event: TimeoutStarted, at: float) -> None:
    """Remember whose timeout it is: its end doesn't tell."""
    if event.task is None or event.timeout in timeline.timeouts:
        return
    timeline.timeouts[event.timeout] = event.task
    if len(timeline.timeouts) > TIMEOUTS_KEPT:
        del timeline.timeouts[next(iter(timeline.timeouts))]
    timeline.mark(event.task, "timeout", at, event)


def timeout_expired(timeline: Lanes, event: TimeoutExpired, at: float) -> None:
    """The deadline came first."""
    timeline.mark(timeline.timeouts.pop(event.timeout, None), "expired", at, event)


def timeout_met(timeline: Lanes, event: TimeoutMet, at: float) -> None:
    """The block ended first, in time or late."""
    timeline.mark(timeline.timeouts.pop(event.timeout, None), "late" if event.late > 0 else "met", at, event)


def clock_changed(timeline: Lanes, event: ClockChanged, at: float) -> None:
    """Whole steps take another length of lab time from here on."""
    timeline.paused = event.paused
    timeline.speed = event.speed


def _end(timeline: Lanes, event: TaskEnded | TaskCollected, outcome: Outcome, at: float) -> None:
    lane = timeline.lanes.get(event.task)
    if lane is not None and lane.ended is None:
        timeline.mark(event.task, outcome, at, event)
        lane.end(at, outcome)
        timeline.has_ended(event.task)


def _marking(kind: MarkKind) -> Handler:
    def mark(timeline: Lanes, event: Any, at: float) -> None:
        timeline.mark(event.task, kind, at, event)

    return mark


HANDLERS: Mapping[type[Event], Handler] = MappingProxyType(
    {
        TaskCreated: task_created,
        TaskReady: task_ready,
        StepStarted: step_started,
        StepEnded: step_ended,
        Stepped: stepped,
        TaskWaiting: task_waiting,
        TaskEnded: task_ended,
        TaskCollected: task_collected,
        TimeoutStarted: timeout_started,
        TimeoutExpired: timeout_expired,
        TimeoutMet: timeout_met,
        ClockChanged: clock_changed,
        QueuePut: _marking("put"),
        QueueGot: _marking("got"),
        QueueTaskDone: _marking("task_done"),
        QueueShutDown: _marking("changed"),
        PrimitiveChanged: _marking("changed"),
        ConditionNotified: _marking("changed"),
        TaskCancelRequested: _marking("cancel"),
        Output: _marking("printed"),
        Warned: _marking("warned"),
        LoopBlocked: _marking("blocked"),
    }
)
"""By the type of the event; the others leave no trace on a timeline."""
