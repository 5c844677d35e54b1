"""Holds the state of the queues, primitives and timeouts of a lab."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, TypeAlias, TypeVar

from asynclab.model.events import BACKLOG, PrimitiveKind, Wait
from asynclab.model.tasks import Place
from asynclab.model.waits_in_vain import WaitInVain

TimeoutOutcome: TypeAlias = Literal["running", "expired", "met", "late"]
"""How a timeout ended: its timer fired ("expired"), or its block ended first ("met").

"late" is a block that ended after the deadline, but before the timer fired.
"""

KEPT = 200
"""How many queues, and how many primitives, are kept although they are unused."""

DEPTH_SAMPLES = 512
"""How many past sizes of a queue are kept."""

LOW_SECONDS = 0.06
"""The length of a span in lab seconds. The smallest size of a queue in each span is kept."""

LOWS_KEPT = 160
"""The number of latest spans for which the smallest size is kept. Spans without a change don't count."""

SOURCES_KEPT = 20
"""How many tasks are kept for each queue or primitive, in fields such as `sources`."""

LENT_KEPT = 100
"""A queue counts as a pool, whose items are taken and put back, only if at most this many items are out at once."""

CLIENTS_KEPT = 1_000
"""The most clients that are counted for one line of code."""

CLIENT_USES_KEPT = 200
"""The most pairs of a line of code and a host for which clients are counted."""


def label(kind: str, number: int) -> str:
    """The name of a queue or primitive in all views, such as "queue#1" or "lock#2"."""
    return f"{kind}#{number}"


@dataclass(slots=True)
class QueueState:
    """A queue: its items, and the tasks that wait for it."""

    id: int
    kind: str
    maxsize: int
    items: deque[str] = field(default_factory=deque)
    """The reprs of the oldest items, clean and short, in the order in which they were put; at most `ITEMS_SHOWN`."""
    size: int = 0
    unfinished: int = 0
    puts: int = 0
    gets: int = 0
    dones: int = 0
    peak: int = 0
    is_shut_down: bool = False
    getters: list[int] = field(default_factory=list)
    """The tasks that wait in get(), longest first."""
    putters: list[int] = field(default_factory=list)
    joiners: list[int] = field(default_factory=list)
    sources: dict[int | None, float] = field(default_factory=dict)
    """The first `SOURCES_KEPT` tasks that put items, and when each did so last; None stands for other code."""
    depth: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=DEPTH_SAMPLES))
    """The lab time and the size after each of the latest changes."""
    lows: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=LOWS_KEPT))
    """For each span of `LOW_SECONDS`: its start in lab time, the smallest size, and `gets` at its start."""
    filled_at: Place | None = None
    """The line of the first put that made it hold a multiple of `BACKLOG` items."""
    takers: dict[int | None, float] = field(default_factory=dict)
    """The first `SOURCES_KEPT` tasks that took items, and when each did so last; None stands for other code."""
    lent: dict[str, int | None] | None = field(default_factory=dict)
    """The items taken and not put back, each with the task that took it; None if the queue can't be a pool."""
    returned: int = 0
    """How many items were put back."""

    @property
    def label(self) -> str:
        """Its name, such as "queue#1"."""
        return label("queue", self.id)

    @property
    def is_full(self) -> bool:
        """Whether put() must wait."""
        return 0 < self.maxsize <= self.size

    @property
    def is_quiet(self) -> bool:
        """Whether it is unused: it is empty, and no task waits for it."""
        return not (self.size or self.getters or self.putters or self.joiners)


@dataclass(slots=True)
class ClientUse:
    """The HTTP clients with which one line of code connects to one host."""

    connections: dict[int, int] = field(default_factory=dict)
    """How many connections each client has opened, for the first `CLIENTS_KEPT` clients."""
    at: float = 0.0
    """When the latest connection was opened, in lab seconds."""
    version: int = field(default=0, compare=False)
    """The number of that event in the run, counted from 1."""


@dataclass(frozen=True, slots=True)
class LockHold:
    """A period in which a task held a lock while other tasks waited for it."""

    holder: int
    wait: Wait | None
    """What the holder had waited for last; None if unknown."""
    seconds: float
    """How long one of the other tasks waited in this period, in lab seconds."""
    waiters: tuple[int, ...]
    at: float
    """When it ended, in lab seconds."""
    version: int = field(compare=False)
    """The number of that event in the run, counted from 1."""


