"""Finds circles of tasks that wait for each other, so that none of them can continue."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from asynclab.findings.rule import Certainty
from asynclab.model.resources import SOURCES_KEPT
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState

LONG = 1.0
"""Lab seconds after which it is unlikely that another task breaks a circle."""

FOLLOWED = 300
"""The most tasks in the graph while the program runs: building the graph must not take a whole frame."""

FOLLOWED_WHEN_IDLE = 20_000
"""The same limit if only timeouts can still happen, or the run has ended."""

_SINGLE = ("task", "wait_for", "shield", "wait", "as_completed")  # wait() may return when the first of them ends
_ALL = ("gather", "task_group")
AWAITING = (*_SINGLE, *_ALL)
"""The kinds of wait that end when other tasks end."""


@dataclass(slots=True)
class _Node:
    """A waiting task, and the known tasks that can wake it."""

    blockers: list[int]
    needed: int
    """How many blockers must be able to continue before this task can."""
    followers: list[int] = field(default_factory=list)
    """The tasks that this one blocks."""


class WaitGraph:
    """The waiting tasks, each with the tasks that it waits for: at locks, semaphores, full queues and awaits."""

    def __init__(self, state: LabState) -> None:
        """Add the tasks that may be part of a circle, and drop those that can continue."""
        self._state = state
        self._timed_since: dict[int | None, float] = {}
        """When the latest timeout around each task began."""
        for timeout in state.timeouts.values():
            if timeout.outcome == "running":
                begin = self._timed_since.get(timeout.task, timeout.started_at)
                self._timed_since[timeout.task] = max(begin, timeout.started_at)
        self._held_since: dict[int | None, float] = {}
        """When each task with a timeout took the first of the locks that it holds."""
        for lock in state.primitives.values() if self._timed_since else ():
            if lock.holder in self._timed_since:
                self._held_since[lock.holder] = min(self._held_since.get(lock.holder, lock.held_since), lock.held_since)
        self._is_starved = state.is_starved
        self._limit = FOLLOWED_WHEN_IDLE if self._is_starved or state.outcome is not None else FOLLOWED
        self._nodes: dict[int, _Node] = {}
        self._unsure: set[int] = set()
        """Tasks whose lock or queue may also be released or emptied by a task that isn't among their blockers."""
        self._timed: set[int] = set()
        """Tasks with a timeout around both their lock and their wait: it breaks the circle, but their work fails."""
        self._follow()
        self._drop_free()

    def circles(self) -> Iterator[tuple[list[TaskState], Certainty]]:
        """The tasks of each circle. If other tasks could break it, it is only likely, and only after a long wait."""
        settled: set[int] = set()
        for start in self._nodes:
            path: dict[int, None] = {}
            number = start
            while number not in settled and number not in path:
                path[number] = None
                number = self._next(number)
            if number in path:
                members = [self._state.tasks[member] for member in list(path)[list(path).index(number) :]]
                if self._is_reported(members):
                    is_stranded = all(self._state.is_stranded(member.id, member.since) for member in members)
                    is_sure = is_stranded or (self._unsure | self._timed).isdisjoint(path)
                    yield members, "proved" if is_sure else "likely"
            settled.update(path)

    def _is_reported(self, members: list[TaskState]) -> bool:
        """Whether to report a circle: no other task could break it, or it has lasted long.

        A single task that waits for a lock of its own isn't reported if another task may release the lock.
        """
        if self._unsure.isdisjoint(member.id for member in members):
            return True
        waits = [member.waits_for for member in members]
        is_own_lock = len(waits) == 1 and waits[0] is not None and waits[0].kind != "queue.put"
        return not is_own_lock and self._state.now - max(member.since for member in members) >= LONG

    def _next(self, number: int) -> int:
        """A task that blocks this one; the task itself only if no other does."""
        stuck = [blocker for blocker in self._nodes[number].blockers if blocker in self._nodes]
        return next((blocker for blocker in stuck if blocker != number), stuck[0])

    def _follow(self) -> None:
        """Add all tasks that the starting tasks wait for, directly or through others."""
        for start in self._starts():
            found = deque([start])
            while found and len(self._nodes) < self._limit:
                number = found.popleft()
                node = None if number in self._nodes else self._node(number)
                if node is not None:
                    self._nodes[number] = node
                    found.extend(node.blockers)
            if len(self._nodes) >= self._limit:
                return

    def _starts(self) -> Iterator[int]:
        """At least one task of each circle: holders of awaited primitives, and tasks that await an awaiting task."""
        state = self._state
        for primitive in state.primitives.values():
            if primitive.waiters:
                yield from primitive.holders
        for queue in state.queues.values():
            if queue.is_full:
                yield from queue.putters[:1]
        for number in state.awaiting if len(state.awaiting) <= self._limit else ():
            task = state.tasks.get(number)
            wait = None if task is None else task.waits_for
            if wait is not None and not state.awaiting.keys().isdisjoint(wait.tasks):
                yield number

    def _node(self, number: int) -> _Node | None:
        """The node of a task, with its blockers; None if the task can continue."""
        task = self._state.tasks.get(number)
        if task is None or task.state != "waiting" or task.cancel_requested or task.waits_for is None:
            return None
        wait = task.waits_for
        primitive = self._state.named_primitives.get((wait.kind, wait.number))
        holders = [] if primitive is None else primitive.holders
        has_timeout = wait.deadline is not None or number in self._timed_since
        # A timeout ends the wait. But if a task blocks itself and the loop is idle, nothing else happens before that.
        if has_timeout and (number not in holders or not self._is_starved):
            held, timed = self._held_since.get(number), self._timed_since.get(number)
            if wait.deadline is not None or held is None or timed is None or timed >= held:
                return None  # a timeout around the second wait alone may be there to break circles
            self._timed.add(number)
        if wait.kind == "queue.put":
            return self._putter(number, wait.number)
        if primitive is not None:
            alive = [holder for holder in holders if not self._has_ended(holder)]
            if not (self._is_starved or primitive.in_block.issuperset(holders)):
                self._unsure.add(number)  # others may release it
            return _Node(alive, 1) if alive else None
        if wait.kind in _SINGLE or wait.kind in _ALL:
            pending = [other for other in wait.tasks if not self._has_ended(other)]
            return _Node(pending, len(pending) if wait.kind in _ALL else 1) if pending else None
        return None

    def _putter(self, number: int, queue_number: int) -> _Node | None:
        """The node of a task that puts into a full queue. Its blockers are the tasks that took items from the queue."""
        queue = self._state.queues.get(queue_number)
        if queue is None or not queue.is_full or None in queue.takers or len(queue.takers) >= SOURCES_KEPT:
            return None
        takers = [taker for taker in queue.takers if taker is not None and not self._has_ended(taker)]
        if not self._is_starved:
            self._unsure.add(number)  # other tasks may begin to take items
        return _Node(takers, 1) if takers else None

    def _has_ended(self, number: int) -> bool:
        task = self._state.tasks.get(number)
        return task is None or task.has_ended

    def _drop_free(self) -> None:
        """Drop the tasks that can continue, then the tasks that can continue after these, and so on."""
        free: deque[int] = deque()
        for number, node in self._nodes.items():
            for blocker in node.blockers:
                if blocker in self._nodes:
                    self._nodes[blocker].followers.append(number)
                else:
                    node.needed -= 1
            if node.needed <= 0:
                free.append(number)
        while free:
            node = self._nodes.pop(free.popleft())
            for number in node.followers:
                follower = self._nodes.get(number)
                if follower is not None and follower.needed > 0:
                    follower.needed -= 1
                    if not follower.needed:
                        free.append(number)
