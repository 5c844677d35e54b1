"""Reports why a loop makes no progress: what each pending task waits for, who holds it, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asynclab.findings.deadlocks import find_cycles, find_joins
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState, place_in
from asynclab.model.wording.full_wait import doing
from asynclab.model.wording.grammar import quoted, sentence
from asynclab.model.wording.places import in_brackets, line_of, origin
from asynclab.model.wording.quantities import duration, plural
from asynclab.model.wording.wait import waited_tasks

LISTED = 200
"""The most lines that list the tasks of a loop; tasks with the same wait share one line."""

NAME_WIDTH = 16
"""The width of the column for task names, in cells; a longer name takes more."""

_WAKERS = (("io", "I/O"), ("threads", "a thread"), ("processes", "a process"), ("signals", "a signal"))


@dataclass(frozen=True, slots=True)
class Standstill:
    """Why a loop makes no progress."""

    kind: str
    """One of blocked, deadlock, nothing-can-wake, outside, timers, and none."""
    text: str


def standstill(state: LabState, now: float) -> Standstill:
    """The kind of a loop's standstill at time `now`, in lab seconds, with one line of text."""
    if state.is_blocking and state.blocked is not None:
        who = quoted(state, state.blocked.task)
        return Standstill("blocked", f"The loop is blocked in {who}{in_brackets(place_in(state.blocked))}.")
    for finding in (*find_cycles(state), *(find_joins(state))):
        return Standstill("deadlock", f"{finding.line}.")
    if state.is_stuck:
        return Standstill("nothing-can-wake", "All tasks wait, and nothing can wake any of them.")
    if state.outcome is not None:
        return Standstill("none", "No standstill: the run has ended.")
    told = state.outside
    if told is None or not state.is_idle:
        return Standstill("none", _at_work(state))
    if state.is_at_rest:
        return Standstill("outside", "All tasks wait; only ctrl+c can wake one.")
    wakers = [words for name, words in _WAKERS if getattr(told, name)]
    if wakers:
        return Standstill("outside", f"All tasks wait; {' or '.join(wakers)} can wake them.")
    due = _next_deadline(state)
    when = "" if due is None else f"; the next is due in {duration(max(0.0, due - now))}"
    return Standstill("timers", f"All tasks wait, and only timers can wake them{when}.")


def _at_work(state: LabState) -> str:
    """Says why a loop that isn't known to be idle has no standstill."""
    count = state.counts["ready"]
    busy = "" if not count else f"{plural(count, 'task')} {'is' if count == 1 else 'are'} ready"
    if state.running is not None:
        busy = f"{quoted(state, state.running)} is running"
    if state.clock.paused:
        return sentence(f"the run is paused{busy and f': {busy}'}")
    return sentence(f"no standstill: {busy or 'the loop was at work just before'}")


def stuck_lines(state: LabState, now: float) -> Iterator[str]:
    """The report of one loop: a line for each task, or for each group of tasks with the same wait.

    Args:
        state: The state of the loop.
        now: The time of the program's latest heartbeat, in lab seconds: a loop without progress has no later event.
    """
    yield standstill(state, now).text
    timeouts = _timeouts(state)
    groups: dict[tuple[str, str, str], list[TaskState]] = {}
    for task in _pending(state):
        groups.setdefault((task.coroutine, doing(task, state), _where(task)), []).append(task)
    for (_, does, where), tasks in list(groups.items())[:LISTED]:
        more = f"(and {len(tasks) - 1:,} like it)" if len(tasks) > 1 else ""
        first = min(tasks, key=lambda task: task.since)
        due = timeouts.get(first.id)
        times_out = "" if due is None else f"times out in {duration(max(0.0, due - now))}"
        parts = (f"    {state.task_name(first.id):<{NAME_WIDTH}}", does, where, _since(first, now), times_out, more)
        yield "  ".join(filter(None, parts)).rstrip()
    left = sum(map(len, list(groups.values())[LISTED:]))
    if left:
        yield f"    and {plural(left, 'more task')}"


def stuck_json(state: LabState, now: float) -> dict[str, Any]:
    """The same report for programs, with all tasks."""
    found = standstill(state, now)
    return {
        "standstill": {"kind": found.kind, "text": found.text},
        "tasks": [_json(task, state, now) for task in _pending(state)],
    }


def _pending(state: LabState) -> list[TaskState]:
    return [task for task in state.tasks.values() if not task.has_ended]


def _next_deadline(state: LabState) -> float | None:
    waits = (task.waits_for for task in _pending(state))
    deadlines = [wait.deadline for wait in waits if wait is not None and wait.deadline is not None]
    return min([*deadlines, *_timeouts(state).values()], default=None)


def _timeouts(state: LabState) -> dict[int, float]:
    """When the next timeout around each task expires, in lab seconds, by task."""
    found: dict[int, float] = {}
    for each in state.timeouts.values():
        if each.outcome == "running" and each.task is not None and each.deadline is not None:
            found[each.task] = min(each.deadline, found.get(each.task, each.deadline))
    return found


def _where(task: TaskState) -> str:
    """The line at which a task is; if it runs no code of the program, the line where it was made."""
    return origin(task) if task.place is None else line_of(task.place)


def _since(task: TaskState, now: float) -> str:
    return "" if _is_from_before(task) else f"for {duration(max(0.0, now - task.since))}"


def _is_from_before(task: TaskState) -> bool:
    return task.found and task.since <= task.created_at


def _json(task: TaskState, state: LabState, now: float) -> dict[str, Any]:
    wait = task.waits_for
    file, line = task.place or (None, None)
    return {
        "task": state.task_name(task.id),
        "coroutine": task.coroutine,
        "state": task.state,
        "wait": doing(task, state) if task.state == "waiting" else None,
        "waits_for_tasks": [] if wait is None else [state.task_name(number) for number in waited_tasks(wait, state)],
        "seconds": None if _is_from_before(task) else round(max(0.0, now - task.since), 6),
        "file": file,
        "line": line,
    }
