"""Defines the lane of a task: its intervals in the states running, ready and waiting, and marks for what happened."""

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
"""The kinds of an interval; 0 stands for none. If there is room for only one, the greatest is drawn."""

KIND_WORDS: tuple[Literal["", "waiting", "ready", "running"], ...] = ("", "waiting", "ready", "running")

Reason: TypeAlias = TaskCreated | TaskReady | Wait | None
"""Why a task is ready, by the event that made it ready (None: it yielded), or waits (None: not inspected)."""

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
"""The subject of a mark. "raised", "lowered" and "changed" are about the value of a primitive.

From "created" on, marks are not drawn. "created", "woke" and "asked" (cancel() was called) are about another task.
"moved" is about a timeout, "long_step" about a step that has blocked the loop, "complained" about a warning after the
task's end.
"""

MARK_KINDS: tuple[MarkKind, ...] = get_args(MarkKind)
"""The most important first: if there is room for only one mark, the first is drawn."""

DRAWN = MARK_KINDS.index("created")
"""How many of the kinds are drawn. The others only appear in stories."""


class Interval(NamedTuple):
    """A period in which a task did not change its state."""

    word: Literal["running", "ready", "waiting"]
    begin: float
    """Lab seconds."""
    end: float | None
    """Lab seconds; None while it lasts."""
    reason: Reason


class Mark(NamedTuple):
    """Something that a task did, or that happened to it."""

    at: float
    kind: MarkKind
    event: Event
    """The event that reports it. Its texts come from the program, and aren't clean."""
    moment: int
    """When it happened, counted in events."""


