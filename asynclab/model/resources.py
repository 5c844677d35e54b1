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
"""How a timeout ended: its timer fired, or its block ended first; "late" means that the block ended after the deadline,
before the timer fired."""

KEPT = 200
"""How many queues, and how many primitives, are kept though they are quiet."""

DEPTH_SAMPLES = 512
"""How many past sizes a queue remembers."""

LOW_SECONDS = 0.06
"""Lab seconds of a span; a queue remembers its smallest size in each span."""

LOWS_KEPT = 160
"""For how many such spans in which it changed."""

SOURCES_KEPT = 20
"""How many of the tasks that fill a queue, or wake the waiters of a primitive, it remembers."""

LENT_KEPT = 100
"""The most items that may be out of a queue for it to count as a pool."""

CLIENTS_KEPT = 1_000
"""The most clients that are counted for one line of code."""

CLIENT_USES_KEPT = 200
"""The most pairs of a line of code and a host for which clients are counted."""


def label(kind: str, number: int) -> str:
    """What a queue or primitive is called everywhere, such as "queue#1" or "lock#2"."""
    return f"{kind}#{number}"


@dataclass(slots=True)
class QueueState:
    """One queue: what is in it, and who waits for it."""

    id: int
    kind: str
    maxsize: int
    items: deque[str] = field(default_factory=deque)
    """The reprs of the oldest items, clean and short, in the order of putting; at most `ITEMS_SHOWN`."""
    size: int = 0
    unfinished: int = 0
    puts: int = 0
    gets: int = 0
    dones: int = 0
    peak: int = 0
    is_shut_down: bool = False
    getters: list[int] = field(default_factory=list)
    """The tasks that wait to get, longest first."""
    putters: list[int] = field(default_factory=list)
    joiners: list[int] = field(default_factory=list)
    sources: dict[int | None, float] = field(default_factory=dict)
    """The tasks that put items in, and when each did so last; None for other code. The first `SOURCES_KEPT`."""
    depth: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=DEPTH_SAMPLES))
    """(lab time, size) after each change."""
    lows: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=LOWS_KEPT))
    """(beginning in lab time, smallest size, gets at its beginning) of each span of `LOW_SECONDS`."""
    filled_at: Place | None = None
    """The line of the first put that made it hold a multiple of a hundred items."""
    takers: dict[int | None, float] = field(default_factory=dict)
    """The tasks that took items out, and when each did so last; None for other code. The first `SOURCES_KEPT`."""
    lent: dict[str, int | None] | None = field(default_factory=dict)
    """Items taken and not put back so far, and who took each; None if there are too many for a pool."""
    returned: int = 0
    """How often an item was put back."""

    @property
    def label(self) -> str:
        """Its name, such as "queue#1"."""
        return label("queue", self.id)

    @property
    def is_full(self) -> bool:
        """Whether put() has to wait."""
        return 0 < self.maxsize <= self.size

    @property
    def is_quiet(self) -> bool:
        """Whether it holds nothing and nobody waits for it."""
        return not (self.size or self.getters or self.putters or self.joiners)


@dataclass(slots=True)
class ClientUse:
    """The HTTP clients with which one line of code connects to one host."""

    connections: dict[int, int] = field(default_factory=dict)
    """How many connections each client has opened, of the first `CLIENTS_KEPT` clients."""
    at: float = 0.0
    """When the latest was opened, in lab seconds."""
    version: int = field(default=0, compare=False)
    """The number of that event in the run, counted from 1."""


@dataclass(frozen=True, slots=True)
class LockHold:
    """A time in which a task held a lock that others waited for."""

    holder: int
    wait: Wait | None
    """What the holder had waited for last; None if that is unknown."""
    seconds: float
    """For how long one of the others waited meanwhile."""
    waiters: tuple[int, ...]
    at: float
    """When it ended, in lab seconds."""
    version: int = field(compare=False)
    """The number of that event in the run, counted from 1."""


