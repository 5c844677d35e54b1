"""Finds the tasks that can't go on, since all who could let them go on wait for one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from asynclab.findings.rule import Certainty
from asynclab.model.resources import SOURCES_KEPT
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState

LONG = 1.0
"""Lab seconds in which whoever might break a circle would have done so."""

FOLLOWED = 300
"""How many tasks are followed from one another while the run goes on, so that a look takes part of a frame."""

FOLLOWED_WHEN_IDLE = 20_000
"""The same when nothing but timeouts can happen any more, or the run is over."""

_SINGLE = ("task", "wait_for", "shield", "wait", "as_completed")  # wait() may return when the first of them ends
_ALL = ("gather", "task_group")
AWAITING = (*_SINGLE, *_ALL)
"""How a task waits for others."""


@dataclass(slots=True)
class _Node:
    """A task that waits, as far as it is known who can let it go on."""

    blockers: list[int]
    stuck: int
    """It can go on when as many of them can."""
    followers: list[int] = field(default_factory=list)
    """Whose blocker it is."""


class WaitGraph:
    """Who waits for whom among the tasks that wait for locks, permits and each other."""

    def __init__(self, state: LabState) -> None:
        """Follow everybody who may be part of a circle, and leave out those that can go on."""
        self._state = state
        self._timed_since: dict[int | None, float] = {}
        """When the latest timeout around each task began."""
        for timeout in state.timeouts.values():
            if timeout.outcome == "running":
                begin = self._timed_since.get(timeout.task, timeout.started_at)
                self._timed_since[timeout.task] = max(begin, timeout.started_at)
        self._held_since: dict[int | None, float] = {}
        """When each of these tasks took the first of the locks that it holds."""
        for lock in state.primitives.values() if self._timed_since else ():
            if lock.holder in self._timed_since:
                self._held_since[lock.holder] = min(self._held_since.get(lock.holder, lock.held_since), lock.held_since)
        self._is_starved = state.is_starved
        self._most = FOLLOWED_WHEN_IDLE if self._is_starved or state.outcome is not None else FOLLOWED
        self._nodes: dict[int, _Node] = {}
        self._unsure: set[int] = set()
        """Who waits for what others than those that are known may release, or take from."""
        self._timed: set[int] = set()
        """Who has a timeout around both its lock and its wait: it gives up, but meant to have both."""
        self._follow()
        self._drop_free()

    def circles(self) -> Iterator[tuple[list[TaskState], Certainty]]:
        """The tasks of each circle. One that others may break is likely where several tasks have waited for long."""
        settled: set[int] = set()
        for start in self._nodes:
            path: dict[int, None] = {}
            number = start
            while number not in settled and number not in path:
                path[number] = None
                number = self._next(number)
            if number in path:
                members = [self._state.tasks[member] for member in list(path)[list(path).index(number) :]]
                if self._is_told(members):
                    is_stranded = all(self._state.is_stranded(member.id, member.since) for member in members)
                    is_sure = is_stranded or (self._unsure | self._timed).isdisjoint(path)
                    yield members, "proved" if is_sure else "likely"
            settled.update(path)

    def _is_told(self, members: list[TaskState]) -> bool:
        """Whether a circle is sure, or has lasted for long; a task that waits for its own lock may be let go on."""
        if self._unsure.isdisjoint(member.id for member in members):
            return True
        waits = [member.waits_for for member in members]
        is_own_lock = len(waits) == 1 and waits[0] is not None and waits[0].kind != "queue.put"
        return not is_own_lock and self._state.now - max(member.since for member in members) >= LONG

    def _next(self, number: int) -> int:
        """One of those who keep a task waiting: another one, where there is one."""
        stuck = [blocker for blocker in self._nodes[number].blockers if blocker in self._nodes]
        return next((blocker for blocker in stuck if blocker != number), stuck[0])

    def _follow(self) -> None:
        """Enter all who wait, from those on who hold what others wait for; and those who wait only for each other."""
        for start in self._starts():
            found = deque([start])
            while found and len(self._nodes) < self._most:
                number = found.popleft()
                node = None if number in self._nodes else self._node(number)
                if node is not None:
                    self._nodes[number] = node
                    found.extend(node.blockers)
            if len(self._nodes) >= self._most:
                return

    def _starts(self) -> Iterator[int]:
        """One task of each circle, and others: who holds what is wanted, and who awaits a task that awaits another."""
        state = self._state
        for primitive in state.primitives.values():
            if primitive.waiters:
                yield from primitive.holders
        for queue in state.queues.values():
            if queue.is_full:
                yield from queue.putters[:1]
        for number in state.awaiting if len(state.awaiting) <= self._most else ():
            task = state.tasks.get(number)
            wait = None if task is None else task.waits_for
            if wait is not None and not state.awaiting.keys().isdisjoint(wait.tasks):
                yield number

    def _node(self, number: int) -> _Node | None:
        """Who keeps a task waiting; None where it may go on."""
        task = self._state.tasks.get(number)
        if task is None or task.state != "waiting" or task.cancel_requested or task.waits_for is None:
            return None
        wait = task.waits_for
        primitive = self._state.named_primitives.get((wait.kind, wait.number))
        holders = [] if primitive is None else primitive.holders
        has_timeout = wait.deadline is not None or number in self._timed_since
        # A timeout lets it go on; but where it waits for itself, nobody else can do anything before.
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
        """A task that waits to put into a full queue: each task that takes from it would let it go on."""
        queue = self._state.queues.get(queue_number)
        if queue is None or not queue.is_full or None in queue.takers or len(queue.takers) >= SOURCES_KEPT:
            return None
        takers = [taker for taker in queue.takers if taker is not None and not self._has_ended(taker)]
        if not self._is_starved:
            self._unsure.add(number)  # others may begin to take from it
        return _Node(takers, 1) if takers else None

    def _has_ended(self, number: int) -> bool:
        task = self._state.tasks.get(number)
        return task is None or task.has_ended

    def _drop_free(self) -> None:
        """Leave out those who can go on, and then those whom these let go on."""
        free: deque[int] = deque()
        for number, node in self._nodes.items():
            for blocker in node.blockers:
                if blocker in self._nodes:
                    self._nodes[blocker].followers.append(number)
                else:
                    node.stuck -= 1
            if node.stuck <= 0:
                free.append(number)
        while free:
            node = self._nodes.pop(free.popleft())
            for number in node.followers:
                follower = self._nodes.get(number)
                if follower is not None and follower.stuck > 0:
                    follower.stuck -= 1
                    if not follower.stuck:
                        free.append(number)
