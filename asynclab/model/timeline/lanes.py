"""The lanes of a run and what adds to them, in bounded memory."""

from __future__ import annotations

from array import array
from collections import Counter, deque

from asynclab.model.events import Event
from asynclab.model.fold.life import DROPPED_AT_ONCE, ENDED_KEPT
from asynclab.model.timeline.lane import MARK_KINDS, Lane, MarkKind, Reason

KEPT = 200_000
"""How many intervals and marks are kept together, or two for each task where that is more; the oldest go first."""

LET_GO = 1_000
"""How many of them go at once."""


class Lanes:
    """A lane for each task, and what the handlers of events need to remember beside them."""

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

    def begin(self, lane: Lane, kind: int, at: float, reason: Reason = None) -> None:
        """Let another interval of a task begin."""
        lane.begin(kind, at, reason)
        self._order.append(2 * lane.task)

    def begin_step(self, task: int, at: float) -> None:
        """Note that a step of a task begins."""
        self._step_times.append(at)
        self._step_tasks.append(task)

    def mark(self, task: int | None, kind: MarkKind, at: float, event: Event) -> None:
        """Note that something happened to a task."""
        lane = None if task is None else self.lanes.get(task)
        if lane is not None and lane.ended is None:
            lane.mark(MARK_KINDS.index(kind), at, event)
            self._order.append(2 * lane.task + 1)

    def has_ended(self, task: int) -> None:
        """Count a task that has ended, and forget those that ended long ago."""
        self._ended.append(task)
        if len(self._ended) > ENDED_KEPT:
            for _ in range(DROPPED_AT_ONCE):
                gone = self.lanes.pop(self._ended.popleft(), None)
                if gone is not None:
                    self.dropped += len(gone.begins) + len(gone.mark_times)

    def make_room(self) -> None:
        """Let the oldest intervals and marks go while there are too many."""
        # Each lane has one interval at most that may not go, as it lasts still: so something always goes.
        while len(self._order) > max(KEPT, 2 * len(self.lanes)):
            self._let_oldest_go()

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