@dataclass(slots=True)
class PrimitiveState:
    """A lock, semaphore, event, condition or barrier."""

    id: int
    """Counts primitives of all kinds."""
    kind: PrimitiveKind
    number: int
    """Which one of its kind."""
    value: int = 0
    holder: int | None = None
    takers: dict[int, int] = field(default_factory=dict)
    """For a semaphore: how many permits each task has taken and not given back."""
    in_block: set[int] = field(default_factory=set)
    """The tasks that have taken it with `async with`: only they should release it."""
    gave_back: set[int] = field(default_factory=set)
    """For a semaphore: tasks that have given back a permit that they had. The first `SOURCES_KEPT`."""
    extra: tuple[int, Place | None, bool] | None = None
    """For a semaphore: the first task that released a permit without having one, though it had or wanted one before,

    the place, and whether it was cancelled just before as it waited for one."""
    is_passed_on: bool = False
    """For a semaphore: whether tasks release permits that other tasks took, so that its holders are unknown."""
    sole_taker: int | None = 0
    """For a semaphore: the only task that has taken permits; 0 before the first, None after a second one."""
    held_since: float = 0.0
    """For a lock: when it was taken last, in lab seconds."""
    longest_hold: LockHold | None = None
    """For a lock: the finished hold that made another task wait longest."""
    waiters: dict[int, None] = field(default_factory=dict)
    """The tasks that were seen to wait for it, longest first."""
    given_up: dict[int, WaitInVain] = field(default_factory=dict)
    """For a lock or semaphore: tasks cancelled while they waited, since it changed last. The first `SOURCES_KEPT`."""
    gave_up: set[int] = field(default_factory=set)
    """For a lock: tasks cancelled while they waited, that have not got it since. The first `SOURCES_KEPT`."""
    taken_at: deque[float] = field(default_factory=lambda: deque(maxlen=BACKLOG))
    """For a lock or semaphore: when it was taken, in lab seconds; the latest."""
    sources: dict[int | None, float] = field(default_factory=dict)
    """The tasks that set an event, notified a condition or released a permit, and when. The first `SOURCES_KEPT`."""
    cleared: tuple[int | None, float] | None = None
    """For an event that was set and cleared since: the last task that cleared it, and when."""
    robbed: dict[int, tuple[tuple[int, ...], Place | None]] = field(default_factory=dict)
    """For a lock: tasks whose hold another task or a callback released, which task and where, until they leave."""

    @property
    def label(self) -> str:
        """Its name, such as "lock#1"."""
        return label(self.kind, self.number)

    @property
    def holders(self) -> list[int]:
        """The tasks that keep others from a lock, or from a semaphore without permits; none if that isn't known."""
        if self.kind == "lock":
            return [] if self.holder is None else [self.holder]
        return list(self.takers) if self.kind == "semaphore" and not self.value and not self.is_passed_on else []

    @property
    def is_never_set(self) -> bool:
        """Whether tasks wait for an event that nobody has set so far."""
        return self.kind == "event" and bool(self.waiters) and not self.sources

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is known to depend on it: no task waits for it, no lock is held, no barrier has tasks."""
        return not self.waiters and (self.kind not in ("lock", "barrier") or not self.value)


@dataclass(slots=True)
class TimeoutState:
    """A deadline around a block of a task."""

    id: int
    task: int | None
    started_at: float
    deadline: float | None
    """Lab time at which it expires; None for never."""
    outcome: TimeoutOutcome = "running"
    ended_at: float | None = None
    late: float = 0.0
    """If the timer never fired: how long after the deadline the block ended."""
    library: str = ""
    """The installed package that armed it; empty for the user's own code, and for Python's."""

    @property
    def length(self) -> float | None:
        """Seconds from its start to its deadline; None without a deadline."""
        return None if self.deadline is None else self.deadline - self.started_at

    def left(self, now: float) -> float | None:
        """Seconds to spare at lab time `now` or at its end, never below 0; None without a deadline."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - (now if self.ended_at is None else self.ended_at))


Resource = TypeVar("Resource", QueueState, PrimitiveState)


def make_room(resources: dict[int, Resource], room: int) -> tuple[list[Resource], int]:
    """Before another resource comes, drop the oldest quiet ones if there are `room` of them, at first `KEPT`.

    Returns those that were dropped, and the room for the next call. If too many are in use it grows by a quarter at a
    time, so that a program with thousands of queues isn't searched at each new one.
    """
    if len(resources) < room:
        return [], room
    quiet = (resource for resource in resources.values() if resource.is_quiet)
    gone = list(islice(quiet, len(resources) + 1 - KEPT))
    for resource in gone:
        del resources[resource.id]
    left = len(resources)
    return gone, KEPT if left < KEPT else left + left // 4
