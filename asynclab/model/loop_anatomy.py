"""Lists the work of the event loop: the running task, the ready queue, the timers, and waits for I/O or threads."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import TypeAlias

from asynclab.model.events import CallScheduled, WaitKind
from asynclab.model.resources import TimeoutState
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.deed import timeout_text
from asynclab.model.wording.quantities import length

OUTSIDE: frozenset[WaitKind] = frozenset({"stream", "socket", "process", "thread", "library"})
"""The kinds of waits that something outside the loop ends."""

Timer: TypeAlias = TimeoutState | CallScheduled | TaskState
"""Something with a known deadline: a timeout, a scheduled callback, or a task whose wait has a deadline."""

NAME_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Due:
    """A timer of the loop, ready to show."""

    at: float
    """When it is due, in lab seconds."""
    started_at: float
    """When it was scheduled, in lab seconds."""
    what: str
    """Its text, such as "sleep 2.00 s", "timeout of 4.00 s", "calls Future.set_result", "3 timers of aiohttp"."""
    task: int | None


@dataclass(frozen=True, slots=True)
class LoopParts:
    """The parts of a lab's event loop at one moment. Each list is limited; the counts are complete."""

    running: int | None = None
    ready: tuple[int, ...] = ()
    """The first ready tasks, the next one to run first."""
    ready_count: int = 0
    timers: tuple[Due, ...] = ()
    """The next timers, earliest first."""
    timer_count: int = 0
    outside: tuple[int, ...] = ()
    """The first tasks that wait for I/O, a thread or a process, oldest first."""
    outside_count: int = 0


def loop_parts(state: LabState, most: int) -> LoopParts:
    """The parts of a lab's loop. Each list has at most `most` entries."""
    if state.outcome is not None:
        return LoopParts()
    dues = list(_pending(state))
    timers = heapq.nsmallest(most, dues, key=itemgetter(0))
    outside = [task.id for task in state.tasks.values() if _waits_for_outside(task)]
    return LoopParts(
        state.running,
        tuple(islice(state.ready_queue, most)),
        len(state.ready_queue),
        tuple(_due_of(at, timer, count, state) for at, timer, count in timers),
        sum(count for _, _, count in dues),
        tuple(outside[:most]),
        len(outside),
    )


def _pending(state: LabState) -> Iterator[tuple[float, Timer, int]]:
    """All pending timers: due time, timer, and count. The timers of one library for one task are one entry.

    There may be thousands, so this doesn't describe them yet.
    """
    for timeout in state.timeouts.values():
        if timeout.outcome == "running" and timeout.deadline is not None:
            yield timeout.deadline, timeout, 1
    of_libraries = defaultdict(list)
    for call in state.calls.values():
        if call.deadline is not None and call.library:
            of_libraries[call.library, _live_task(call, state)].append((call.deadline, call.call))
        elif call.deadline is not None:
            yield call.deadline, call, 1
    for calls in of_libraries.values():
        at, call_number = min(calls)
        yield at, state.calls[call_number], len(calls)
    for task in state.tasks.values():
        if task.waits_for is not None and task.waits_for.deadline is not None:
            yield task.waits_for.deadline, task, 1


def _due_of(at: float, timer: Timer, count: int, state: LabState) -> Due:
    if isinstance(timer, TimeoutState):
        return Due(at, timer.started_at, timeout_text(timer.length, timer.library), timer.task)
    if isinstance(timer, CallScheduled):
        if not timer.library:
            return Due(at, timer.at, f"calls {one_line(timer.name, NAME_LIMIT)}", timer.task)
        what = "a timer" if count == 1 else f"{count:,} timers"
        return Due(at, timer.at, f"{what} of {one_line(timer.library, NAME_LIMIT)}", _live_task(timer, state))
    wait = timer.waits_for
    assert wait is not None
    seconds = at - timer.since if wait.seconds is None else wait.seconds
    return Due(at, at - seconds, f"{wait.kind} {length(seconds)}", timer.id)


def _live_task(call: CallScheduled, state: LabState) -> int | None:
    """The task that scheduled a library's callback, unless it has ended."""
    task = state.task(call.task)
    return None if task is None or task.has_ended else task.id


def _waits_for_outside(task: TaskState) -> bool:
    return task.waits_for is not None and task.waits_for.kind in OUTSIDE
