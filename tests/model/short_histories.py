"""Short histories of a lab, for tests to begin from."""

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
    """A lab after these events, and the timeline that was written on the way."""
    timeline = Timeline()
    state = LabState(timeline=timeline)
    fold(state, events)
    return state, timeline


def timeline_of(*events: Event) -> Timeline:
    return lab_with_timeline(*events)[1]


def tea_party(*events: Event) -> LabState:
    """A lab whose main has created two tasks at 0.0 s and now waits, after these further events."""
    return lab(
        TaskCreated(0.0, MAIN, "main", "main"),
        StepStarted(0.0, MAIN),
        TaskCreated(0.0, TEA, "tea", "brew", MAIN),
        TaskCreated(0.0, COFFEE, "coffee", "brew", MAIN),
        StepEnded(0.0, MAIN, 0.0),
        *events,
    )


def suspended(at: float, task: int, wait: Wait | None = None) -> list[Event]:
    """A step of no length at the end of which the task waits."""
    events: list[Event] = [StepStarted(at, task), StepEnded(at, task, 0.0)]
    return events if wait is None else [*events, TaskWaiting(at, task, wait)]


def told(state: LabState) -> list[str]:
    """What the activity says, as "subject: text"."""
    return [f"{state.task_name(line.task)}: {line.text}" for line in state.activity]


def kinds_of(state: LabState, task: int | None) -> list[ActivityKind]:
    """The kinds of the activity lines about one task, without its creation of others."""
    return [line.kind for line in state.activity if line.task == task and line.kind != "created"]


def told_of(state: LabState, task: int | None) -> list[str]:
    """What the activity says of one task, without its creation."""
    return [line.text for line in state.activity if line.task == task and line.kind != "created"]
