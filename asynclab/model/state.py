"""Holds the state of a lab now: everything its events say, in bounded memory."""

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
"""How many measurements of the loop's lag are kept."""

LARGE_GROUP = 100
"""For groups of at least this many tasks, the count of ended ones is remembered."""

BLOCKS_KEPT = 100
"""How many of the loop's latest blocks are kept."""

NAME_LIMIT = 80
"""The most characters of a task's name in any view."""


@dataclass(slots=True)
class ClockState:
    """How lab time runs."""

    paused: bool = False
    speed: float = 1.0
    """Lab seconds per real second."""
    instant: bool = False
    """Whether idle time is skipped."""
    kept_real_time: bool = True
    """Whether lab time has been real time ever since the start: never held, scaled or skipped."""


@dataclass(frozen=True, slots=True)
class Block:
    """A time in which one step, or another callback, kept the loop from running anything else."""

    task: int | None
    """The task whose step it was; None for a callback."""
    begin: float
    end: float
    """Both in lab seconds."""
    seconds: float
    """How long it took, in real seconds."""
    report: LoopBlocked | None = None
    """Says where the code was meanwhile; None if nobody looked."""
    kept_others: bool = False
    """Whether it was seen to delay a task that doesn't wait for it anyway."""
    event: int = 0
    """The number of the event that tells its end."""


@dataclass(slots=True)
class Dropped:
    """How much was dropped to keep memory bounded, and how many events never arrived."""

    tasks: int = 0
    lines: int = 0
    queues: int = 0
    primitives: int = 0
    timeouts: int = 0
    events: int = 0


