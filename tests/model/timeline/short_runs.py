"""Short runs of a few tasks, as a state and a timeline."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from asynclab.model import events
from asynclab.model.fold import fold
from asynclab.model.lanes import Interval, Timeline
from asynclab.model.state import LabState
from asynclab.model.timeline.explanation import explain_moment

MAIN, TEA, COFFEE = 1, 2, 3

Slice = tuple[str, float, float | None]
"""The word of an interval, its begin and its end."""


@dataclass
class Run:
    """The state and the timeline after some events."""

    timeline: Timeline = field(default_factory=Timeline)
    state: LabState = field(init=False)

    def __post_init__(self) -> None:
        self.state = LabState(timeline=self.timeline)

    def take(self, *happened: events.Event) -> None:
        fold(self.state, happened)

    def told(self, task: int, at: float) -> str:
        """The explanation of a task at a time."""
        return explain_moment(self.timeline, task, at, self.state)[0]


def run_of(*happened: events.Event) -> Run:
    run = Run()
    run.take(*happened)
    return run


def brewing(*further: events.Event) -> Run:
    """A run whose main task created tea and coffee in its first step, from 0.0 s to 0.1 s; further events follow."""
    return run_of(
        events.TaskCreated(0.0, MAIN, "main", "main"),
        events.StepStarted(0.0, MAIN),
        events.TaskCreated(0.0, TEA, "tea", "brew", MAIN),
        events.TaskCreated(0.0, COFFEE, "coffee", "brew", MAIN),
        events.StepEnded(0.1, MAIN, 0.1),
        *further,
    )


def step(
    task: int, begin: float, end: float, *deeds: events.Event, wait: events.Wait | None = None
) -> Iterable[events.Event]:
    """The events of a task's step: its own events, and its wait after it."""
    seen = () if wait is None else (events.TaskWaiting(end, task, wait),)
    return (events.StepStarted(begin, task), *deeds, events.StepEnded(end, task, end - begin), *seen)


def woken(at: float, task: int, cause: events.WakeCause, waker: int | None = None) -> events.Event:
    return events.TaskReady(at, task, cause, waker)


def intervals(timeline: Timeline, task: int) -> list[Interval]:
    """All intervals of a task, oldest first."""
    lane = timeline.lanes[task]
    return [lane.interval(index) for index in range(len(lane.begins))]


def slices(timeline: Timeline, task: int) -> list[Slice]:
    """The same without the reasons."""
    return [(interval.word, interval.begin, interval.end) for interval in intervals(timeline, task)]