@dataclass(slots=True, eq=False)
class Lane:
    """The intervals and marks of one task, oldest first.

    Times are in lab seconds and never go back. A moment is the number of an event in the whole run. Moments put things
    that happen at the same time in order, in one lane or in several.
    """

    task: int
    born: float
    ended: float | None = None
    ended_moment: int | None = None
    outcome: Outcome | None = None
    begins: array[float] = field(default_factory=lambda: array("d"))
    """When each interval began, which is when the interval before it ended."""
    moments: array[int] = field(default_factory=lambda: array("q"))
    """The moment at which each interval began."""
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
    """Changes whenever something is added or dropped."""

    @property
    def kind(self) -> int:
        """The kind of the present interval; 0 after the task's end."""
        return self.kinds[-1] if self.ended is None and self.kinds else 0

    def had_ended(self, moment: int) -> bool:
        """Whether the task had ended before a moment."""
        return self.ended_moment is not None and self.ended_moment < moment

    def last_step(self, moment: int) -> int | None:
        """The index of the last step that began before a moment."""
        index = self.kinds.rfind(RUNNING, 0, bisect_left(self.moments, moment))
        return index if index >= 0 else None

    def last_suspended(self, moment: int) -> int:
        """The moment at which the last step before a moment ended; 0 if no such step is kept."""
        for index in range(bisect_left(self.moments, moment) - 1, 0, -1):
            if self.kinds[index - 1] == RUNNING:
                return self.moments[index]
        return 0

    def begin(self, kind: int, at: float, moment: int, reason: Reason) -> None:
        """Start another interval."""
        self.begins.append(at)
        self.moments.append(moment)
        self.kinds.append(kind)
        self.reasons.append(reason)
        self.revision += 1

    def can_mark(self, kind: MarkKind) -> bool:
        """Whether a mark of this kind is possible now. An ended task can only wake others, or cause a complaint."""
        return kind != "complained" if self.ended is None else kind in ("complained", "woke")

    def mark(self, kind: int, at: float, moment: int, event: Event) -> None:
        """Add a mark."""
        self.mark_times.append(at)
        self.mark_moments.append(moment)
        self.mark_kinds.append(kind)
        self.mark_events.append(event)
        self.revision += 1

    def explain_waiting(self, wait: Wait) -> None:
        """Note what the task waits for, when its present wait was inspected."""
        self.reasons[-1] = wait
        self.revision += 1

    def end(self, at: float, moment: int, outcome: Outcome) -> None:
        """End the lane. Its latest mark is about the task's end."""
        self.ended, self.ended_moment = at, moment
        self.outcome = outcome
        self.revision += 1

    def drop_intervals(self, count: int) -> int:
        """Drop up to `count` of the oldest intervals, but never the present one. Returns how many were dropped."""
        gone = min(count, len(self.begins) - (self.ended is None))
        if gone > 0:
            del self.begins[:gone], self.moments[:gone], self.kinds[:gone], self.reasons[:gone]
            self.intervals_gone += gone
            self.revision += 1
        return max(0, gone)

    def drop_marks(self, count: int) -> None:
        """Drop the oldest marks."""
        del self.mark_times[:count], self.mark_moments[:count], self.mark_kinds[:count], self.mark_events[:count]
        self.marks_gone += count
        self.revision += 1

    @property
    def size(self) -> int:
        """How many intervals and marks are kept."""
        return len(self.begins) + len(self.mark_times)

    def index_at(self, at: float) -> int | None:
        """The index of the interval at lab time `at`; None before the first kept one, and after the task's end."""
        if self.ended is not None and at >= self.ended:
            return None
        index = bisect_right(self.begins, at) - 1
        return index if index >= 0 else None

    def interval(self, index: int) -> Interval:
        """The interval with an index, from 0."""
        is_last = index + 1 == len(self.begins)
        end = self.ended if is_last else self.begins[index + 1]
        word = KIND_WORDS[self.kinds[index]]
        assert word, "an interval is of a kind"
        return Interval(word, self.begins[index], end, self.reasons[index])

    def woken_by(self, index: int) -> int | None:
        """The other task, if any, that made this one ready at the start of an interval."""
        reason = self.reasons[index]
        waker = reason.waker if isinstance(reason, TaskReady) else None
        return None if waker == self.task else waker

    def marks_between(self, begin: float, end: float, limit: int) -> list[Mark]:
        """The first `limit` drawn marks from one lab time to another, both included."""
        found = range(bisect_left(self.mark_times, begin), bisect_right(self.mark_times, end))
        drawn = (index for index in found if self.mark_kinds[index] < DRAWN)
        return [self.mark_at(index) for index in islice(drawn, limit)]

    def marks_until(self, moment: int, read: int) -> tuple[list[Mark], int]:
        """The marks up to a moment without the first `read`, and the new value of `read`. Dropped marks count too."""
        first = last = max(0, read - self.marks_gone)
        while last < len(self.mark_moments) and self.mark_moments[last] <= moment:  # there are only few
            last += 1
        return [self.mark_at(index) for index in range(first, last)], self.marks_gone + last

    def next_mark(self, read: int) -> float:
        """The moment of the mark after the first `read`; infinite if there is none. Dropped marks count too."""
        index = max(0, read - self.marks_gone)
        return self.mark_moments[index] if index < len(self.mark_moments) else math.inf

    def last_mark(self, kind: MarkKind, begin: float, end: float) -> Mark | None:
        """The last mark of a kind from one lab time to another, both included."""
        first, last = bisect_left(self.mark_times, begin), bisect_right(self.mark_times, end)
        index = self.mark_kinds.rfind(MARK_KINDS.index(kind), first, last)
        return self.mark_at(index) if index >= 0 else None

    def time_beside(self, at: float, by: int) -> float | None:
        """When the next change or drawn mark after a lab time comes; if `by` is negative, the last one before it."""
        drawn = [at for at, kind in zip(self.mark_times, self.mark_kinds, strict=True) if kind < DRAWN]
        times: list[Sequence[float]] = [self.begins, drawn, () if self.ended is None else (self.ended,)]
        if by > 0:
            after = ((known, bisect_right(known, at)) for known in times)
            return min((known[index] for known, index in after if index < len(known)), default=None)
        before = ((known, bisect_left(known, at)) for known in times)
        return max((known[index - 1] for known, index in before if index), default=None)

    def mark_at(self, index: int) -> Mark:
        """The mark with an index, from 0."""
        kind, moment = MARK_KINDS[self.mark_kinds[index]], self.mark_moments[index]
        return Mark(self.mark_times[index], kind, self.mark_events[index], moment)
