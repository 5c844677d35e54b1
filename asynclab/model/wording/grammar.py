"""Lists, names and full stops for all sentences, and the longest text that fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from asynclab.model.state import LabState
from asynclab.model.text import cell_width
from asynclab.model.wording.quantities import plural

NAMES_LISTED = 5
"""How many tasks are named before the rest are counted."""


def listed(parts: Iterable[str]) -> str:
    """The parts that aren't empty: "a", "a and b", "a, b and c"."""
    *first, last = [part for part in parts if part] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def joined(*clauses: str) -> str:
    """The clauses that aren't empty, with semicolons between them."""
    return "; ".join(filter(None, clauses))


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def names_of(tasks: Sequence[int], state: LabState, most: int = NAMES_LISTED) -> str:
    """The names of tasks, only the first of many: "a, b", "a, b, c, d, e and 7 more"."""
    names = ", ".join(state.task_name(task) for task in tasks[:most])
    more = len(tasks) - most
    return f"{names} and {more:,} more" if more > 0 else names


def label_of(primitive: int, state: LabState) -> str:
    """The label of a primitive by its id, such as "lock#1"; "a primitive" if it is no longer kept."""
    known = state.primitives.get(primitive)
    return "a primitive" if known is None else known.label


def quoted(state: LabState, task: int | None) -> str:
    """A task's name in quotes; other code is "a callback"."""
    return "a callback" if task is None else f"'{state.task_name(task)}'"


def named(state: LabState, tasks: Iterable[int | None]) -> str:
    """The names of some tasks in quotes, only the first of many: "'a' and 'b'", "'a', … 'e' and 7 more"."""
    numbers = list(tasks)
    more = len(numbers) - NAMES_LISTED
    named = [quoted(state, number) for number in numbers[:NAMES_LISTED]]
    return listed([*named, f"{more:,} more" if more > 0 else ""])


def each_does(state: LabState, deeds: Iterable[tuple[int, str]]) -> list[str]:
    """What some tasks do, a clause each: what several do is said once, and how many tasks more there are."""
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
    """A verb in the number of its subject: "waits" for one task, "wait" for several."""
    return f"{verb}s" if count == 1 else verb


Forms: TypeAlias = tuple[str, ...]
"""At least one text, the longest first. All are clean."""


def fitting(forms: Forms, width: int) -> str:
    """The first form that fits into `width` cells, or else the last."""
    return next((text for text in forms if cell_width(text) <= width), forms[-1])
