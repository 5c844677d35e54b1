"""Short histories of a lab from which tests begin."""

from asynclab.model.activity import ActivityKind
from asynclab.model.events import Event, StepEnded, StepStarted, TaskCreated, TaskWaiting, Wait
from asynclab.model.fold import fold
from asynclab.model.lanes import Timeline
from asynclab.model.state import LabState

MAIN, TEA, COFFEE = 1, 2, 3


def lab(*events: Event) -> LabState:
    state = LabState()
    fold(state, events)
    return state


def lab_with_timeline(*events: Event) -> tuple[LabState, Timeline]:
    """The state and the timeline of a lab after these events."""
    timeline = Timeline()
    state = LabState(timeline=timeline)
    fold(state, events)
    return state, timeline


def timeline_of(*events: Event) -> Timeline:
    return lab_with_timeline(*events)[1]


def tea_party(*events: Event) -> LabState:
    """A lab whose main task has created two tasks at 0.0 s and now waits; further events follow."""
    return lab(
        TaskCreated(0.0, MAIN, "main", "main"),
        StepStarted(0.0, MAIN),
        TaskCreated(0.0, TEA, "tea", "brew", MAIN),
        TaskCreated(0.0, COFFEE, "coffee", "brew", MAIN),
        StepEnded(0.0, MAIN, 0.0),
        *events,
    )


def suspended(at: float, task: int, wait: Wait | None = None) -> list[Event]:
    """The events of a step without duration, after which the task waits."""
    events: list[Event] = [StepStarted(at, task), StepEnded(at, task, 0.0)]
    return events if wait is None else [*events, TaskWaiting(at, task, wait)]


def told(state: LabState) -> list[str]:
    """The lines of the activity log, as "subject: text"."""
    return [f"{state.task_name(line.task)}: {line.text}" for line in state.activity]


def kinds_of(state: LabState, task: int | None) -> list[ActivityKind]:
    """The kinds of the log's lines about one task, without lines about its creation of tasks."""
    return [line.kind for line in state.activity if line.task == task and line.kind != "created"]


def told_of(state: LabState, task: int | None) -> list[str]:
    """The texts of the log's lines about one task, without lines about its creation of tasks."""
    return [line.text for line in state.activity if line.task == task and line.kind != "created"]
