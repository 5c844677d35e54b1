"""Words that several rules use: names of tasks, lines of code, moments."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from asynclab.findings.alike import gathered
from asynclab.model.events import ThreadStands
from asynclab.model.frames import file_name
from asynclab.model.state import LabState
from asynclab.model.tasks import Place, TaskState
from asynclab.model.text import one_line
from asynclab.model.wording.quantities import measured, plural

NAMED = 6
"""How many tasks a sentence names."""


def line_of(place: Place | None) -> str:
    """A place as "app.py:7"; empty where it is unknown."""
    return "" if place is None else f"{one_line(file_name(place[0]))}:{place[1]}"


def in_brackets(place: Place | None) -> str:
    """The same as " (app.py:7)"."""
    return "" if place is None else f" ({line_of(place)})"


def at_line(place: Place | None) -> str:
    """The same as " at app.py:7"."""
    return "" if place is None else f" at {line_of(place)}"


def quoted(state: LabState, task: int | None) -> str:
    """A task's name in quotes."""
    return "a callback" if task is None else f"'{state.task_name(task)}'"


def listed(state: LabState, tasks: Iterable[int]) -> str:
    """The names of some tasks, and how many more there are."""
    numbers = list(tasks)
    more = [f"{len(numbers) - NAMED:,} more"] if len(numbers) > NAMED else []
    names = [quoted(state, number) for number in numbers[:NAMED]] + more
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def listed_deeds(state: LabState, deeds: Iterable[tuple[int, str]]) -> list[str]:
    """What some tasks do: what several do is said once, and how many tasks more there are."""
    groups = gathered(deeds, itemgetter(1))
    said = [
        f"{quoted(state, task)} {does}" + (f", and {others:,} like it" if others else "")
        for (task, does), others in groups[:NAMED]
    ]
    left = sum(1 + others for _, others in groups[NAMED:])
    return [*said, f"{plural(left, 'task')} more"] if left else said


def how_ended(task: TaskState | None) -> str:
    """The end of a task, such as "failed at 0.200 s with ValueError: no"."""
    if task is None or task.ended_at is None:
        return "has ended"
    detail = f" with {one_line(task.detail)}" if task.state == "failed" and task.detail else ""
    verb = {"done": "ended", "failed": "failed", "cancelled": "was cancelled"}[task.state]
    return f"{verb} at {measured(task.ended_at)}{detail}"


def made_at(task: TaskState | None) -> str:
    """Where a task was made: " (made at app.py:7)"."""
    return "" if task is None or not task.line else f" (made at {line_of((task.file, task.line))})"


def thread_told(thread: ThreadStands) -> str:
    """What a thread is in: "thread 'asyncio_0' waits in Queue.get of read (app.py:7)"."""
    within = f" waits in {one_line(thread.waits_in)}" if thread.waits_in else ""
    called = f" {'of' if within else 'is in'} {one_line(thread.function)}" if thread.function else ""
    place = (thread.file, thread.line) if thread.line else None
    return f"thread '{one_line(thread.name)}'{within}{called}{in_brackets(place)}"
