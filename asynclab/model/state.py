"""Holds the present state of a lab, which is the sum of its events, in bounded memory.

A lab is one observed run of asyncio code. `asynclab.model.fold` changes the state, and views draw it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import get_args

from asynclab.model.activity import ALWAYS_TOLD, ActivityKind, ActivityLine
from asynclab.model.events import CallScheduled, Event, LoopBlocked, Outcome, Outside, StepTaken
from asynclab.model.incidents import (
    ALIKE_KEPT,
    INCIDENTS_KEPT,
    IgnoredCancel,
    Incident,
    IncidentKind,
    Likeness,
)
from asynclab.model.lanes import MarkKind, Timeline
from asynclab.model.resources import KEPT, ClientUse, PrimitiveState, QueueState, TimeoutState
from asynclab.model.task_tree import TaskRows
from asynclab.model.tasks import ENDED, Place, StateWord, TaskState
from asynclab.model.text import one_line
from asynclab.model.waits_in_vain import MOST_KEPT, LeftBehind, LostHandover, WaitInVain, WaitKey

LINES_KEPT = 5_000

LAG_SAMPLES = 120
"""The number of measurements of the loop's lag that are kept."""

LARGE_GROUP = 100
"""For a group of at least this many tasks, the number of ended tasks is cached."""

BLOCKS_KEPT = 100
"""The number of latest `Block`s that are kept."""

NAME_LIMIT = 80
"""The most characters of a task's name in any view."""


@dataclass(slots=True)
class ClockState:
    """How lab time runs now."""

    paused: bool = False
    speed: float = 1.0
    """Lab seconds per real second."""
    instant: bool = False
    """Whether idle time is skipped."""
    kept_real_time: bool = True
    """Whether lab time has been equal to real time since the start: never paused, scaled or skipped."""


@dataclass(frozen=True, slots=True)
class Block:
    """A period in which one step or another callback blocked the loop."""

    task: int | None
    """The task whose step it was; None for another callback."""
    begin: float
    end: float
    """In lab seconds, as is `begin`."""
    seconds: float
    """The length in real seconds."""
    report: LoopBlocked | None = None
    """The latest report, with the line of the blocking code; None if there was none."""
    kept_others: bool = False
    """Whether it is known to have delayed a task that doesn't wait for the blocking one."""
    event: int = 0
    """The number of the event that reported its end."""


@dataclass(slots=True)
class Dropped:
    """How many objects were dropped to bound memory, and how many events were lost."""

    tasks: int = 0
    lines: int = 0
    queues: int = 0
    primitives: int = 0
    timeouts: int = 0
    events: int = 0


