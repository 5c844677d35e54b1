"""The fold that makes lanes of events, in bounded memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from asynclab.model.events import Event, TaskReady, WakeCause
from asynclab.model.fold.life import DROPPED_AT_ONCE, ENDED_KEPT
from asynclab.model.timeline.handlers import HANDLERS
from asynclab.model.timeline.lane import MARK_KINDS, Interval, Lane, MarkKind, Reason

KEPT = 200_000
"""How many intervals and marks are kept together, or two for each task where that is more; the oldest go first."""

LET_GO = 1_000
"""How many of them go at once."""


class Wake(NamedTuple):
    """A task woke another."""

    at: float
    """Lab seconds."""
    waker: int
    woken: int
    cause: WakeCause


class Timeline:
    """A pure fold of a lab's events, as `LabState` is one: a lane for each task.

    The intervals agree with the states that `LabState` gives the tasks. A task's lane goes with the task: once so many
    others have ended since that `LabState` forgets it as well.
    """

    def __init__(self) -> None:
        self.lanes: dict[int, Lane] = {}
        """By task, in the order of their birth."""
        self.now = 0.0
        """Lab seconds at the latest event."""
        self.version = 0
        """Events folded so far."""
        self.dropped = 0
        """How many intervals and marks were let go."""
        self.speed = 1.0
        """Lab seconds per real second."""
        self.paused = False
        self.timeouts: dict[int, int] = {}
        """The tasks whose timeouts run, by timeout."""
        self._order = array("q")
        """What is kept, oldest first: twice the task's number, and one more for a mark."""
        self._ended: deque[int] = deque()
        self._step_times = array("d")
        self._step_tasks = array("q")
        """When each step of any task began, and whose it is."""

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
        # Each lane has one interval at most that may not go, as it lasts still: so something always goes.
        while len(self._order) > max(KEPT, 2 * len(self.lanes)):
            self._let_oldest_go()

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

    def begin(self, lane: Lane, kind: int, at: float, reason: Reason = None) -> None:
        """Let another interval of a task begin; for the handlers of events."""
        lane.begin(kind, at, reason)
        self._order.append(2 * lane.task)

    def begin_step(self, task: int, at: float) -> None:
        """Note that a step of a task begins; for the handlers of events."""
        self._step_times.append(at)
        self._step_tasks.append(task)

    def mark(self, task: int | None, kind: MarkKind, at: float, event: Event) -> None:
        """Note that something happened to a task; for the handlers of events."""
        lane = None if task is None else self.lanes.get(task)
        if lane is not None and lane.ended is None:
            lane.mark(MARK_KINDS.index(kind), at, event)
            self._order.append(2 * lane.task + 1)

    def has_ended(self, task: int) -> None:
        """Count a task that has ended, and forget those that ended long ago; for the handlers of events."""
        self._ended.append(task)
        if len(self._ended) > ENDED_KEPT:
            for _ in range(DROPPED_AT_ONCE):
                gone = self.lanes.pop(self._ended.popleft(), None)
                if gone is not None:
                    self.dropped += len(gone.begins) + len(gone.mark_times)

    def _let_oldest_go(self) -> None:
        oldest = self._order[:LET_GO]
        del self._order[:LET_GO]
        for entry, count in Counter(oldest).items():
            task, is_mark = divmod(entry, 2)
            lane = self.lanes.get(task)
            if lane is None:
                continue
            if is_mark:
                lane.drop_marks(count)
                self.dropped += count
            else:
                gone = lane.drop_intervals(count)
                self.dropped += gone
                self._order.extend([entry] * (count - gone))
            if not lane.begins and not lane.mark_times:
                del self.lanes[task]
        del self._step_times[: -KEPT // 2], self._step_tasks[: -KEPT // 2]

    def _runs_at(self, task: int, at: float) -> bool:
        interval = self.interval_at(task, at)
        return interval is not None and interval.word == "running"


def wake_of(lane: Lane, index: int) -> Wake | None:
    """Who made a task ready at the beginning of one of its intervals, where it was another task."""
    reason = lane.reasons[index]
    if not isinstance(reason, TaskReady) or reason.waker is None or reason.waker == lane.task:
        return None
    return Wake(lane.begins[index], reason.waker, lane.task, reason.cause)