@dataclass(slots=True)
class PrimitiveState:
    """A lock, semaphore, event, condition or barrier."""

    id: int
    """Its number among primitives of all kinds."""
    kind: PrimitiveKind
    number: int
    """Its number among primitives of its kind."""
    value: int = 0
    holder: int | None = None
    takers: dict[int, int] = field(default_factory=dict)
    """For a semaphore: how many permits each task holds."""
    in_block: set[int] = field(default_factory=set)
    """The tasks that have acquired it with `async with`. Only they should release it."""
    gave_back: set[int] = field(default_factory=set)
    """For a semaphore: tasks that have released a permit that they held. The first `SOURCES_KEPT`."""
    extra: tuple[int, Place | None, bool] | None = None
    """For a semaphore: the first task that released a permit that it didn't hold, but had held or waited for before.

    With it the line, and whether the task was cancelled just before, while it waited for a permit.
    """
    is_passed_on: bool = False
    """For a semaphore: whether tasks release permits that other tasks acquired, so that its holders are unknown."""
    sole_taker: int | None = 0
    """For a semaphore: the only task that has acquired permits; 0 before the first, None after a second one."""
    held_since: float = 0.0
    """For a lock: when it was last acquired, in lab seconds."""
    longest_hold: LockHold | None = None
    """For a lock: the finished hold that made another task wait longest."""
    waiters: dict[int, None] = field(default_factory=dict)
    """The tasks that are known to wait for it, longest first."""
    given_up: dict[int, WaitInVain] = field(default_factory=dict)
    """For a lock or semaphore: tasks cancelled while they waited, since its latest change. The first `SOURCES_KEPT`."""
    gave_up: set[int] = field(default_factory=set)
    """For a lock: tasks cancelled while they waited that have not acquired it since. The first `SOURCES_KEPT`."""
    taken_at: deque[float] = field(default_factory=lambda: deque(maxlen=BACKLOG))
    """For a lock or semaphore: when it was acquired, in lab seconds; the latest times."""
    sources: dict[int | None, float] = field(default_factory=dict)
    """The first `SOURCES_KEPT` tasks that set the event, notified the condition or released a permit, and when last."""
    cleared: tuple[int | None, float] | None = None
    """For an event that was set and is cleared now: the task that cleared it, and when, in lab seconds."""
    robbed: dict[int, tuple[tuple[int, ...], Place | None]] = field(default_factory=dict)
    """For a lock: tasks whose lock was released by another task or a callback, each with that task and the line."""

    @property
    def label(self) -> str:
        """Its name, such as "lock#1"."""
        return label(self.kind, self.number)

    @property
    def holders(self) -> list[int]:
        """The tasks that hold the lock, or all permits of the semaphore; empty if a permit is left, or if unknown."""
        if self.kind == "lock":
            return [] if self.holder is None else [self.holder]
        return list(self.takers) if self.kind == "semaphore" and not self.value and not self.is_passed_on else []

    @property
    def is_never_set(self) -> bool:
        """Whether tasks wait for an event that nobody has set so far."""
        return self.kind == "event" and bool(self.waiters) and not self.sources

    @property
    def is_quiet(self) -> bool:
        """Whether it is unused: no task waits for it, the lock is free, the barrier is empty."""
        return not self.waiters and (self.kind not in ("lock", "barrier") or not self.value)


@dataclass(slots=True)
class TimeoutState:
    """A timeout around a block of a task's code."""

    id: int
    task: int | None
    started_at: float
    deadline: float | None
    """The lab time at which it expires; None for never."""
    outcome: TimeoutOutcome = "running"
    ended_at: float | None = None
    late: float = 0.0
    """If its block ended after the deadline, but before the timer fired: how long after, in lab seconds."""
    library: str = ""
    """The installed package that started it; empty for the user's own code and for Python's."""

    @property
    def length(self) -> float | None:
        """Seconds from its start to its deadline; None without a deadline."""
        return None if self.deadline is None else self.deadline - self.started_at

    def left(self, now: float) -> float | None:
        """Seconds left until the deadline, at lab time `now` or at its end; at least 0. None without a deadline."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - (now if self.ended_at is None else self.ended_at))


Resource = TypeVar("Resource", QueueState, PrimitiveState)


def make_room(resources: dict[int, Resource], room: int) -> tuple[list[Resource], int]:
    """Make room for another resource: if there are `room` already, drop the oldest unused ones.

    Returns the dropped ones, and the room for the next call; for the first call, the room is `KEPT`. If too many are in
    use, the room grows by a quarter. So a program with thousands of queues isn't searched for each new one.
    """
    if len(resources) < room:
        return [], room
    quiet = (resource for resource in resources.values() if resource.is_quiet)
    gone = list(islice(quiet, len(resources) + 1 - KEPT))
    for resource in gone:
        del resources[resource.id]
    left = len(resources)
    return gone, KEPT if left < KEPT else left + left // 4
