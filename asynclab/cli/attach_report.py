"""Says what a program that was attached to has: each task, what it waits for, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asynclab.cli.run_report import NOT_SEEN_ON_UVLOOP, UVLOOP
from asynclab.model.frames import file_name
from asynclab.model.state import LabState
from asynclab.model.tasks import TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import duration, plural
from asynclab.model.wording.wait import NOT_RECORDED, plain_wait
from asynclab.remote.observed_program import ObservedProgram

LISTED = 200
"""How many tasks of a loop are listed."""

NAME_WIDTH = 16
"""Cells for a task's name; a longer one takes more."""

UNKNOWN = (
    "Not known from before: who created these tasks and where, since when they wait,",
    "and who holds a lock that was not taken with `async with`.",
)


def picture(program: ObservedProgram) -> Iterator[str]:
    """All of it, a line at a time."""
    started = program.started
    if started is None:
        yield "The program said nothing of itself."
        return
    yield f"Attached to {one_line(started.name)} (process {started.pid}, Python {started.python})."
    for loop in program.loops.values():
        pending = [task for task in loop.state.tasks.values() if not task.has_ended]
        yield f"loop {loop.number} ({one_line(loop.kind)}): {plural(len(pending), 'task')}"
        if loop.kind == UVLOOP:
            yield f"    Not seen: {NOT_SEEN_ON_UVLOOP}."
        yield from (_line(task, loop.state) for task in pending[:LISTED])
        if len(pending) > LISTED:
            yield f"    and {len(pending) - LISTED:,} more"
    for unobserved in program.unobserved:
        yield f"A loop ({one_line(unobserved.kind)}) is not observed: {one_line(unobserved.why)}."
    if not program.loops and not program.unobserved:
        yield "It has no asyncio loop now; one that it makes will be observed."
    elif any(task.found for loop in program.loops.values() for task in loop.state.tasks.values()):
        yield from UNKNOWN


def as_json(program: ObservedProgram) -> dict[str, Any]:
    """The same for programs."""
    started = program.started
    return {
        "name": None if started is None else started.name,
        "pid": None if started is None else started.pid,
        "python": None if started is None else started.python,
        "loops": [
            {
                "loop": loop.number,
                "kind": loop.kind,
                "tasks": [_json(task, loop.state) for task in loop.state.tasks.values() if not task.has_ended],
            }
            for loop in program.loops.values()
        ],
        "unobserved": [{"kind": loop.kind, "why": loop.why} for loop in program.unobserved],
    }


def _line(task: TaskState, state: LabState) -> str:
    where = "" if task.place is None else f"{one_line(file_name(task.place[0]))}:{task.place[1]}"
    parts = (f"    {state.task_name(task.id):<{NAME_WIDTH}}", _standing(task, state), where, _since(task, state))
    return "  ".join(filter(None, parts)).rstrip()


def _standing(task: TaskState, state: LabState) -> str:
    if task.state != "waiting":
        return f"is {task.state}"
    return NOT_RECORDED if task.waits_for is None else plain_wait(task.waits_for, state)[0]


def _since(task: TaskState, state: LabState) -> str:
    return "" if _is_from_before(task) else f"for {duration(max(0.0, state.now - task.since))}"


def _is_from_before(task: TaskState) -> bool:
    return task.found and task.since <= task.created_at


def _json(task: TaskState, state: LabState) -> dict[str, Any]:
    wait = task.waits_for
    file, line = task.place or (None, None)
    return {
        "task": state.task_name(task.id),
        "coroutine": task.coroutine,
        "state": task.state,
        "wait": _standing(task, state) if task.state == "waiting" else None,
        "waits_for_tasks": [] if wait is None else [state.task_name(number) for number in wait.tasks],
        "seconds": None if _is_from_before(task) else round(max(0.0, state.now - task.since), 6),
        "file": file,
        "line": line,
    }
