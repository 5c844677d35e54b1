"""Holds the state of one task, and chooses names for unnamed tasks."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import msgspec

from asynclab.model.events import Progressed, TaskReady, TaskStands, Wait, WaitKind, WakeCause

StateWord: TypeAlias = Literal["ready", "running", "waiting", "done", "failed", "cancelled"]
"""The states of a task, in the words of all views."""

Place: TypeAlias = tuple[str, int]
"""A file and the number of a line in it, from 1."""

ENDED: frozenset[StateWord] = frozenset({"done", "failed", "cancelled"})


class TaskState(msgspec.Struct):
    """A task, as described by the events so far. Times are in lab seconds, except where noted."""

    id: int
    name: str
    coroutine: str = ""
    parent: int | None = None
    file: str = ""
    line: int = 0
    internal: bool = False
    found: bool = False
    """Whether it was pending already when the observation of its loop began. What it did before is unknown."""
    state: StateWord = "ready"
    since: float = 0.0
    """When its present state began."""
    created_at: float = 0.0
    ended_at: float | None = None
    running_seconds: float = 0.0
    """Real seconds spent in its steps."""
    ready_seconds: float = 0.0
    """Lab seconds spent in the ready queue, up to `since`."""
    waiting_seconds: float = 0.0
    """Lab seconds spent suspended, up to `since`."""
    steps: int = 0
    waker: int | None = None
    """The task that last made it ready."""
    wake_cause: WakeCause = "created"
    waits_for: Wait | None = None
    """What it waits for now; None if it doesn't wait, or its wait was not inspected."""
    last_wait: Wait | None = None
    """The wait that ended when it last became ready; None if that wait was not inspected."""
    last_wait_began: float = 0.0
    """When its last wait began, whether inspected or not."""
    place: Place | None = None
    """The innermost line of the user's code at which it will resume. Known from an inspection until its next step.

    None while it runs, after it ended, if it was not inspected since its last step, or if the line is unknown.
    """
    stands: TaskStands | None = None
    """All its frames, if they were inspected; valid for as long as `place`, which may be None even so."""
    progress: Progressed | None = None
    """Its latest report of progress."""
    last_fraction: float | None = None
    """If its last wait was cut short: the part of it that had passed, from 0 to 1. None if it wasn't, or if unknown."""
    cancel_requested: bool = False
    cancel_requested_by: int | None = None
    """The latest task that cancelled it."""
    first_cancelled_by: int | None = None
    """The first task that cancelled it."""
    cancelled_in: tuple[Wait, float] | None = None
    """The latest wait that a cancel or a timeout cut short, and when that wait began."""
    cancelled_for: int | None = None
    """The cancelled task that waited for this one, so that its cancellation was passed on to this one."""
    cancelled_with: int | None = None
    """Another task whose cancel has also cancelled the future that this one waited for."""
    raised_of: int | None = None
    """Another, cancelled task whose CancelledError was raised in this one."""
    given_up: tuple[int, Place | None] | None = None
    """The latest task that waited for this one in shield() and was cancelled, and the line of that wait."""
    woken_in_step: TaskReady | None = None
    """The event that woke it while its own step still ran."""
    detail: str = ""
    """After its end: the repr of its result, or its exception in one line."""
    tree: tuple[str, ...] = ()
    """The exception's causes, and the members of a group, drawn as a tree of a few lines."""
    children: list[int] = msgspec.field(default_factory=list)

    @property
    def waited_for(self) -> WaitKind | None:
        """The kind of the wait that ended when it last became ready."""
        return None if self.last_wait is None else self.last_wait.kind

    @property
    def is_suspended(self) -> bool:
        """Whether it is between two steps, or before the first."""
        return self.state in ("ready", "waiting")

    @property
    def has_ended(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state in ENDED


class _Placed(Protocol):
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...


def place_in(placed: _Placed) -> Place | None:
    """The line of code of an event, a wait or a task's creation; None if unknown."""
    return (placed.file, placed.line) if placed.line else None


def place_of(task: TaskState | None) -> Place | None:
    """The line at which a task will resume; if that is unknown, the line that created the task."""
    return None if task is None else task.place or place_in(task)


_UNNAMED = "Task-"
"""asyncio's prefix for the numbers in default names."""

COROUTINES_COUNTED = 1_000
"""The most coroutine names for which tasks are counted. Tasks of further coroutines keep asyncio's names."""


def shown_name(name: str, coroutine: str, counts: dict[str, int]) -> str:
    """The name to show for a new task: its own, or for an unnamed task its coroutine's name and a number: "work-2".

    asyncio names an unnamed task "Task-12", where 12 counts all tasks of the process. In the app these include the
    app's own tasks, so a demo would have other names in each run. `counts` says how many tasks were named after each
    coroutine; the new task is added to it.
    """
    if not coroutine or not name.startswith(_UNNAMED) or not name[len(_UNNAMED) :].isdecimal():
        return name
    short = coroutine[coroutine.rfind(".") + 1 :]
    count = counts.get(short, 0) + 1
    if count == 1 and len(counts) >= COROUTINES_COUNTED:
        return name
    counts[short] = count
    return f"{short}-{count}"
