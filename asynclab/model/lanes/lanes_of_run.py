"""Holds the lanes of all tasks of a run, in bounded memory. A lane has a task's intervals and marks."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter

from asynclab.model.events import Event, Outcome, Wait
from asynclab.model.lanes.lane import MARK_KINDS, RUNNING, Interval, Lane, MarkKind, Reason

KEPT = 500_000
"""The most intervals and marks that are kept, or two per task if that is more. Then the oldest are dropped."""

DROPPED_AT_ONCE = 1_000
"""How many intervals and marks are dropped at once."""

STEPS_KEPT = 200_000
"""How many of the latest steps of all tasks are kept in the order in which they ran."""

NUMBER_OF: dict[MarkKind, int] = {kind: number for number, kind in enumerate(MARK_KINDS)}

_WAKING = tuple(NUMBER_OF[kind] for kind in ("put", "got", "task_done", "raised", "lowered", "changed"))
"""The kinds of marks for what may end another task's wait."""


class Timeline:
    """The lanes of a run. Folding an event adds each change of a task's state here; views and stories read it.

    So the intervals agree with the states of the tasks in `LabState`. If a task is dropped there, so is its lane.
    """

    def __init__(self) -> None:
        self.lanes: dict[int, Lane] = {}
        """By task number, in order of creation."""
        self.now = 0.0
        """Lab seconds at the end of the latest batch of events."""
        self.version = 0
        """How many events had been folded after that batch."""
        self.dropped = 0
        """How many intervals and marks have been dropped."""
        self._order = array("q")
        """The kept intervals and marks, oldest first: twice the task's number, and 1 more for a mark."""
        self._step_times = array("d")
        self._step_moments = array("q")
        self._step_tasks = array("q")
        """The times, moments and tasks of the latest steps."""

    def begin(self, task: int, kind: int, at: float, moment: int, reason: Reason = None) -> None:
        """Start another interval of a task, of kind `READY`, `RUNNING` or `WAITING`. The first creates the lane.

        `moment` is the number of the event that reports the change.
        """
        lane = self.lanes.get(task)
        if lane is None:
            lane = self.lanes[task] = Lane(task, at)
        lane.begin(kind, at, moment, reason)
        self._order.append(2 * task)
        if kind == RUNNING:
            self._step_times.append(at)
            self._step_moments.append(moment)
            self._step_tasks.append(task)

    def explain_waiting(self, task: int, wait: Wait) -> None:
        """Note what a task waits for, when its present wait was inspected."""
        lane = self.lanes.get(task)
        if lane is not None:
            lane.explain_waiting(wait)

    def mark(self, task: int, kind: MarkKind, at: float, moment: int, event: Event) -> None:
        """Add a mark to a task's lane."""
        lane = self.lanes.get(task)
        if lane is not None and lane.can_mark(kind):
            lane.mark(NUMBER_OF[kind], at, moment, event)
            self._order.append(2 * task + 1)

    def end(self, task: int, outcome: Outcome, at: float, moment: int, event: Event) -> None:
        """End a task's lane, and add a mark for the end."""
        self.mark(task, outcome, at, moment, event)
        lane = self.lanes.get(task)
        if lane is not None:
            lane.end(at, moment, outcome)

    def forget(self, task: int) -> None:
        """Drop a task's lane."""
        gone = self.lanes.pop(task, None)
        if gone is not None:
            self.dropped += gone.size

    def close_batch(self, now: float, version: int) -> None:
        """Note the lab time and the number of folded events. Drop the oldest intervals and marks if there are many."""
        self.now, self.version = now, version
        # Only the present interval of a lane is never dropped, so each call drops something.
        while len(self._order) > max(KEPT, 2 * len(self.lanes)):
            self._drop_oldest()

    def interval_at(self, task: int, at: float) -> Interval | None:
        """The interval of a task at lab time `at`. If several start then, the last one."""
        lane = self.lanes.get(task)
        index = None if lane is None else lane.index_at(at)
        return None if lane is None or index is None else lane.interval(index)

    def steps_between(self, begin: float, end: float, limit: int) -> tuple[list[int], int]:
        """The tasks that ran between two lab times, in the order of their steps, and the number of steps.

        About `limit` tasks are returned at most. A step that runs at `begin` counts; one that begins at `end` doesn't.
        """
        first, last = bisect_left(self._step_times, begin), bisect_left(self._step_times, end)
        tasks = list(self._step_tasks[first : min(last, first + limit)])
        under_way = self._step_tasks[first - 1] if first else None
        interval = None if under_way is None else self.interval_at(under_way, begin)
        if under_way is not None and interval is not None and interval.word == "running":
            return [under_way, *tasks], last - first + 1
        return tasks, last - first

    def steps_among(self, after: int, before: int) -> array[int]:
        """The tasks whose steps began between two moments, in the order of the steps."""
        moments = self._step_moments
        first = bisect_right(moments, after)
        return self._step_tasks[first : bisect_left(moments, before, first)]

    def runs_through(self, task: int | None, first: int, last: int) -> bool:
        """Whether one step of a task lasted from one moment to another."""
        lane = None if task is None else self.lanes.get(task)
        index = None if lane is None or lane.had_ended(last) else bisect_right(lane.moments, last) - 1
        if lane is None or index is None or index < 0:
            return False
        return lane.kinds[index] == RUNNING and lane.moments[index] <= first

    def deed_before(self, task: int, moment: int) -> Event | None:
        """The event of the last thing that a task did with a queue or primitive in its last step before a moment."""
        lane = self.lanes.get(task)
        step = None if lane is None else lane.last_step(moment)
        if lane is None or step is None:
            return None
        first, last = bisect_left(lane.mark_moments, lane.moments[step]), bisect_left(lane.mark_moments, moment)
        index = max(lane.mark_kinds.rfind(kind, first, last) for kind in _WAKING)
        return lane.mark_events[index] if index >= 0 else None

    def _drop_oldest(self) -> None:
        oldest = self._order[:DROPPED_AT_ONCE]
        del self._order[:DROPPED_AT_ONCE]
        for entry, count in Counter(oldest).items():
            task, kind = divmod(entry, 2)
            lane = self.lanes.get(task)
            if lane is None:
                continue
            gone = count
            if kind == 0:
                gone = lane.drop_intervals(count)
                self._order.extend([entry] * (count - gone))
            else:
                lane.drop_marks(count)
            self.dropped += gone
            if not lane.size:
                del self.lanes[task]
        for kept in (self._step_times, self._step_moments, self._step_tasks):
            del kept[:-STEPS_KEPT]
