"""Holds the state of one task, and names unnamed tasks."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import msgspec

from asynclab.model.events import Progressed, TaskReady, TaskStands, Wait, WaitKind, WakeCause

StateWord: TypeAlias = Literal["ready", "running", "waiting", "done", "failed", "cancelled"]
"""The states of a task, in the words that every view uses."""

Place: TypeAlias = tuple[str, int]
"""A file and the number of a line in it, from 1."""

ENDED: frozenset[StateWord] = frozenset({"done", "failed", "cancelled"})


class TaskState(msgspec.Struct):
    """A task as the events so far describe it. Times are lab seconds unless they say otherwise."""

    id: int
    name: str
    coroutine: str = ""
    parent: int | None = None
    file: str = ""
    line: int = 0
    internal: bool = False
    found: bool = False
    """Whether it was pending already when its loop began to be observed: what came before is unknown."""
    state: StateWord = "ready"
    since: float = 0.0
    """When the present state began."""
    created_at: float = 0.0
    ended_at: float | None = None
    running_seconds: float = 0.0
    """Real seconds spent in its steps."""
    ready_seconds: float = 0.0
    """Spent in the ready queue, up to `since`."""
    waiting_seconds: float = 0.0
    """Spent suspended, up to `since`."""
    steps: int = 0
    waker: int | None = None
    """The task that last made it ready."""
    wake_cause: WakeCause = "created"
    waits_for: Wait | None = None
    """Known while it waits and was looked at since it began to; None otherwise."""
    last_wait: Wait | None = None
    """What it had waited for when it last became ready; None if that was not recorded."""
    last_wait_began: float = 0.0
    """When it had begun to wait for that."""
    place: Place | None = None
    """Where it resumes: the innermost line of the user's code, from the moment it was sampled until its next step.

    None while it runs, after it ended, if it was not sampled since its last step, and if the line is unknown.
    """
    stands: TaskStands | None = None
    """All its frames, if they were sampled, for as long as `place`; `place` is None if the line is unknown."""
    progress: Progressed | None = None
    """Its latest report."""
    last_fraction: float | None = None
    """The part of its last wait that was over when it was cut short, from 0 to 1; None if it wasn't, or if unknown."""
    cancel_requested: bool = False
    cancel_requested_by: int | None = None
    """The latest task that asked it to end."""
    first_cancelled_by: int | None = None
    """The first task that asked it to end."""
    cancelled_in: tuple[Wait, float] | None = None
    """The wait that a cancel or a timeout last cut short, and when that wait began."""
    cancelled_for: int | None = None
    """The task whose cancellation was passed on to this one, because it waited for this one."""
    cancelled_with: int | None = None
    """The cancelled task whose cancel also hit the future that this one waited for."""
    raised_of: int | None = None
    """The cancelled task whose CancelledError was raised in this one."""
    given_up: tuple[int, Place | None] | None = None
    """The latest task that waited for this one in shield() and was cancelled, and where."""
    woken_in_step: TaskReady | None = None
    """The event that made it ready again while its own step still ran."""
    detail: str = ""
    """Once ended: the repr of its result, or its exception in one line."""
    tree: tuple[str, ...] = ()
    """The exceptions in that exception, and its causes, drawn as a tree of a few lines."""
    children: list[int] = msgspec.field(default_factory=list)

    @property
    def waited_for(self) -> WaitKind | None:
        """The kind of the wait that ended when it last became ready."""
        return None if self.last_wait is None else self.last_wait.kind

    @property
    def is_suspended(self) -> bool:
        """Whether it is between two of its steps, or before the first: it has a place then."""
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
    """The line of code that an event, a wait or the birth of a task names, if that is known."""
    return (placed.file, placed.line) if placed.line else None


def place_of(task: TaskState | None) -> Place | None:
    """Where a task stands; where it was made if that isn't known."""
    return None if task is None else task.place or place_in(task)


_UNNAMED = "Task-"
"""What asyncio puts before a number."""

COROUTINES_COUNTED = 1_000
"""How many coroutine names are remembered; tasks of further coroutines keep asyncio's names."""


def shown_name(name: str, coroutine: str, counts: dict[str, int]) -> str:
    """Return the name under which a new task is shown: its own, or its coroutine's with a number, such as "work-2".

    asyncio calls a task without a name "Task-12", and counts all tasks of the process. In the app these include the
    app's own, so the same demo would show other names at each run. `counts` has how many tasks were named after each
    coroutine, and takes in the new one.
    """
    if not coroutine or not name.startswith(_UNNAMED) or not name[len(_UNNAMED) :].isdecimal():
        return name
    short = coroutine[coroutine.rfind(".") + 1 :]
    count = counts.get(short, 0) + 1
    if count == 1 and len(counts) >= COROUTINES_COUNTED:
        return name
    counts[short] = count
    return f"{short}-{count}"
