"""Builds lists, lists of task names, and sentences; chooses the longest form of a text that fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from asynclab.model.state import LabState
from asynclab.model.text import cell_width
from asynclab.model.wording.quantities import plural

NAMES_LISTED = 5
"""The most tasks that are named; further ones are only counted."""


def listed(parts: Iterable[str]) -> str:
    """The non-empty parts as a list: "a", "a and b", "a, b and c"."""
    *first, last = [part for part in parts if part] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def joined(*clauses: str) -> str:
    """The non-empty clauses, joined by semicolons."""
    return "; ".join(filter(None, clauses))


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def names_of(tasks: Sequence[int], state: LabState, most: int = NAMES_LISTED) -> str:
    """The names of the first `most` tasks, and the number of the others: "a, b", "a, b, c, d, e and 7 more"."""
    names = ", ".join(state.task_name(task) for task in tasks[:most])
    more = len(tasks) - most
    return f"{names} and {more:,} more" if more > 0 else names


def label_of(primitive: int, state: LabState) -> str:
    """The label of a primitive, by its number, such as "lock#1"; "a primitive" if it is no longer kept."""
    known = state.primitives.get(primitive)
    return "a primitive" if known is None else known.label


def quoted(state: LabState, task: int | None) -> str:
    """A task's name in quotes; "a callback" for None."""
    return "a callback" if task is None else f"'{state.task_name(task)}'"


def named(state: LabState, tasks: Iterable[int | None]) -> str:
    """The names of the first tasks in quotes, and the number of the others: "'a' and 'b'", "'a', … 'e' and 7 more"."""
    numbers = list(tasks)
    more = len(numbers) - NAMES_LISTED
    named = [quoted(state, number) for number in numbers[:NAMES_LISTED]]
    return listed([*named, f"{more:,} more" if more > 0 else ""])


def each_does(state: LabState, deeds: Iterable[tuple[int, str]]) -> list[str]:
    """A clause for each task: what it does. Tasks that do the same share one, with the first name and the count."""
    groups: dict[str, list[int]] = {}
    for task, does in deeds:
        groups.setdefault(does, []).append(task)
    said = [
        f"{quoted(state, tasks[0])} {does}" + (f", and {len(tasks) - 1:,} like it" if len(tasks) > 1 else "")
        for does, tasks in list(groups.items())[:NAMES_LISTED]
    ]
    left = sum(map(len, list(groups.values())[NAMES_LISTED:]))
    return [*said, f"{plural(left, 'task')} more"] if left else said


def agreeing(verb: str, count: int) -> str:
    """A verb that agrees with a number of tasks: "waits" for one task, "wait" for several."""
    return f"{verb}s" if count == 1 else verb


Forms: TypeAlias = tuple[str, ...]
"""A text and shorter forms of it, the longest first; at least one. All are clean."""


def fitting(forms: Forms, width: int) -> str:
    """The first form that fits into `width` cells; the last form if none fits."""
    return next((text for text in forms if cell_width(text) <= width), forms[-1])
