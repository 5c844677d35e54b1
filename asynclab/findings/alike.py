"""Groups similar findings: those of one rule at one place are one bug, however many tasks have it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from asynclab.findings.rule import Finding
from asynclab.model.incidents import ALIKE_KEPT

AnyFound = TypeVar("AnyFound")


def likeness(finding: Finding) -> Hashable:
    """Equal for similar findings; a finding without a place is similar only to findings with the same text."""
    return finding.rule, finding.certainty, finding.place or finding.text


def gathered(found: Iterable[AnyFound], alike: Callable[[AnyFound], Hashable]) -> list[tuple[AnyFound, int]]:
    """The first of each group of similar findings, in order, and how many others there are."""
    groups: dict[Hashable, list[AnyFound]] = {}
    for each in found:
        groups.setdefault(alike(each), []).append(each)
    return [(group[0], len(group) - 1) for group in groups.values()]


def with_others(line: str, others: int) -> str:
    """A finding's line, with the number of similar findings."""
    at_least = "at least " if others + 1 >= ALIKE_KEPT else ""
    return f"{line}; {at_least}{others:,} more like it" if others else line
