"""Adds up what a report needs of a whole run and no state keeps: the slowest steps, the longest waits, the blocks."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from asynclab.model.events import (
    Event,
    LoopBlocked,
    LoopFreed,
    StepEnded,
    Stepped,
    TaskEnded,
    TaskReady,
    TaskWaiting,
    Wait,
)
from asynclab.model.state import LabState
from asynclab.model.tasks import Place

KEPT = 5
"""How many of the slowest steps, of the longest waits and of the latest blocks are kept."""

SLOW_STEP = 0.01
"""Real seconds: a shorter step is never told."""

LONG_WAIT = 0.1
"""Seconds: a shorter wait is never told."""


@dataclass(frozen=True, slots=True)
class SlowStep:
    """A step that took long."""

    seconds: float
    """In real time."""
    task: str
    """The name of the task."""
    place: Place | None
    """The line that was seen to run, or else the one from which the step went on; None where nobody had looked."""


@dataclass(frozen=True, slots=True)
class LongWait:
    """A wait that took long, and is over."""

    seconds: float
    task: str
    wait: Wait


@dataclass(frozen=True, slots=True)
class Block:
    """A step or callback that kept the loop from running."""

    seconds: float
    """How long it had taken when it was last seen, in real seconds; its end may tell more."""
    task: str
    """The name of the task; empty for a callback."""
    place: Place | None
    function: str


_Ranked: TypeAlias = tuple[float, int, SlowStep | LongWait]


@dataclass
class RunTally:
    """What one loop's events add up to."""

    state: LabState
    """That of the loop; it has taken in each batch before `take` gets it."""
    blocks: list[Block] = field(default_factory=list)
    """The longest, longest first."""
    running: float = 0.0
    """Real seconds in which steps ran."""
    ready: float = 0.0
    """Seconds for which tasks that have ended were ready and did not run, all together."""
    waiting: float = 0.0
    """Seconds for which tasks that have ended were suspended, all together."""
    _steps: list[_Ranked] = field(default_factory=list)
    _waits: list[_Ranked] = field(default_factory=list)
    _waiting: dict[int, TaskWaiting] = field(default_factory=dict)
    """The latest wait of each task that was looked at and waits."""
    _lines: dict[int, Place] = field(default_factory=dict)
    """Where each task went on, or was seen to block."""
    _blocking: Block | None = None
    """What was told of a step or callback that has not ended yet."""
    _count: int = 0

    @property
    def slowest_steps(self) -> list[SlowStep]:
        """Those that took longest, the slowest first."""
        return [entry for _, _, entry in sorted(self._steps, reverse=True) if isinstance(entry, SlowStep)]

    @property
    def longest_waits(self) -> list[LongWait]:
        """Those that took longest and are over, the longest first."""
        return [entry for _, _, entry in sorted(self._waits, reverse=True) if isinstance(entry, LongWait)]

    def take(self, events: Sequence[Event]) -> None:
        """Add a batch."""
        for event in events:
            match event:
                case TaskWaiting():
                    self._waiting[event.task] = event
                    if event.wait.line:
                        self._lines[event.task] = event.wait.file, event.wait.line
                case TaskReady():
                    self._end_wait(event)
                case Stepped() | StepEnded():
                    self._add_step(event)
                case LoopBlocked():
                    self._add_block(event)
                case LoopFreed():
                    self._blocking = None
                case TaskEnded():
                    self._end_task(event.task)

    def _end_task(self, number: int) -> None:
        self._waiting.pop(number, None)
        self._lines.pop(number, None)
        task = self.state.tasks.get(number)
        if task is not None:
            self.ready += task.ready_seconds
            self.waiting += task.waiting_seconds

    def _end_wait(self, event: TaskReady) -> None:
        waited = self._waiting.pop(event.task, None)
        if waited is not None and event.at - waited.at >= LONG_WAIT:
            name = self.state.task_name(event.task)
            self._keep(self._waits, event.at - waited.at, LongWait(event.at - waited.at, name, waited.wait))

    def _add_step(self, event: Stepped | StepEnded) -> None:
        self.running += event.seconds
        if event.seconds >= SLOW_STEP:
            place = self._lines.get(event.task)
            self._keep(self._steps, event.seconds, SlowStep(event.seconds, self.state.task_name(event.task), place))
        self._blocking = None

    def _add_block(self, event: LoopBlocked) -> None:
        place = (event.file, event.line) if event.line else None
        name = "" if event.task is None else self.state.task_name(event.task)
        block = Block(event.seconds, name, place, event.function)
        others = [known for known in self.blocks if known is not self._blocking]  # the same is told again as it lasts
        self._blocking = block
        self.blocks = heapq.nlargest(KEPT, [*others, block], key=lambda block: block.seconds)
        if event.task is not None and place is not None:
            self._lines[event.task] = place

    def _keep(self, ranking: list[_Ranked], seconds: float, entry: SlowStep | LongWait) -> None:
        self._count += 1
        keep = heapq.heappush if len(ranking) < KEPT else heapq.heappushpop
        keep(ranking, (seconds, -self._count, entry))
