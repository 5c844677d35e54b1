"""Says what a program that was attached to has: each task, what it waits for, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asynclab.findings.stuck_report import stuck_json, stuck_lines
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import plural
from asynclab.remote.observed_program import ObservedProgram

UNKNOWN = (
    "Not known from before: who created these tasks and where, since when they wait,",
    "and who holds a lock that was not taken with `async with`.",
)


def picture(program: ObservedProgram) -> Iterator[str]:
    """All of it, a line at a time."""
    started = program.started
    if started is None:
        yield "The program did not say what it is."
        return
    yield f"Attached to {one_line(started.name)} (process {started.pid}, Python {started.python})."
    for loop in program.loops.values():
        pending = [task for task in loop.state.tasks.values() if not task.has_ended]
        yield f"loop {loop.number} ({one_line(loop.kind)}): {plural(len(pending), 'task')}"
        if loop.not_seen:
            yield f"    Not seen: {loop.not_seen}."
        yield from stuck_lines(loop.state, program.now)
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
            {"loop": loop.number, "kind": loop.kind, **stuck_json(loop.state, program.now)}
            for loop in program.loops.values()
        ],
        "unobserved": [{"kind": loop.kind, "why": loop.why} for loop in program.unobserved],
    }