@dataclass(slots=True)
class LabState:
    """Everything that a lab's events say, as `model.fold` adds it up; nothing else changes it."""

    version: int = 0
    """How many events have been folded. At an equal version only live countdowns look different."""
    structure: int = 0
    """Changes when tasks are added, dropped or renamed."""
    name: str = ""
    epoch: float = 0.0
    """Seconds since 1970 at lab time 0."""
    started: bool = False
    outcome: Outcome | None = None
    """How the run ended; None while it runs and before."""
    ended_at: float = 0.0
    """When it did, in lab seconds."""
    detail: str = ""
    """The repr of what main returned, or its exception in one line."""
    leaked: tuple[int, ...] = ()
    """Tasks that were pending when main ended."""
    now: float = 0.0
    """Lab seconds at the latest event."""
    clock: ClockState = field(default_factory=ClockState)
    tasks: dict[int, TaskState] = field(default_factory=dict)
    """By id, in order of creation."""
    queues: dict[int, QueueState] = field(default_factory=dict)
    primitives: dict[int, PrimitiveState] = field(default_factory=dict)
    named_primitives: dict[tuple[str, int], PrimitiveState] = field(default_factory=dict)
    """The same by kind and number, as a wait names them."""
    timeouts: dict[int, TimeoutState] = field(default_factory=dict)
    calls: dict[int, CallScheduled] = field(default_factory=dict)
    """The pending callbacks of `call_later` and `call_at`, apart from sleeps and timeouts."""
    activity: deque[ActivityLine] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    """The latest lines, oldest first."""
    lag: deque[float] = field(default_factory=lambda: deque(maxlen=LAG_SAMPLES))
    """The latest measurements of how late the loop was, in seconds."""
    blocked: LoopBlocked | None = None
    """The latest report of a step that kept the loop from running."""
    counts: dict[StateWord, int] = field(default_factory=lambda: dict.fromkeys(get_args(StateWord), 0))
    """How many tasks are in each state; those that were dropped still count as ended."""
    dropped: Dropped = field(default_factory=Dropped)
    ready_queue: dict[int, None] = field(default_factory=dict)
    """The tasks that are ready, in the order in which the loop will run them."""
    held: dict[int, None] = field(default_factory=dict)
    """The tasks that a paused lab keeps from running, in the order in which they would run."""
    running_to: int | None = None
    """The task to whose next event a paused lab is run, step by step; None if it isn't."""
    step_report: StepTaken | None = None
    """The outcome of the latest request to step; None before the first."""
    step_reports: int = 0
    is_cleaning_up: bool = False
    """Whether the run was asked to end and has not ended yet."""
    is_stalled: bool = False
    """Whether the run can't proceed by itself: every task waits, and nothing could wake one."""
    running: int | None = None
    outer_steps: list[int] = field(default_factory=list)
    """The tasks whose steps the running one interrupts, innermost last: an eager task starts within its parent's."""
    roots: set[int] = field(default_factory=set)
    """The roots of the tree: tasks without a parent, or whose parent was dropped."""
    ended_tasks: deque[int] = field(default_factory=deque)
    """Ended tasks that are still kept, in the order of their ends."""
    ended_timeouts: deque[int] = field(default_factory=deque)
    unfinished_lines: dict[tuple[int | None, str], str] = field(default_factory=dict)
    """Printed text that lacks its newline, by task and stream."""
    queue_room: int = KEPT
    """How many queues there may be before quiet ones are dropped."""
    primitive_room: int = KEPT
    """The same for primitives."""
    blocks: tuple[Block, ...] = ()
    """The latest times in which something blocked the loop, oldest first."""
    incidents: tuple[Incident, ...] = ()
    """Incidents: mistakes that leave no other trace here, oldest first."""
    alike_incidents: dict[Likeness, int] = field(default_factory=dict)
    """How many incidents are alike, by their key."""
    outside: Outside | None = None
    """What could wake the loop when it was last found idle; None before that."""
    outside_version: int = field(default=0, compare=False)
    """The number of that event; if it is the latest, nothing has happened since."""
    dry_at: float = -1.0
    """When the loop was last found idle with nothing outside that could wake it, in lab seconds."""
    in_vain: deque[WaitInVain] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    """Waits that were given up after the loop had been found like that."""
    stranded: dict[int, float] = field(default_factory=dict)
    """The tasks that nothing could wake when that was last looked at, and when that was, in lab seconds."""
    awaiting: dict[int, None] = field(default_factory=dict)
    """The tasks that were seen to wait for other tasks."""
    lost_handovers: dict[WaitKey, LostHandover] = field(default_factory=dict)
    """What was handed to tasks that never saw it, until another task is woken the same way."""
    left_behind: dict[int, LeftBehind] = field(default_factory=dict)
    """Tasks that still run though their gather() has failed."""
    ignored_cancels: dict[int, IgnoredCancel] = field(default_factory=dict)
    """Cancels that tasks have ignored, by the number of the task."""
    client_uses: dict[tuple[str, Place, str], ClientUse] = field(default_factory=dict)
    """By library, line of code and host."""
    is_blocking: bool = False
    """Whether a blocking step was reported and hasn't ended."""
    keeps_others: bool = False
    """Whether the blocking step delays a task that doesn't wait for it anyway."""
    named_after: dict[str, int] = field(default_factory=dict)
    """How many tasks without a name of their own were named after each coroutine."""
    timeline: Timeline | None = field(default=None, compare=False, repr=False)
    """The timeline that gets each change of a task's state; None if only the state is wanted."""
    _starved: tuple[int, bool] = field(default=(-1, False), compare=False, repr=False)
    """The event at which sleeping tasks were last searched for, and whether none was found."""
    _rows: TaskRows | None = field(default=None, compare=False, repr=False)
    _rows_structure: int = field(default=-1, compare=False, repr=False)
    _counted: tuple[tuple[int, ...], tuple[int, int], int] = field(default=((), (0, 0), 0), compare=False, repr=False)
    """The large group counted last, the tasks created and ended by then, and how many of the group had ended."""

    def task(self, number: int | None) -> TaskState | None:
        """A task; None for one that is unknown, and for None."""
        return None if number is None else self.tasks.get(number)

    def task_name(self, task: int | None) -> str:
        """A task's name, safe to show; "task 7" for one that is unknown, "" for None."""
        if task is None:
            return ""
        known = self.tasks.get(task)
        return one_line(known.name, NAME_LIMIT) if known is not None and known.name else f"task {task}"

    def ended_among(self, group: tuple[int, ...]) -> int:
        """How many tasks of a group have ended, those that were dropped included.

        It is asked for at each frame: a large group is counted again only when a task was born or has ended since.
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
        """Add a time in which the loop was blocked; of many, the oldest is dropped."""
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
        """Keep an incident, unless there are too many, or too many that are alike."""
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
        """Whether it is proved that nothing but ctrl+c can wake any task: no code, no timer, nothing from outside."""
        told = self.outside
        if self.is_stalled or told is None or not self.is_idle:
            return self.is_stalled
        return not (told.io or told.threads or told.processes or told.signals or told.timers)

    @property
    def is_stuck(self) -> bool:
        """Whether it is proved that nothing can wake any task, and that none can be meant to wait for ctrl+c."""
        is_meant = self.outside is not None and self.outside.interrupt > 0 and not self.is_stalled
        return self.is_at_rest and not is_meant

    @property
    def is_starved(self) -> bool:
        """Whether it is proved that nothing but timeouts can end any task's wait: no code will run before."""
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
        """Whether it is proved that nothing could end a wait that a task began at `since`, though other tasks ran."""
        return self.stranded.get(task, -1.0) >= since

    def is_in_vain(self, task: int, since: float) -> bool:
        """Whether nothing but a timeout could end a wait that a task began at `since`, when that was last looked at."""
        return since <= self.dry_at or self.is_stranded(task, since)

    def mark(self, task: int | None, kind: MarkKind, at: float, event: Event) -> None:
        """Mark on the timeline, if there is one, that something happened to a task or was done by it."""
        if self.timeline is not None and task is not None:
            self.timeline.mark(task, kind, at, self.version, event)

    def tell(self, at: float, task: int | None, kind: ActivityKind, said: tuple[str, ...]) -> None:
        """Add a line to the activity; of a library's own tasks only what matters."""
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
"""What views show before anything has happened."""
