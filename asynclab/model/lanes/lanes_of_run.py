"""The lanes of a run, in bounded memory, and the questions that views ask about them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter

from asynclab.model.events import Event, Outcome, Wait
from asynclab.model.lanes.lane import MARK_KINDS, RUNNING, Interval, Lane, MarkKind, Reason

KEPT = 500_000
"""How many intervals and marks are kept, or two for each task if that is more; the oldest are dropped."""

LET_GO = 1_000
"""How many of them are dropped at once."""

STEPS_KEPT = 200_000
"""How many of the latest steps are kept in the order in which they ran."""

NUMBER_OF: dict[MarkKind, int] = {kind: number for number, kind in enumerate(MARK_KINDS)}

_WAKING = tuple(NUMBER_OF[kind] for kind in ("put", "got", "task_done", "raised", "lowered", "changed"))
"""What a task does that may end another's wait."""


class Timeline:
    """A lane for each task. `model.fold` writes down here each change of a task's state; views and stories read it.

    So the intervals agree with the states that `LabState` gives the tasks, and a task's lane goes with the task.
    """

    def __init__(self) -> None:
        self.lanes: dict[int, Lane] = {}
        """By task, in the order of their birth."""
        self.now = 0.0
        """Lab seconds at the end of the latest batch of events."""
        self.version = 0
        """How many events have been folded, with that batch."""
        self.dropped = 0
        """How many intervals and marks were dropped."""
        self._order = array("q")
        """What is kept, oldest first: two times the task's number, and one more for a mark."""
        self._step_times = array("d")
        self._step_moments = array("q")
        self._step_tasks = array("q")
        """When each step of any task began, and whose it is."""

    def begin(self, task: int, kind: int, at: float, moment: int, reason: Reason = None) -> None:
        """Begin another interval of a task, of the kind `READY`, `RUNNING` or `WAITING`; the first one begins its lane.

        `moment` counts the events that have happened, with the one that reports it.
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
        """Note what a task waits for, once that has been seen."""
        lane = self.lanes.get(task)
        if lane is not None:
            lane.explain_waiting(wait)

    def mark(self, task: int, kind: MarkKind, at: float, moment: int, event: Event) -> None:
        """Mark that something happened to a task, or was done by it."""
        lane = self.lanes.get(task)
        if lane is not None and lane.can_mark(kind):
            lane.mark(NUMBER_OF[kind], at, moment, event)
            self._order.append(2 * task + 1)

    def end(self, task: int, outcome: Outcome, at: float, moment: int, event: Event) -> None:
        """End a task's lane, and mark the end."""
        self.mark(task, outcome, at, moment, event)
        lane = self.lanes.get(task)
        if lane is not None:
            lane.end(at, moment, outcome)

    def forget(self, task: int) -> None:
        """Drop everything about a task."""
        gone = self.lanes.pop(task, None)
        if gone is not None:
            self.dropped += gone.size

    def close_batch(self, now: float, version: int) -> None:
        """Note the lab time and how many events were folded; drop the oldest of too many intervals and marks."""
        self.now, self.version = now, version
        # A lane keeps at most one interval, the present one, so each call drops something.
        while len(self._order) > max(KEPT, 2 * len(self.lanes)):
            self._let_oldest_go()

    def interval_at(self, task: int, at: float) -> Interval | None:
        """The interval of a task in which a moment lies; where several begin at once, the last of them."""
        lane = self.lanes.get(task)
        index = None if lane is None else lane.index_at(at)
        return None if lane is None or index is None else lane.interval(index)

    def steps_between(self, begin: float, end: float, limit: int) -> tuple[list[int], int]:
        """The tasks whose steps lay in a time, in the order of the steps, and how many steps there were.

        The first `limit` are looked at. A step that had begun before `begin` counts; one that begins at `end` doesn't.
        """
        first, last = bisect_left(self._step_times, begin), bisect_left(self._step_times, end)
        tasks = list(self._step_tasks[first : min(last, first + limit)])
        under_way = self._step_tasks[first - 1] if first else None
        interval = None if under_way is None else self.interval_at(under_way, begin)
        if under_way is not None and interval is not None and interval.word == "running":
            return [under_way, *tasks], last - first + 1
        return tasks, last - first

    def steps_among(self, after: int, before: int) -> array[int]:
        """The tasks whose steps began between two moments, both counted in events, in the order of the steps."""
        moments = self._step_moments
        first = bisect_right(moments, after)
        return self._step_tasks[first : bisect_left(moments, before, first)]

    def runs_through(self, task: int | None, first: int, last: int) -> bool:
        """Whether one step of a task lasted from one moment to another, both counted in events."""
        lane = None if task is None else self.lanes.get(task)
        index = None if lane is None or lane.had_ended(last) else bisect_right(lane.moments, last) - 1
        if lane is None or index is None or index < 0:
            return False
        return lane.kinds[index] == RUNNING and lane.moments[index] <= first

    def deed_before(self, task: int, moment: int) -> Event | None:
        """The last thing that a task did to a queue or primitive before a moment, in its step at that moment."""
        lane = self.lanes.get(task)
        step = None if lane is None else lane.last_step(moment)
        if lane is None or step is None:
            return None
        first, last = bisect_left(lane.mark_moments, lane.moments[step]), bisect_left(lane.mark_moments, moment)
        index = max(lane.mark_kinds.rfind(kind, first, last) for kind in _WAKING)
        return lane.mark_events[index] if index >= 0 else None

    def _let_oldest_go(self) -> None:
        oldest = self._order[:LET_GO]
        del self._order[:LET_GO]
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
