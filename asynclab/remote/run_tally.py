"""Collects statistics of a whole run for its report: the slowest steps, the longest waits and the longest blocks."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from msgspec import structs

from asynclab.model import events
from asynclab.model.state import LabState
from asynclab.model.tasks import Place, place_in

TOLD = 5
"""How many of the slowest steps, longest waits and longest blocks are reported; those of one kind count as one."""

KEPT = 1_000
"""How many kinds of each are kept. A kind is mostly a line of code, so there are seldom as many."""

SLOW_STEP = 0.01
"""Real seconds: a shorter step is never reported."""

LONG_WAIT = 0.1
"""Seconds: a shorter wait is never reported."""


@dataclass(frozen=True, slots=True)
class SlowStep:
    """A slow step."""

    seconds: float
    """Its duration in real time."""
    task: str
    """The name of the task."""
    seen_at: Place | None
    """A line at which the step was seen; None if it was too short to be seen."""
    began_at: Place | None
    """The await at which the step began; None for a first step, or if unknown."""
    is_first: bool
    """Whether it was the task's first step."""
    others: int = 0
    """The number of other slow steps of the same kind."""


@dataclass(frozen=True, slots=True)
class LongWait:
    """A long wait that has ended."""

    seconds: float
    task: str
    wait: events.Wait
    place: Place | None
    """The line of the wait; if it is unknown, the line that made the task."""
    others: int = 0
    """The number of other long waits of the same kind at that line."""


@dataclass(frozen=True, slots=True)
class BlockedTime:
    """A step or callback that blocked the loop."""

    seconds: float
    """Its duration in real seconds; while it still runs, up to the latest report."""
    task: str
    """The name of the task; empty for a callback."""
    place: Place | None
    function: str
    others: int = 0
    """The number of other blocks at that line."""


_Told = TypeVar("_Told", SlowStep, LongWait, BlockedTime)


@dataclass
class RunTally:
    """The statistics of one loop, collected from its events."""

    state: LabState
    """The loop's state. Each batch of events is folded into it before `take` gets the batch."""
    running: float = 0.0
    """The total time of all steps in real seconds."""
    ready: float = 0.0
    """Total seconds that ended tasks were ready but not running."""
    waiting: float = 0.0
    """Total seconds that ended tasks were suspended."""
    _steps: dict[Hashable, SlowStep] = field(default_factory=dict)
    _waits: dict[Hashable, LongWait] = field(default_factory=dict)
    _blocks: dict[Hashable, BlockedTime] = field(default_factory=dict)
    _waiting: dict[int, events.TaskWaiting] = field(default_factory=dict)
    """The current wait of each waiting task whose reason is known."""
    _awaits: dict[int, Place | None] = field(default_factory=dict)
    """The await at which each task's next step begins, None if unknown. It has no entry before a task's second step."""
    _blocking: BlockedTime | None = None
    """The latest report of a blocking step or callback that hasn't ended."""

    @property
    def slowest_steps(self) -> list[SlowStep]:
        """The slowest steps, slowest first."""
        return _longest(self._steps)

    @property
    def longest_waits(self) -> list[LongWait]:
        """The longest waits that have ended, longest first."""
        return _longest(self._waits)

    @property
    def blocks(self) -> list[BlockedTime]:
        """The longest blocks, longest first."""
        return _longest(self._blocks if self._blocking is None else {**self._blocks, None: self._blocking})

    def take(self, happened: Sequence[events.Event]) -> None:
        """Add a batch of events."""
        for event in happened:
            match event:
                case events.TaskWaiting():
                    self._waiting[event.task] = event
                    self._awaits[event.task] = (event.wait.file, event.wait.line) if event.wait.line else None
                case events.TaskReady():
                    self._end_wait(event)
                case events.Stepped() | events.StepEnded():
                    self._add_step(event)
                case events.LoopBlocked():
                    self._add_block(event)
                case events.LoopFreed():
                    self._end_block(event.seconds)
                case events.TaskEnded():
                    self._end_task(event.task)

    def _end_task(self, number: int) -> None:
        self._waiting.pop(number, None)
        self._awaits.pop(number, None)
        task = self.state.tasks.get(number)
        if task is not None:
            self.ready += task.ready_seconds
            self.waiting += task.waiting_seconds

    def _end_wait(self, event: events.TaskReady) -> None:
        waited = self._waiting.pop(event.task, None)
        if waited is not None and event.at - waited.at >= LONG_WAIT:
            name, task = self.state.task_name(event.task), self.state.tasks.get(event.task)
            place = place_in(waited.wait) or (None if task is None else place_in(task))
            wait = self._with_holder(waited.wait, waited.at, event.at)
            _keep(self._waits, (wait.kind, place), LongWait(event.at - waited.at, name, wait, place))

    def _with_holder(self, wait: events.Wait, begin: float, end: float) -> events.Wait:
        """A wait that has ended. A wait for a lock keeps its holder only if no other task held the lock meanwhile."""
        lock = self.state.named_primitives.get((wait.kind, wait.number)) if wait.kind == "lock" else None
        if lock is None or not any(begin < taken_at < end for taken_at in lock.taken_at):
            return wait
        return structs.replace(wait, tasks=())

    def _add_step(self, event: events.Stepped | events.StepEnded) -> None:
        self.running += event.seconds
        number = event.task
        if event.seconds >= SLOW_STEP:
            seen_at = None if self._blocking is None else self._blocking.place
            began_at, is_first = self._awaits.get(number), number not in self._awaits
            task = self.state.tasks.get(number)
            likeness = (None if task is None else task.coroutine, seen_at, began_at, is_first)
            name = self.state.task_name(number)
            _keep(self._steps, likeness, SlowStep(event.seconds, name, seen_at, began_at, is_first))
        self._awaits[number] = None  # until its next wait is reported
        self._end_block(event.seconds)

    def _add_block(self, event: events.LoopBlocked) -> None:
        place = (event.file, event.line) if event.line else None
        name = "" if event.task is None else self.state.task_name(event.task)
        self._blocking = BlockedTime(event.seconds, name, place, event.function)

    def _end_block(self, seconds: float) -> None:
        """Note that the step or callback reported as blocking has ended, after `seconds`."""
        if self._blocking is not None:
            ended = replace(self._blocking, seconds=seconds)
            _keep(self._blocks, (ended.place, ended.function), ended)
            self._blocking = None


def _keep(ranking: dict[Hashable, _Told], likeness: Hashable, entry: _Told) -> None:
    """Add an entry: of two entries of one kind, `likeness`, keep the longer, and count the other."""
    known = ranking.get(likeness)
    if known is not None:
        entry = replace(max(known, entry, key=_seconds), others=known.others + 1)
    elif len(ranking) >= KEPT:
        for shortest in heapq.nsmallest(KEPT // 2, ranking, key=lambda each: ranking[each].seconds):
            del ranking[shortest]
    ranking[likeness] = entry


def _longest(ranking: dict[Hashable, _Told]) -> list[_Told]:
    return heapq.nlargest(TOLD, ranking.values(), key=_seconds)


def _seconds(entry: SlowStep | LongWait | BlockedTime) -> float:
    return entry.seconds
