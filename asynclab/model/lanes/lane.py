"""One task's life: intervals one after the other, and marks for what happened in them."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, NamedTuple, TypeAlias, get_args

from asynclab.model.events import Event, Outcome, TaskCreated, TaskReady, Wait

WAITING, READY, RUNNING = 1, 2, 3
"""The kinds of an interval; 0 stands for none. Where there is room for one, the greatest is drawn."""

KIND_WORDS: tuple[Literal["", "waiting", "ready", "running"], ...] = ("", "waiting", "ready", "running")

Reason: TypeAlias = TaskCreated | TaskReady | Wait | None
"""Why a task is in its state: what made it ready (None: it yielded), or what it waits for (None: not seen)."""

MarkKind: TypeAlias = Literal[
    "failed",
    "cancelled",
    "done",
    "warned",
    "blocked",
    "expired",
    "late",
    "cancel",
    "put",
    "got",
    "printed",
    "raised",
    "lowered",
    "changed",
    "task_done",
    "timeout",
    "met",
    "created",
    "woke",
    "asked",
    "moved",
    "chosen",
    "long_step",
    "complained",
]
"""What a mark is about: the end of the task, a complaint, a step that blocks the loop, a timeout that expires, is
missed ("late"), started or met, a request to cancel it, what it does with queues and primitives ("raised" or "lowered"
their value, "changed"), prints. From "created" on they are not drawn: another task that the task created, woke or asked
to stop, a timeout that was moved, that it was chosen to run next, a step long enough to block the loop, a complaint
after its end."""

MARK_KINDS: tuple[MarkKind, ...] = get_args(MarkKind)
"""The most important first: if there is room for one mark, the first is drawn."""

DRAWN = MARK_KINDS.index("created")
"""How many kinds are drawn; the others appear only in stories."""


class Interval(NamedTuple):
    """A time in which a task did not change its state."""

    word: Literal["running", "ready", "waiting"]
    begin: float
    """Lab seconds."""
    end: float | None
    """Lab seconds; None while it lasts."""
    reason: Reason


class Mark(NamedTuple):
    """Something that happened to a task or was done by it."""

    at: float
    kind: MarkKind
    event: Event
    """The event that reports it; its texts come from the program."""
    moment: int
    """When it happened, counted in events."""


@dataclass(slots=True, eq=False)
class Lane:
    """One task's intervals and marks, oldest first.

    Times are lab seconds and never go back. Moments are counted in events of the whole run: they tell what came first
    where much happens at the same time, in one lane or in several.
    """

    task: int
    born: float
    ended: float | None = None
    ended_moment: int | None = None
    outcome: Outcome | None = None
    begins: array[float] = field(default_factory=lambda: array("d"))
    """When each interval began, which is when the one before it ended."""
    moments: array[int] = field(default_factory=lambda: array("q"))
    """The moment of each of these beginnings."""
    kinds: bytearray = field(default_factory=bytearray)
    reasons: list[Reason] = field(default_factory=list)
    mark_times: array[float] = field(default_factory=lambda: array("d"))
    mark_moments: array[int] = field(default_factory=lambda: array("q"))
    mark_kinds: bytearray = field(default_factory=bytearray)
    """Indexes into `MARK_KINDS`."""
    mark_events: list[Event] = field(default_factory=list)
    intervals_gone: int = 0
    marks_gone: int = 0
    revision: int = 0
    """Changes with everything that is added or dropped."""

    @property
    def kind(self) -> int:
        """The kind of the present interval; 0 once the task has ended."""
        return self.kinds[-1] if self.ended is None and self.kinds else 0

    def had_ended(self, moment: int) -> bool:
        """Whether the task had ended before a moment."""
        return self.ended_moment is not None and self.ended_moment < moment

    def last_step(self, moment: int) -> int | None:
        """The index of the last step that began before a moment."""
        index = self.kinds.rfind(RUNNING, 0, bisect_left(self.moments, moment))
        return index if index >= 0 else None

    def last_suspended(self, moment: int) -> int:
        """The moment at which the last step before another moment ended; 0 if none is kept."""
        for index in range(bisect_left(self.moments, moment) - 1, 0, -1):
            if self.kinds[index - 1] == RUNNING:
                return self.moments[index]
        return 0

    def begin(self, kind: int, at: float, moment: int, reason: Reason) -> None:
        """Begin another interval."""
        self.begins.append(at)
        self.moments.append(moment)
        self.kinds.append(kind)
        self.reasons.append(reason)
        self.revision += 1

    def can_mark(self, kind: MarkKind) -> bool:
        """Whether this can happen now: once ended, a task only wakes others, and only then is complained about."""
        return kind != "complained" if self.ended is None else kind in ("complained", "woke")

    def mark(self, kind: int, at: float, moment: int, event: Event) -> None:
        """Note something that happened."""
        self.mark_times.append(at)
        self.mark_moments.append(moment)
        self.mark_kinds.append(kind)
        self.mark_events.append(event)
        self.revision += 1

    def explain_waiting(self, wait: Wait) -> None:
        """Note what the task waits for, once that has been seen."""
        self.reasons[-1] = wait
        self.revision += 1

    def end(self, at: float, moment: int, outcome: Outcome) -> None:
        """End the lane; its latest mark says how the task ended."""
        self.ended, self.ended_moment = at, moment
        self.outcome = outcome
        self.revision += 1

    def drop_intervals(self, count: int) -> int:
        """Drop the oldest intervals, but never the present one. Returns how many were dropped."""
        gone = min(count, len(self.begins) - (self.ended is None))
        if gone > 0:
            del self.begins[:gone], self.moments[:gone], self.kinds[:gone], self.reasons[:gone]
            self.intervals_gone += gone
            self.revision += 1
        return max(0, gone)

    def drop_marks(self, count: int) -> None:
        del self.mark_times[:count], self.mark_moments[:count], self.mark_kinds[:count], self.mark_events[:count]
        self.marks_gone += count
        self.revision += 1

    @property
    def size(self) -> int:
        """How many intervals and marks are kept."""
        return len(self.begins) + len(self.mark_times)

    def index_at(self, at: float) -> int | None:
        """The index of the interval at a moment; None before the first that is kept, and from the task's end on."""
        if self.ended is not None and at >= self.ended:
            return None
        index = bisect_right(self.begins, at) - 1
        return index if index >= 0 else None

    def interval(self, index: int) -> Interval:
        """One of the intervals, from 0."""
        is_last = index + 1 == len(self.begins)
        end = self.ended if is_last else self.begins[index + 1]
        word = KIND_WORDS[self.kinds[index]]
        assert word, "an interval is of a kind"
        return Interval(word, self.begins[index], end, self.reasons[index])

    def woken_by(self, index: int) -> int | None:
        """The other task, if any, that made this one ready at the beginning of an interval."""
        reason = self.reasons[index]
        waker = reason.waker if isinstance(reason, TaskReady) else None
        return None if waker == self.task else waker

    def marks_between(self, begin: float, end: float, limit: int) -> list[Mark]:
        """The first marks that are drawn, from one time up to another, both included."""
        found = range(bisect_left(self.mark_times, begin), bisect_right(self.mark_times, end))
        drawn = (index for index in found if self.mark_kinds[index] < DRAWN)
        return [self.mark_at(index) for index in islice(drawn, limit)]

    def marks_until(self, moment: int, read: int) -> tuple[list[Mark], int]:
        """The marks up to a moment but for the first `read`, and how many there are with these. Dropped ones count."""
        first = last = max(0, read - self.marks_gone)
        while last < len(self.mark_moments) and self.mark_moments[last] <= moment:  # they are few
            last += 1
        return [self.mark_at(index) for index in range(first, last)], self.marks_gone + last

    def next_mark(self, read: int) -> float:
        """The moment of the first mark but for the first `read`, with dropped ones; infinite for none."""
        index = max(0, read - self.marks_gone)
        return self.mark_moments[index] if index < len(self.mark_moments) else math.inf

    def last_mark(self, kind: MarkKind, begin: float, end: float) -> Mark | None:
        """The last mark of a kind from one moment up to another, both included."""
        first, last = bisect_left(self.mark_times, begin), bisect_right(self.mark_times, end)
        index = self.mark_kinds.rfind(MARK_KINDS.index(kind), first, last)
        return self.mark_at(index) if index >= 0 else None

    def time_beside(self, at: float, by: int) -> float | None:
        """When something changes or happens next after a time, or with a negative `by` last before it."""
        drawn = [at for at, kind in zip(self.mark_times, self.mark_kinds, strict=True) if kind < DRAWN]
        times: list[Sequence[float]] = [self.begins, drawn, () if self.ended is None else (self.ended,)]
        if by > 0:
            after = ((known, bisect_right(known, at)) for known in times)
            return min((known[index] for known, index in after if index < len(known)), default=None)
        before = ((known, bisect_left(known, at)) for known in times)
        return max((known[index - 1] for known, index in before if index), default=None)

    def mark_at(self, index: int) -> Mark:
        """One of the marks, from 0."""
        kind, moment = MARK_KINDS[self.mark_kinds[index]], self.mark_moments[index]
        return Mark(self.mark_times[index], kind, self.mark_events[index], moment)
