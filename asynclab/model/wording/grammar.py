"""Lists, names, places and full stops for all sentences, and the longest text that fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from asynclab.model.frames import file_name
from asynclab.model.state import LabState
from asynclab.model.text import cell_width

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


def place(file: str, line: int, home: str = "") -> str:
    """A line of code in brackets, such as " (cafe.py line 3)"; empty for line 0. The reader expects the file `home`."""
    if not line:
        return ""
    return f" (line {line})" if file == home or not file else f" ({file_name(file)} line {line})"


Forms: TypeAlias = tuple[str, ...]
"""At least one text, the longest first. All are clean."""


def fitting(forms: Forms, width: int) -> str:
    """The first form that fits into `width` cells, or else the last."""
    return next((text for text in forms if cell_width(text) <= width), forms[-1])