@dataclass(slots=True)
class LabState:
    """The present state of a lab. Only `asynclab.model.fold` changes it."""

    version: int = 0
    """How many events have been folded. If it is unchanged, so is the state, but views may show a later time."""
    structure: int = 0
    """Changes when tasks are added, dropped or renamed."""
    name: str = ""
    epoch: float = 0.0
    """Seconds since 1970 at lab time 0."""
    started: bool = False
    outcome: Outcome | None = None
    """How the run ended; None while it runs and before."""
    ended_at: float = 0.0
    """When the run ended, in lab seconds."""
    detail: str = ""
    """The repr of the main task's result, or its exception in one line."""
    leaked: tuple[int, ...] = ()
    """The tasks that were pending when the main task ended."""
    now: float = 0.0
    """The time of the latest event, in lab seconds."""
    clock: ClockState = field(default_factory=ClockState)
    tasks: dict[int, TaskState] = field(default_factory=dict)
    """By number, in order of creation."""
    queues: dict[int, QueueState] = field(default_factory=dict)
    primitives: dict[int, PrimitiveState] = field(default_factory=dict)
    named_primitives: dict[tuple[str, int], PrimitiveState] = field(default_factory=dict)
    """The same primitives by kind and number, as in `Wait`."""
    timeouts: dict[int, TimeoutState] = field(default_factory=dict)
    calls: dict[int, CallScheduled] = field(default_factory=dict)
    """The pending callbacks of `call_later` and `call_at`, without sleeps and timeouts."""
    activity: deque[ActivityLine] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    """The latest lines of the activity log, oldest first."""
    lag: deque[float] = field(default_factory=lambda: deque(maxlen=LAG_SAMPLES))
    """The latest measurements of the loop's lag, in seconds."""
    blocked: LoopBlocked | None = None
    """The latest report of a step or callback that blocks the loop."""
    counts: dict[StateWord, int] = field(default_factory=lambda: dict.fromkeys(get_args(StateWord), 0))
    """How many tasks are in each state, including ended tasks that were dropped."""
    dropped: Dropped = field(default_factory=Dropped)
    ready_queue: dict[int, None] = field(default_factory=dict)
    """The ready tasks, in the order in which the loop will run them."""
    held: dict[int, None] = field(default_factory=dict)
    """The ready tasks that a paused lab holds, in the order in which they would run."""
    running_to: int | None = None
    """The task to whose next event a paused lab runs, step by step; None if it doesn't."""
    step_report: StepTaken | None = None
    """The result of the latest request to step; None before the first."""
    step_reports: int = 0
    is_cleaning_up: bool = False
    """Whether the run was asked to end and has not ended yet."""
    is_stalled: bool = False
    """Whether every task waits and nothing can wake them, as reported by RunStalled."""
    running: int | None = None
    outer_steps: list[int] = field(default_factory=list)
    """The tasks whose steps the running one interrupts, innermost last: eager tasks start in a step of their parent."""
    roots: set[int] = field(default_factory=set)
    """The roots of the task tree: tasks without a parent, or whose parent was dropped."""
    ended_tasks: deque[int] = field(default_factory=deque)
    """The ended tasks that are still kept, in the order in which they ended."""
    ended_timeouts: deque[int] = field(default_factory=deque)
    unfinished_lines: dict[tuple[int | None, str], str] = field(default_factory=dict)
    """Printed text without its newline so far, by task and stream."""
    queue_room: int = KEPT
    """How many queues are kept before unused ones are dropped: see `make_room`."""
    primitive_room: int = KEPT
    """The same for primitives."""
    blocks: tuple[Block, ...] = ()
    """The latest periods in which something blocked the loop, oldest first."""
    incidents: tuple[Incident, ...] = ()
    """Mistakes of the program that no other field of the state shows, oldest first."""
    alike_incidents: dict[Likeness, int] = field(default_factory=dict)
    """How many incidents are kept of each likeness."""
    outside: Outside | None = None
    """The latest report of an idle loop; None before the first."""
    outside_version: int = field(default=0, compare=False)
    """The number of that event. If it equals `version`, nothing has happened since."""
    dry_at: float = -1.0
    """When the loop was last found idle and nothing but timers could wake it, in lab seconds; -1 for never."""
    in_vain: deque[WaitInVain] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    """The latest waits that were given up although only a timeout could have ended them."""
    stranded: dict[int, float] = field(default_factory=dict)
    """The tasks that nothing could wake at the latest search, and the time of that search in lab seconds."""
    awaiting: dict[int, None] = field(default_factory=dict)
    """The tasks that are known to wait for other tasks."""
    lost_handovers: dict[WaitKey, LostHandover] = field(default_factory=dict)
    """Results that tasks never got because they were cancelled first. Kept until another task is woken the same way."""
    left_behind: dict[int, LeftBehind] = field(default_factory=dict)
    dropped_tasks: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By task that is in a wait(): the tasks in it that its code never uses again."""
    """Tasks that still run although their gather() has failed, or their waiter was cancelled."""
    ignored_cancels: dict[int, IgnoredCancel] = field(default_factory=dict)
    """Cancels that tasks have ignored, by the task's number."""
    client_uses: dict[tuple[str, Place, str], ClientUse] = field(default_factory=dict)
    """The HTTP clients in use, by library, line of code and host."""
    is_blocking: bool = False
    """Whether a step or callback blocks the loop now."""
    keeps_others: bool = False
    """Whether it delays a task that doesn't wait for the blocking one."""
    named_after: dict[str, int] = field(default_factory=dict)
    """How many unnamed tasks were named after each coroutine: see `shown_name`."""
    timeline: Timeline | None = field(default=None, compare=False, repr=False)
    """The timeline to which folding adds each change of a task's state; None if no timeline is needed."""
    _starved: tuple[int, bool] = field(default=(-1, False), compare=False, repr=False)
    """The version at which sleeping tasks were last searched, and whether there were none."""
    _rows: TaskRows | None = field(default=None, compare=False, repr=False)
    _rows_structure: int = field(default=-1, compare=False, repr=False)
    _counted: tuple[tuple[int, ...], tuple[int, int], int] = field(default=((), (0, 0), 0), compare=False, repr=False)
    """The cache of `ended_among`: the group, how many tasks had been created and had ended, and the result."""

    def task(self, number: int | None) -> TaskState | None:
        """The task with a number; None if it is unknown or None."""
        return None if number is None else self.tasks.get(number)

    def task_name(self, task: int | None) -> str:
        """A task's name, safe to show; "task 7" if it is unknown or has no name, "" for None."""
        if task is None:
            return ""
        known = self.tasks.get(task)
        return one_line(known.name, NAME_LIMIT) if known is not None and known.name else f"task {task}"

    def ended_among(self, group: tuple[int, ...]) -> int:
        """How many tasks of a group have ended, including those that were dropped.

        Views call this for each frame, so a large group is counted again only if a task was created or has ended since.
        """
        lives = len(self.tasks) + self.dropped.tasks, sum(self.counts[word] for word in ENDED)
        counted, lives_then, ended = self._counted
        if group is not counted or lives != lives_then:
            tasks = map(self.tasks.get, group)
            ended = sum(1 for task in tasks if task is None or task.ended_at is not None)
            if len(group) >= LARGE_GROUP:
                self._counted = (group, lives, ended)
        return ended

    def rows(self) -> TaskRows:
        """All tasks, each followed by its children."""
        if self._rows is None or self._rows_structure != self.structure:
            self._rows = TaskRows(self.tasks, self.roots)
            self._rows_structure = self.structure
        return self._rows

    def resources(self) -> Iterator[QueueState | PrimitiveState]:
        """All queues and primitives."""
        return chain(self.queues.values(), self.primitives.values())

    def block(self, block: Block) -> None:
        """Add a period in which the loop was blocked. If there are too many, the oldest is dropped."""
        self.blocks = (*self.blocks[1 - BLOCKS_KEPT :], block)

    def remember(
        self,
        event: Event,
        at: float,
        place: Place | None,
        others: tuple[int, ...] = (),
        kind: IncidentKind = "told",
        *,
        is_sure: bool = True,
    ) -> Incident:
        """Add an incident, unless there are too many already, or too many that are alike. Returns it in any case."""
        incident = Incident(event, self.version, at, place, others, kind, is_sure)
        likeness = incident.likeness
        alike = 0 if likeness is None else self.alike_incidents.get(likeness, 0)
        if len(self.incidents) < INCIDENTS_KEPT and alike < ALIKE_KEPT:
            self.incidents = (*self.incidents, incident)
            if likeness is not None:
                self.alike_incidents[likeness] = alike + 1
        return incident

    @property
    def is_idle(self) -> bool:
        """Whether the loop was found idle, and nothing has happened since."""
        return self.outside is not None and self.outside_version == self.version

    @property
    def is_at_rest(self) -> bool:
        """Whether it is proved that nothing but Ctrl-C can wake any task: no code, no timer, nothing from outside."""
        told = self.outside
        if self.is_stalled or told is None or not self.is_idle:
            return self.is_stalled
        return not (told.io or told.threads or told.processes or told.signals or told.timers)

    @property
    def is_stuck(self) -> bool:
        """Whether it is proved that nothing can wake any task, and that no task waits for Ctrl-C on purpose."""
        is_meant = self.outside is not None and self.outside.interrupt > 0 and not self.is_stalled
        return self.is_at_rest and not is_meant

    @property
    def is_starved(self) -> bool:
        """Whether it is proved that only timeouts can end the wait of any task, and no other code will run before."""
        told = self.outside
        if self.is_stuck or told is None or not self.is_idle:
            return self.is_stuck
        if told.io or told.threads or told.processes or told.signals or self.calls:
            return False
        if self._starved[0] != self.version:
            waits = (task.waits_for for task in self.tasks.values())
            self._starved = self.version, not any(wait is not None and wait.kind == "sleep" for wait in waits)
        return self._starved[1]

    def is_stranded(self, task: int, since: float) -> bool:
        """Whether it is proved that nothing could end a task's wait that began at `since`, although other tasks ran."""
        return self.stranded.get(task, -1.0) >= since

    def is_in_vain(self, task: int, since: float) -> bool:
        """Whether, at the latest check, only a timeout could end a task's wait that began at lab time `since`."""
        return since <= self.dry_at or self.is_stranded(task, since)

    def mark(self, task: int | None, kind: MarkKind, at: float, event: Event) -> None:
        """Add a mark to the task's row of the timeline, if there is a timeline."""
        if self.timeline is not None and task is not None:
            self.timeline.mark(task, kind, at, self.version, event)

    def tell(self, at: float, task: int | None, kind: ActivityKind, said: tuple[str, ...]) -> None:
        """Add a line to the activity log. For a library's internal task, only some kinds of lines are added."""
        if task is not None and kind not in ALWAYS_TOLD:
            subject = self.tasks.get(task)
            if subject is not None and subject.internal:
                return
        lines = self.activity
        number = lines[-1].number + 1 if lines else 0
        if len(lines) == LINES_KEPT:
            self.dropped.lines += 1
        lines.append(ActivityLine(number, at, task, kind, said))


NOTHING_YET = LabState()
"""The state before any event."""
