"""The fold that makes lanes of events, and what can be asked of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from asynclab.model.events import Event, TaskReady, WakeCause
from asynclab.model.timeline.handlers import HANDLERS
from asynclab.model.timeline.lane import Interval, Lane
from asynclab.model.timeline.lanes import Lanes


class Wake(NamedTuple):
    """A task woke another."""

    at: float
    """Lab seconds."""
    waker: int
    woken: int
    cause: WakeCause


class Timeline(Lanes):
    """A pure fold of a lab's events, as `LabState` is one: a lane for each task.

    The intervals agree with the states that `LabState` gives the tasks. A task's lane goes with the task: once so many
    others have ended since that `LabState` forgets it as well.
    """

    def take(self, events: Sequence[Event]) -> None:
        """Take in events, in the order in which they happened."""
        handlers = HANDLERS
        for event in events:
            if event.at > self.now:
                self.now = event.at
            handler = handlers.get(type(event))
            if handler is not None:
                handler(self, event, self.now)
        self.version += len(events)
        self.make_room()

    def interval_at(self, task: int, at: float) -> Interval | None:
        """The interval of a task in which a moment lies; where several begin at once, the last of them."""
        lane = self.lanes.get(task)
        index = None if lane is None else lane.index_at(at)
        return None if lane is None or index is None else lane.interval(index)

    def next_event(self, task: int, at: float) -> float | None:
        """When the next thing happens to a task after a moment; None where nothing does."""
        lane = self.lanes.get(task)
        return None if lane is None else lane.next_time(at)

    def previous_event(self, task: int, at: float) -> float | None:
        """When the last thing happened to a task before a moment; None where nothing did."""
        lane = self.lanes.get(task)
        return None if lane is None else lane.previous_time(at)

    def steps_between(self, begin: float, end: float, limit: int) -> tuple[list[int], int]:
        """Whose steps lay in a time, in the order in which they began, and how many there were.

        Args:
            begin: Lab seconds; a step that began before and went on counts.
            end: Lab seconds; what began then doesn't count.
            limit: How many steps are looked at.
        """
        first, last = bisect_left(self._step_times, begin), bisect_left(self._step_times, end)
        tasks = list(self._step_tasks[first : min(last, first + limit)])
        under_way = self._step_tasks[first - 1] if first else None
        if under_way is not None and self._runs_at(under_way, begin):
            return [under_way, *tasks], last - first + 1
        return tasks, last - first

    def _runs_at(self, task: int, at: float) -> bool:
        interval = self.interval_at(task, at)
        return interval is not None and interval.word == "running"


def wake_of(lane: Lane, index: int) -> Wake | None:
    """Who made a task ready at the beginning of one of its intervals, where it was another task."""
    reason = lane.reasons[index]
    if not isinstance(reason, TaskReady) or reason.waker is None or reason.waker == lane.task:
        return None
    return Wake(lane.begins[index], reason.waker, lane.task, reason.cause)
